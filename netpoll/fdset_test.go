//go:build !windows

package netpoll

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFDSet compares random additions, removals and tidies with a map, and checks that no addition or removal moves
// another member.
func TestFDSet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var s fdset
		model := map[int32]bool{}
		for range 3000 {
			fd := rnd.Int32N(500)
			frozen := rnd.IntN(2) == 0
			i := s.find(int(fd), frozen)
			if (i >= 0) != model[fd] {
				t.Fatalf("find(%d) = %d, member: %v", fd, i, model[fd])
			}
			switch {
			case i >= 0:
				s.kill(i)
				delete(model, fd)
			case rnd.IntN(3) > 0:
				s.add(int(fd))
				model[fd] = true
			}
			if rnd.IntN(700) == 0 {
				s.tidy()
				if !slices.IsSorted(s.fds) || s.dead != 0 {
					t.Fatal("tidy left disorder")
				}
			}
			if s.len() != len(model) {
				t.Fatalf("len %d, want %d", s.len(), len(model))
			}
		}
	}
}
