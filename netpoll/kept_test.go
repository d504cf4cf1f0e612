//go:build !windows

package netpoll

import "testing"

// These tests hold what stays in memory after a burst: every scratch has a size up to which it is kept.

func TestBatchOfABurstIsGivenBack(t *testing.T) {
	for ops, kept := range map[int]bool{1000: true, 100_000: false} {
		var b Batch
		for range ops {
			b.Publish("room", text("x"))
		}
		b.reset()
		if b.Len() != 0 || b.bytes != 0 || b.publishes || (cap(b.ops) > 0) != kept {
			t.Errorf("after %d operations: %d left, %d bytes, room for %d", ops, b.Len(), b.bytes, cap(b.ops))
		}
		for _, o := range b.ops[:cap(b.ops)] {
			if o.buf != nil {
				t.Fatal("a message is still referred to")
			}
		}
	}
}

func TestPagesOfABurstAreGivenBack(t *testing.T) {
	var w wheel
	conns := make([]Conn, 2*sparePages*pageSize)
	for round := range 3 {
		for i := range conns {
			conns[i].fd, conns[i].timer = int32(i), 0
			w.schedule(&conns[i], w.now+1)
		}
		n := 0
		for range w.advance() {
			n++
		}
		spare := 0
		for p := w.spare; p != nil; p = p.next {
			spare++
		}
		if n != len(conns) || spare != sparePages || w.kept != spare {
			t.Errorf("round %d: %d entries came up, %d pages are kept (counted %d)", round, n, spare, w.kept)
		}
	}
}

func TestPlacesOfLeaversAreGivenBack(t *testing.T) {
	var s fdset
	for fd := range 10_000 {
		s.add(fd)
	}
	for fd := range 9_990 {
		s.kill(s.find(fd, false))
	}
	s.tidy()
	if s.len() != 10 || len(s.fds) != 10 || cap(s.fds) > 64 {
		t.Errorf("%d members in %d places, room for %d", s.len(), len(s.fds), cap(s.fds))
	}
}
