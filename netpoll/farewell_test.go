//go:build !windows

package netpoll

import (
	"testing"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
)

// TestFarewell: what was published before a close leaves before the close frame, also when
// both come in one batch and nothing has been laid out yet.
func TestFarewell(t *testing.T) {
	handles := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		OnOpen: func(c *Conn) { c.Subscribe("room"); handles <- c.Handle() },
	}}})
	for range 3 {
		c := dial(t, s, "/")
		h := <-handles
		b := s.Loop(0).NewBatch()
		b.Publish("room", NewBuffer(frame.OpText, []byte("one")))
		b.Publish("room", NewBuffer(frame.OpText, []byte("two")))
		b.Close(h, 3001, "shutdown")
		b.Publish("room", NewBuffer(frame.OpText, []byte("too late")))
		s.Loop(0).Post(b)
		hear(t, c, "one")
		hear(t, c, "two")
		hearClose(t, c, websocket.StatusCode(3001))
	}
}

// TestFarewellTooLong owes more than the bound at the close: whole frames, one close frame,
// and nothing behind it.
func TestFarewellTooLong(t *testing.T) {
	handles := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		MaxBacklog: 10_000, SlowCode: 3008,
		OnOpen: func(c *Conn) { c.Subscribe("room"); handles <- c.Handle() },
	}}})
	c := raw(t, s, "/", "")
	h := <-handles
	b := s.Loop(0).NewBatch()
	for range 20 {
		b.Publish("room", NewBuffer(frame.OpText, make([]byte, 2_000)))
	}
	b.Close(h, 3001, "shutdown")
	s.Loop(0).Post(b)
	if code, _ := expectClose(t, c); code != 3008 {
		t.Errorf("close code %d", code)
	}
}

// TestNothingFollowsTheCloseFrame cuts a slow member in the middle of a walk of which it may
// miss one message and must get several.
func TestNothingFollowsTheCloseFrame(t *testing.T) {
	handles := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 20, SlowCode: 3008,
		OnOpen: func(c *Conn) { c.Subscribe("room"); handles <- c.Handle() },
	}}})
	c := raw(t, s, "/", "")
	h := <-handles
	l := s.Loop(0)
	b := l.NewBatch()
	fill := func(c *Conn) { // whole frames behind one that has begun to leave
		for c.Backlog() <= 1<<20 {
			c.SendBuffer(NewBuffer(frame.OpBinary, make([]byte, 5_000)))
			if c.Backlog() < 20_000 {
				l.flush(c)
			}
		}
		c.Publish("room", NewBuffer(frame.OpText, []byte("may be missed")).Droppable())
		for range 3 {
			c.Publish("room", NewBuffer(frame.OpText, []byte("must come")))
		}
	}
	b.Call(h, fill)
	l.Post(b)
	eventually(t, "the slow member is closed", func() bool { return s.Stats().Overflows > 0 })
	if code, _ := expectClose(t, c); code != 3008 {
		t.Errorf("close code %d", code)
	}
}
