//go:build !windows

package netpoll

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// roomOf starts s with so many connections, all members of "room".
func roomOf(t *testing.T, s *Server, members int) (peers []net.Conn) {
	t.Helper()
	s.Loops, s.Endpoints = 1, []Endpoint{{MaxBacklog: 1 << 30, PingInterval: -1, OnOpen: func(c *Conn) { c.Subscribe("room") }}}
	start(t, s)
	for range members {
		peers = append(peers, raw(t, s, "/", ""))
	}
	eventually(t, "all are members", func() (all bool) {
		done := make(chan struct{})
		s.Loop(0).Do(func() {
			defer close(done)
			r := s.Loop(0).fanout.topics["room"]
			all = r != nil && r.members() == members
		})
		<-done
		return all
	})
	return peers
}

// broadcastAll publishes to "room" and steps the broadcast as the loop does, turn by turn. It returns how many members each
// turn reached.
func broadcastAll(s *Server, messages ...*Buffer) (reached []int) {
	done := make(chan struct{})
	l := s.Loop(0)
	l.Do(func() {
		defer close(done)
		for _, b := range messages {
			l.fanout.publish("room", b, s.engine.clock())
		}
		past := 0
		for more := true; more; {
			more = l.fanout.step()
			w, members := &l.fanout.topics["room"].current, l.fanout.topics["room"].lists[listPlain].len()
			at := w.pos
			if !w.active || w.list > listPlain {
				at = members
			}
			reached = append(reached, at-past)
			past = at
		}
	})
	<-done
	return reached
}

// TestBroadcastRunsInSlices: a broadcast to many members makes no more sends in one turn than a slice has, so that the loop
// reads its sockets in between.
func TestBroadcastRunsInSlices(t *testing.T) {
	const members, slice = 50, 8
	s := &Server{engine: engine{sliceSends: slice}}
	peers := roomOf(t, s, members)
	for _, messages := range [][]*Buffer{{text("one")}, {text("one"), text("two")}} {
		reached := broadcastAll(s, messages...)
		if len(reached) < members/slice {
			t.Errorf("%d members are reached in %d turns: %v", members, len(reached), reached)
		}
		for _, n := range reached {
			if n > slice {
				t.Errorf("a turn reached %d members, a slice is %d", n, slice)
			}
		}
		for _, c := range peers {
			if got := strings.Join(texts(t, c, len(messages)), " "); got != "one" && got != "one two" {
				t.Fatalf("a member got %q", got)
			}
		}
	}
}

// TestSliceBoundedBySendsAndTime: a slice ends by the number of sends, and by the clock, which is read every sendsCheck
// sends.
func TestSliceBoundedBySendsAndTime(t *testing.T) {
	count := func(b budget) (n int) {
		for n = 1; b.spend() && n < 10*defaultSliceSends; n++ {
		}
		return n
	}
	if n := count(budget{sends: 100, start: time.Now().Add(time.Hour)}); n != 100 {
		t.Errorf("a slice of 100 sends has %d", n)
	}
	if n := count(budget{sends: defaultSliceSends, start: time.Now().Add(-2 * sliceTime)}); n > sendsCheck {
		t.Errorf("a slice whose time is over has %d sends more", n)
	}
}

// TestSecondTopicWaitsWhenSliceIsUsedUp: two topics have something pending, and the first one uses up the slice.
func TestSecondTopicWaitsWhenSliceIsUsedUp(t *testing.T) {
	const members, slice = 8, 8
	s := &Server{engine: engine{sliceSends: slice}}
	peers := roomOf(t, s, members)
	l, done := s.Loop(0), make(chan struct{})
	var sends []int64
	l.Do(func() {
		defer close(done)
		s.engine.slab.each(l, func(c *Conn) { c.Subscribe("other") })
		l.fanout.publish("room", text("one"), s.engine.clock())
		l.fanout.publish("other", text("two"), s.engine.clock())
		for more := true; more; {
			before := l.counters.bytesOut.Load()
			more = l.fanout.step()
			sends = append(sends, (l.counters.bytesOut.Load()-before)/int64(len(text("one").bytes)))
		}
	})
	<-done
	if len(sends) != 2 || sends[0] != members || sends[1] != members {
		t.Errorf("turns of %v sends, want two of %d", sends, members)
	}
	for _, c := range peers {
		texts(t, c, 2)
	}
}

// TestScratchOfABurstIsFreed: a loop keeps the scratch of a broadcast for the next one, but not that of a burst.
func TestScratchOfABurstIsFreed(t *testing.T) {
	s := &Server{}
	peers := roomOf(t, s, 2)
	kept := func() (bytes, messages int) {
		done := make(chan struct{})
		s.Loop(0).Do(func() {
			defer close(done)
			for _, b := range s.Loop(0).fanout.scratch {
				bytes += cap(b)
			}
			messages = cap(s.Loop(0).fanout.topics["room"].pending)
		})
		<-done
		return bytes, messages
	}
	broadcastAll(s, text("one"), text("two"))
	if bytes, messages := kept(); bytes == 0 || messages == 0 {
		t.Errorf("of the scratch of an ordinary broadcast %d bytes and %d messages are kept", bytes, messages)
	}
	for _, c := range peers {
		texts(t, c, 2)
	}
	const burst, size = 4 * pendingKept, 2 * scratchKept / pendingKept
	var all sync.WaitGroup
	for _, c := range peers {
		all.Go(func() {
			if n, err := io.CopyN(io.Discard, c, burst*(size+4)); err != nil {
				t.Errorf("a member got %d bytes: %v", n, err)
			}
		})
	}
	broadcastAll(s, slices.Repeat([]*Buffer{NewBuffer(frame.OpText, make([]byte, size))}, burst)...)
	if bytes, messages := kept(); bytes > scratchKept || messages > pendingKept {
		t.Errorf("%d bytes and %d messages are kept after a burst, want at most %d and %d", bytes, messages, scratchKept, pendingKept)
	}
	all.Wait()
}
