package room

// Go's maps do not shrink: a map keeps memory for as many entries as it once
// had. (netpoll has the same functions; neither package may import the other.)

// peak is the largest number of entries that a map has had since it was made.
type peak int

const (
	shrinkFrom = 1024 // a map with a smaller peak is left alone
	shrinkAt   = 16   // a map is copied when one entry in so many is left
)

// deleteShrinking deletes k from *m. When few entries of many are left it
// replaces the map by a copy, which returns the memory to the heap. A copy moves
// at most one entry for 15 deletions before it.
func deleteShrinking[K comparable, V any](m *map[K]V, p *peak, k K) {
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
