//go:build !windows

package netpoll

import (
	"slices"
	"testing"
)

// TestOutdatedWheelEntriesAreIgnored has one entry expire for a connection that is still there, and others that are
// outdated.
func TestOutdatedWheelEntriesAreIgnored(t *testing.T) {
	s := &Server{engine: engine{slab: newSlab(chunkSize)}}
	mine, other := &Loop{engine: &s.engine, index: 0}, &Loop{server: s, index: 1}
	adopt := func(l *Loop, fd int) *Conn {
		c := s.engine.slab.slot(fd)
		c.loop, c.fd, c.timer = l, int32(fd), 0
		c.owner.Store(uint64(makeOwner(owner(c.owner.Load()).gen()+1, l.index)))
		return c
	}
	const at = 5
	kept, moved, reused, earlier := adopt(mine, 10), adopt(mine, 11), adopt(mine, 12), adopt(mine, 13)
	for _, c := range []*Conn{kept, moved, reused, earlier} {
		mine.wheel.schedule(c, at)
	}
	adopt(other, 11)
	mine.wheel.schedule(adopt(mine, 12), at+1)
	mine.wheel.schedule(earlier, at-1)

	var came []int32
	for mine.wheel.now < at+1 {
		for fd := range mine.wheel.advance() {
			if mine.expired(fd) != nil {
				came = append(came, fd, int32(mine.wheel.now))
			}
		}
	}
	if want := []int32{13, at - 1, 10, at, 12, at + 1}; !slices.Equal(came, want) {
		t.Errorf("descriptors and ticks %v, want %v", came, want)
	}
}

// TestConnectionIsScheduledOncePerTick: two connections that had the same descriptor are due at the same tick, and only
// the second is still there.
func TestConnectionIsScheduledOncePerTick(t *testing.T) {
	l := &Loop{engine: &engine{slab: newSlab(chunkSize)}}
	c := l.engine.slab.slot(7)
	c.fd = 7
	c.owner.Store(uint64(makeOwner(1, 0)))
	l.wheel.schedule(c, 3)
	c.timer = 0 // closed; the descriptor is handed out again
	l.wheel.schedule(c, 3)
	looked := 0
	for l.wheel.now < 3 {
		for fd := range l.wheel.advance() {
			if l.expired(fd) != nil {
				looked++
			}
		}
	}
	if looked != 1 {
		t.Errorf("looked at %d times", looked)
	}
}

// TestWheelPagesAreUsedAgain turns a full wheel round a few times, with every entry scheduled for a later tick again:
// none is lost or expires twice, and after the first turn no page is allocated.
func TestWheelPagesAreUsedAgain(t *testing.T) {
	const every, turns = 20, 4
	const conns = 3 * pageSize * every / 2
	l := &Loop{engine: &engine{slab: newSlab(4 * conns)}}
	w := &l.wheel
	for fd := range conns {
		c := l.engine.slab.slot(fd)
		c.fd = int32(fd)
		c.owner.Store(uint64(makeOwner(1, 0)))
		w.schedule(c, uint32(fd%every)+1)
	}
	came := make([]int, conns)
	turn := func() {
		for range every {
			for fd := range w.advance() {
				if c := l.expired(fd); c != nil {
					came[fd]++
					w.schedule(c, w.now+every)
				}
			}
		}
	}
	turn()
	if n := testing.AllocsPerRun(turns-2, turn); n > 0 { // and one more to warm up
		t.Errorf("%v allocations in a turn", n)
	}
	for fd, n := range came {
		if n != turns {
			t.Fatalf("connection %d came up %d times in %d turns", fd, n, turns)
		}
	}
}
