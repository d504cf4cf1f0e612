//go:build !windows

package netpoll

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
)

func text(s string) *Buffer { return NewBuffer(frame.OpText, []byte(s)) }

func TestBatchOperations(t *testing.T) {
	opened := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		OnOpen: func(c *Conn) { opened <- c.Handle() },
	}}})
	c := dial(t, s, "/")
	h, l := <-opened, s.Loop(0)
	b := l.NewBatch()
	b.Publish("room", text("before the join"))
	b.Subscribe(h, "room", text("joined"))
	b.Publish("room", text("1"))
	b.Call(h, func(c *Conn) { c.Send(frame.OpText, []byte("called")) })
	b.Unsubscribe(h, "room", text("left"))
	b.Publish("room", text("after the leave"))
	b.Send(h, text("sent"))
	if b.Len() != 7 {
		t.Errorf("Len %d", b.Len())
	}
	l.Post(b)
	for _, want := range []string{"joined", "called", "1", "left", "sent"} {
		hear(t, c, want)
	}
	b = l.NewBatch()
	b.Close(h, 4001, "enough")
	b.Send(h, text("nothing follows a close frame"))
	l.Post(b)
	hearClose(t, c, 4001)
}

// TestOperationsOnStaleHandleDoNothing: the connections are gone, and others have their descriptors.
func TestOperationsOnStaleHandleDoNothing(t *testing.T) {
	opened := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{OnOpen: func(c *Conn) { opened <- c.Handle() }}}})
	old := dial(t, s, "/")
	stale := <-opened
	_ = old.CloseNow()
	eventually(t, "gone", func() bool { return s.NumConns() == 0 })
	c := dial(t, s, "/")
	h := <-opened
	for h.fd() != stale.fd() { // until the kernel hands out the same number
		c = dial(t, s, "/")
		h = <-opened
	}
	l := s.Loop(0)
	b := l.NewBatch()
	for _, h := range []Handle{stale, 0, ^Handle(0)} {
		b.Send(h, text("not for you"))
		b.Subscribe(h, "room", text("not for you"))
		b.Close(h, 4000, "")
		b.Call(h, func(*Conn) { t.Error("called on a stale handle") })
	}
	b.Publish("room", text("not for you"))
	b.Send(h, text("for you"))
	l.Post(b)
	hear(t, c, "for you")
}

func TestBatchesOfOneGoroutineStayInOrder(t *testing.T) {
	opened := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{OnOpen: func(c *Conn) { opened <- c.Handle() }}}})
	c := dial(t, s, "/")
	h, l := <-opened, s.Loop(0)
	go func() {
		for i := range 5000 {
			b := l.NewBatch()
			b.Send(h, text(fmt.Sprint(i)))
			l.Post(b)
		}
	}()
	for i := range 5000 {
		hear(t, c, fmt.Sprint(i))
	}
}

func TestServerAfterClose(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{echo()}})
	if err := s.Listen(); err == nil {
		t.Error("a second Listen is accepted")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.Loop(0).Do(func() { t.Error("ran after the close") })
	s.Publish("room", text("x"))
	s.StopAccepting()
	if err := s.Serve(); !errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
	if err := s.Shutdown(testCtx(t)); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestCloseTellsEveryConnection(t *testing.T) {
	var open atomic.Int32
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{{
		OnOpen:  func(*Conn) { open.Add(1) },
		OnClose: func(*Conn, CloseEvent) { open.Add(-1) },
	}}})
	for range 10 {
		dial(t, s, "/")
	}
	eventually(t, "all are open", func() bool { return open.Load() == 10 })
	_ = s.Close()
	if n := open.Load(); n != 0 {
		t.Errorf("%d connections were not told", n)
	}
}

func TestDrainSpreadsCloses(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{echo()}})
	var conns []*websocket.Conn
	for range 60 {
		conns = append(conns, dial(t, s, "/"))
	}
	times := make(chan time.Time, len(conns))
	for _, c := range conns {
		go func() {
			hearClose(t, c, 3001)
			times <- time.Now()
		}()
	}
	s.StopAccepting()
	const spread = 500 * time.Millisecond
	began := time.Now()
	if err := s.Drain(testCtx(t), spread, 3001, "shutdown"); err != nil {
		t.Fatal(err)
	}
	late := 0
	for range conns {
		if at := <-times; at.Sub(began) > spread/3 {
			late++
		}
	}
	if late < len(conns)/4 {
		t.Errorf("only %d of %d closes came after a third of the time: they were not spread", late, len(conns))
	}
	eventually(t, "all gone", func() bool { return s.NumConns() == 0 })
}

// TestQueuedBytes sees the mailbox fill while the loop is blocked, and empty afterwards.
func TestQueuedBytes(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{OnOpen: func(c *Conn) { c.Subscribe("room") }}}})
	c := dial(t, s, "/")
	l := s.Loop(0)
	release := held(s)
	buf := text("0123456789")
	for range 100 {
		s.Publish("room", buf)
		s.Publish("nobody", buf)
	}
	if got := l.QueuedBytes(); got != int64(200*buf.Len()) {
		t.Errorf("queued %d bytes", got)
	}
	release()
	for range 100 {
		hear(t, c, "0123456789")
	}
	eventually(t, "the mailbox is empty", func() bool { return l.QueuedBytes() == 0 })
}
