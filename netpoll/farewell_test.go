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
