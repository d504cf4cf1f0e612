//go:build !windows

package netpoll

import (
	"slices"
	"testing"
)

// TestWheelEntries has one entry come up for a connection that is still there, and others that are nobody's any more.
func TestWheelEntries(t *testing.T) {
	s := &Server{slab: newSlab(chunkSize)}
	mine, other := &Loop{server: s, index: 0}, &Loop{server: s, index: 1}
	adopt := func(l *Loop, fd int) *Conn {
		c := s.slab.slot(fd)
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
		for _, fd := range mine.wheel.advance() {
			if mine.comesUp(fd) != nil {
				came = append(came, fd, int32(mine.wheel.now))
			}
		}
	}
	if want := []int32{13, at - 1, 10, at, 12, at + 1}; !slices.Equal(came, want) {
		t.Errorf("descriptors and ticks %v, want %v", came, want)
	}
}

// TestWheelSameTick: two who had the same descriptor are due at the same tick, and only the second is there.
func TestWheelSameTick(t *testing.T) {
	l := &Loop{server: &Server{slab: newSlab(chunkSize)}}
	c := l.server.slab.slot(7)
	c.fd = 7
	c.owner.Store(uint64(makeOwner(1, 0)))
	l.wheel.schedule(c, 3)
	c.timer = 0 // closed; the descriptor is handed out again
	l.wheel.schedule(c, 3)
	looked := 0
	for l.wheel.now < 3 {
		for _, fd := range l.wheel.advance() {
			if l.comesUp(fd) != nil {
				looked++
			}
		}
	}
	if looked != 1 {
		t.Errorf("looked at %d times", looked)
	}
}
