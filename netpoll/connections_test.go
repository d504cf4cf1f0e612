//go:build !windows

package netpoll

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/throngd/throng/frame"
)

// TestEachConnVisitsOpenConnectionsOnce: every connection is visited once and on its loop, also when the visits take many
// turns; those that are being closed are left out, and a panic in a visit closes its connection only.
func TestEachConnVisitsOpenConnectionsOnce(t *testing.T) {
	const people = 30
	s := start(t, &Server{Loops: 2, OnError: func(error) {}, Endpoints: []Endpoint{{OnOpen: func(c *Conn) { c.Send(frame.OpText, []byte("hello")) }}}})
	var conns []*websocket.Conn
	for range people {
		c := dial(t, s, "/")
		hear(t, c, "hello")
		conns = append(conns, c)
	}
	var mu sync.Mutex
	visits := func(f func(c *Conn)) map[Handle]int {
		seen := map[Handle]int{}
		if err := s.EachConn(testCtx(t), func(c *Conn) {
			mu.Lock()
			seen[c.Handle()]++
			mu.Unlock()
			f(c)
		}); err != nil {
			t.Fatal(err)
		}
		return seen
	}
	first := visits(func(c *Conn) {
		if c.Loop().lookup(c.Handle()) != c {
			t.Error("visited on another loop")
		}
		time.Sleep(turnTime) // so that each visit ends a turn
	})
	if len(first) != people {
		t.Errorf("%d of %d connections were visited", len(first), people)
	}
	for h, n := range first {
		if n != 1 {
			t.Errorf("%v was visited %d times", h, n)
		}
	}
	n := 0
	visits(func(c *Conn) {
		mu.Lock()
		n++
		one := n
		mu.Unlock()
		switch {
		case one == 1:
			panic("in a visit")
		case one <= people/2:
			c.Close(4000, "half")
		}
	})
	if left := visits(func(*Conn) {}); len(left) != people-people/2 {
		t.Errorf("%d connections are visited after %d were closed", len(left), people/2)
	}
	for _, c := range conns {
		_ = c.CloseNow()
	}
}

// TestEachConnEnds with its context, and with the server.
func TestEachConnEnds(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	release := held(s)
	ctx, cancel := context.WithCancel(testCtx(t))
	cancel()
	if err := s.EachConn(ctx, func(*Conn) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	release()
	_ = s.Close()
	if err := s.EachConn(testCtx(t), func(*Conn) {}); !errors.Is(err, ErrServerClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestConnsOfLoop yields the open connections of the loop, and stops when the caller does.
func TestConnsOfLoop(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{OnOpen: func(c *Conn) { c.Send(frame.OpText, []byte("hello")) }}}})
	for range 3 {
		hear(t, dial(t, s, "/"), "hello")
	}
	counts := make(chan [2]int)
	s.Loop(0).Do(func() {
		all, some := 0, 0
		for c := range s.Loop(0).Conns() {
			if all++; all == 1 {
				c.Close(4000, "")
			}
		}
		for range s.Loop(0).Conns() {
			some++
			break
		}
		counts <- [2]int{all, some}
	})
	if got := <-counts; got != [2]int{3, 1} {
		t.Errorf("visited %v", got)
	}
}
