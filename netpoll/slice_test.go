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

// roomOf is a server whose connections are all in "room", with that many of them.
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
			r := s.Loop(0).topics["room"]
			all = r != nil && r.members() == members
		})
		<-done
		return all
	})
	return peers
}

// handOut publishes to "room" and carries out the walk as the loop does, turn by turn. It returns how many members each
// turn reached.
func handOut(s *Server, messages ...*Buffer) (reached []int) {
	done := make(chan struct{})
	l := s.Loop(0)
	l.Do(func() {
		defer close(done)
		for _, b := range messages {
			l.publish("room", b, s.clock())
		}
		past := 0
		for more := true; more; {
			more = l.walkTopics()
			w, members := &l.topics["room"].walk, l.topics["room"].lists[listPlain].len()
			at := w.pos
			if !w.active || w.stage > listPlain {
				at = members
			}
			reached = append(reached, at-past)
			past = at
		}
	})
	<-done
	return reached
}

// TestWalkRunsInSlices: a walk over many members hands out no more sends in one turn than a slice has, so that the loop
// looks at its sockets in between.
func TestWalkRunsInSlices(t *testing.T) {
	const members, slice = 50, 8
	s := &Server{sliceSends: slice}
	peers := roomOf(t, s, members)
	for _, messages := range [][]*Buffer{{text("one")}, {text("one"), text("two")}} {
		reached := handOut(s, messages...)
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

// TestSliceEnds: by the number of sends, and by the clock, which is looked at now and then.
func TestSliceEnds(t *testing.T) {
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

// TestWalkGivesUpTheRestOfATurn: two topics have something pending, and the slice is used up by the first.
func TestWalkGivesUpTheRestOfATurn(t *testing.T) {
	const members, slice = 8, 8
	s := &Server{sliceSends: slice}
	peers := roomOf(t, s, members)
	l, done := s.Loop(0), make(chan struct{})
	var sends []int64
	l.Do(func() {
		defer close(done)
		s.slab.each(l, func(c *Conn) { c.Subscribe("other") })
		l.publish("room", text("one"), s.clock())
		l.publish("other", text("two"), s.clock())
		for more := true; more; {
			before := l.counters.bytesOut.Load()
			more = l.walkTopics()
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

// TestScratchOfABurstIsGivenBack: what a loop lays a walk's messages out in stays for the next walk, but not as large as
// the largest backlog of a topic ever was.
func TestScratchOfABurstIsGivenBack(t *testing.T) {
	s := &Server{}
	peers := roomOf(t, s, 2)
	kept := func() (bytes, messages int) {
		done := make(chan struct{})
		s.Loop(0).Do(func() {
			defer close(done)
			for _, b := range s.Loop(0).layout {
				bytes += cap(b)
			}
			messages = cap(s.Loop(0).topics["room"].pending)
		})
		<-done
		return bytes, messages
	}
	handOut(s, text("one"), text("two"))
	if bytes, messages := kept(); bytes == 0 || messages == 0 {
		t.Errorf("of the scratch of an ordinary walk %d bytes and %d messages are kept", bytes, messages)
	}
	for _, c := range peers {
		texts(t, c, 2)
	}
	const burst, size = 4 * pendingKept, 2 * layoutKept / pendingKept
	var all sync.WaitGroup
	for _, c := range peers {
		all.Go(func() {
			if n, err := io.CopyN(io.Discard, c, burst*(size+4)); err != nil {
				t.Errorf("a member got %d bytes: %v", n, err)
			}
		})
	}
	handOut(s, slices.Repeat([]*Buffer{NewBuffer(frame.OpText, make([]byte, size))}, burst)...)
	if bytes, messages := kept(); bytes > layoutKept || messages > pendingKept {
		t.Errorf("%d bytes and %d messages are kept after a burst, want at most %d and %d", bytes, messages, layoutKept, pendingKept)
	}
	all.Wait()
}
