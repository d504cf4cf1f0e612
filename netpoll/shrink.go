//go:build !windows

package netpoll

// peak is the largest number of entries that a map has had since it was made:
// a map keeps the memory of so many.
type peak int

const (
	shrinkFrom = 1024 // smaller maps stay as they are
	shrinkAt   = 16   // one in so many is left
)

// remove deletes k from *m, and makes the map anew when few are left of many, so
// that what a crowd took is given back. It costs what the deletions before did
// not, and a sixteenth of them at most.
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
