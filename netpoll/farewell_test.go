//go:build !windows

package netpoll

import (
	"bufio"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

// TestMessagesBeforeTheCloseArrive: messages that were published before a close leave before the close frame, also when
// both come in one batch.
func TestMessagesBeforeTheCloseArrive(t *testing.T) {
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

// TestCloseDropsWhatExceedsTheBacklog has a backlog above MaxBacklog at the close: the peer gets whole frames, one
// close frame, and nothing behind it.
func TestCloseDropsWhatExceedsTheBacklog(t *testing.T) {
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

// TestNothingFollowsTheCloseFrame closes a slow member in the middle of a broadcast of which one message is droppable
// and several are not.
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

// TestSlowReaderGetsWhatWasSentBeforeTheClose has a peer that reads steadily, for longer than CloseTimeout.
func TestSlowReaderGetsWhatWasSentBeforeTheClose(t *testing.T) {
	const messages, size = 100, 320 << 10
	s := start(t, &Server{Loops: 1, CloseTimeout: time.Second, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, PingInterval: -1,
		OnMessage: func(c *Conn, _ frame.Op, _ []byte) {
			for range messages {
				c.SendBuffer(NewBuffer(frame.OpBinary, make([]byte, size)))
			}
			c.Close(3001, "shutdown")
		},
	}}})
	c := raw(t, s, "/", "")
	_, _ = c.Write(masked(frame.OpText, []byte("go")))
	r, began := bufio.NewReaderSize(c, size), time.Now()
	for i := range messages {
		time.Sleep(25 * time.Millisecond) // the pace of the reader
		if f, err := readFrame(r); err != nil || len(f.Payload) != size {
			t.Fatalf("message %d after %v: %d bytes, %v", i, time.Since(began), len(f.Payload), err)
		}
	}
	if f, err := readFrame(r); err != nil || f.Header.OpCode != ws.OpClose {
		t.Fatalf("no close frame after %v: %+v, %v", time.Since(began), f.Header, err)
	}
	_, _ = c.Write(masked(frame.OpClose, []byte{0x0b, 0xb9}))
	eventually(t, "gone", func() bool { return s.NumConns() == 0 })
}

// TestClosingHandshakeIsBoundedWithABacklog: a peer that reads nothing has CloseTimeout, one that reads a little now
// and then has MaxBacklogAge.
func TestClosingHandshakeIsBoundedWithABacklog(t *testing.T) {
	const owed = 512 << 20
	for _, tt := range []struct {
		name       string
		close, age time.Duration
		reads      bool
	}{
		{"stalled", 100 * time.Millisecond, time.Hour, false},
		{"dripping", 200 * time.Millisecond, 300 * time.Millisecond, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, &Server{Loops: 1, CloseTimeout: tt.close, Endpoints: []Endpoint{{
				MaxBacklog: 1 << 30, MaxBacklogAge: tt.age, PingInterval: -1,
				OnMessage: func(c *Conn, _ frame.Op, _ []byte) {
					for b := NewBuffer(frame.OpBinary, make([]byte, owed/64)); c.Backlog() < owed; {
						c.SendBuffer(b)
					}
					c.Close(3001, "shutdown")
				},
			}}})
			c := raw(t, s, "/", "")
			_, _ = c.Write(masked(frame.OpText, []byte("go")))
			drip, got := make([]byte, 256<<10), 0
			eventually(t, "gone", func() bool {
				if tt.reads {
					n, _ := c.Read(drip)
					got += n
				}
				return s.NumConns() == 0
			})
			if got >= owed {
				t.Errorf("it got all, %d bytes", got)
			}
		})
	}
}
