//go:build !windows

package netpoll

// peak is the largest number of entries that a map has had since it was made:
// a map keeps the memory of so many.
type peak int

const (
	shrinkFrom = 1024 // smaller maps stay as they are
	shrinkAt   = 16   // one in so many is left
)

// remove deletes k from *m. When few entries of many are left it replaces the map by a copy, which gives back the
// memory of the peak. A copy moves at most one entry for 15 deletions before it.
func remove[K comparable, V any](m *map[K]V, p *peak, k K) {
	*p = max(*p, peak(len(*m)))
	delete(*m, k)
	if *p < shrinkFrom || len(*m) > int(*p)/shrinkAt {
		return
	}
	small := make(map[K]V, len(*m))
	for k, v := range *m {
		small[k] = v
	}
	*m, *p = small, peak(len(small))
}
