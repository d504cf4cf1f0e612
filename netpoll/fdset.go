//go:build !windows

package netpoll

import "slices"

// fdset is a flat array of descriptors, in ascending order but for a tail that is sorted
// lazily. A removed member stays as a tombstone until the next tidy: removal never moves
// another member, so it is safe while the array is being countSent.
//
// Order matters: a broadcast in descriptor (accept) order costs a fifth less than in random
// order (DESIGN section 11).
type fdset struct {
	fds    []int32 // a live fd, or ^fd for a tombstone
	sorted int     // fds[:sorted] ascends, tombstones included
	dead   int
}

// maxTail is how long the unsorted tail may grow before a search sorts it.
const maxTail = 1024

func (s *fdset) len() int { return len(s.fds) - s.dead }

func key(v int32) int32 {
	if v < 0 {
		return ^v
	}
	return v
}

// add appends fd, which must not be a live member. It goes behind everything that is there,
// so a walk that has noted its end does not meet it.
func (s *fdset) add(fd int) {
	v := int32(fd)
	if s.sorted == len(s.fds) && (s.sorted == 0 || key(s.fds[s.sorted-1]) < v) {
		s.sorted++
	}
	s.fds = append(s.fds, v)
}

// find returns the index of the live member fd, or -1. With frozen set it leaves the order
// of the array as it is.
func (s *fdset) find(fd int, frozen bool) int {
	if !frozen && len(s.fds)-s.sorted > maxTail {
		s.tidy()
	}
	v := int32(fd)
	i, ok := slices.BinarySearchFunc(s.fds[:s.sorted], v, func(e, v int32) int { return int(key(e)) - int(v) })
	if ok && s.fds[i] == v {
		return i
	}
	for i := s.sorted; i < len(s.fds); i++ {
		if s.fds[i] == v {
			return i
		}
	}
	return -1
}

// kill removes the member at index i.
func (s *fdset) kill(i int) {
	s.fds[i] = ^s.fds[i]
	s.dead++
}

// tidy drops the tombstones and sorts the tail. It must not run during a walk.
func (s *fdset) tidy() {
	if s.dead > 0 {
		s.compact()
	}
	if s.sorted < len(s.fds) {
		slices.Sort(s.fds)
		s.sorted = len(s.fds)
	}
}

func (s *fdset) compact() {
	live, sorted := s.fds[:0], 0
	for i, v := range s.fds {
		if v >= 0 {
			live = append(live, v)
		}
		if i == s.sorted-1 {
			sorted = len(live)
		}
	}
	s.fds, s.sorted, s.dead = live, sorted, 0
	if cap(s.fds) > 64 && len(s.fds) < cap(s.fds)/4 {
		s.fds = slices.Clone(s.fds)
	}
}
