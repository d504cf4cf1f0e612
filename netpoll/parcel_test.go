//go:build !windows

package netpoll

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// TestParcelCarriesAnOpenConnection moves an open connection between loops in the middle of a message, with bytes that
// have not been sent: nothing is lost, and the old loop has nothing of it any more.
func TestParcelCarriesAnOpenConnection(t *testing.T) {
	s, c, peer := beforeMigration(t)
	defer s.Close()
	var got []string
	e := &s.engine.endpoints[0]
	e.OnOpen = func(c *Conn) { c.SetContext("its context") }
	e.OnMessage = func(c *Conn, op frame.Op, p []byte) { got = append(got, string(p), c.Context().(string)) }
	a, b := s.engine.loops[0], s.engine.loops[1]
	a.openAccepted(c, acceptedRequest{response: []byte("101")})
	first, long := masked(frame.OpText, []byte("hello")), bytes.Repeat([]byte("x"), 2*copyLimit)
	a.frames(c, first[:8])
	c.SendRaw(long) // by reference
	c.Send(frame.OpText, []byte("owed"))

	h, fd := c.Handle(), int(c.fd)
	if err := a.poller.Delete(fd); err != nil {
		t.Fatal(err)
	}
	p := a.give(c)
	if a.endTurn(); a.lookup(h) != nil || a.held.Load() != 0 || p.fd != fd {
		t.Fatal("the old loop has it still")
	}
	if a.freeOutboxes[0].tail = append(a.freeOutboxes[0].tail, "!!!!!!"...); len(p.owed) != 3 {
		t.Errorf("%d pieces are owed", len(p.owed))
	}
	d := b.take(p)
	d.set(flagOpened)
	b.enter(d, phaseOpen)
	if err := b.attach(d); err != nil {
		t.Fatal(err)
	}
	b.frames(d, first[8:])
	b.endTurn()
	if len(got) != 2 || got[0] != "hello" || got[1] != "its context" || d.Handle() == h || b.held.Load() != 1 {
		t.Errorf("got %q, handle %x after %x", got, d.Handle(), h)
	}
	want := frame.AppendFrame(append([]byte("101"), long...), frame.OpText, []byte("owed"))
	in := make([]byte, len(want))
	_ = peer.SetDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(peer, in); err != nil || !bytes.Equal(in, want) {
		t.Errorf("the peer got %d bytes, %.20q, %v", len(in), in, err)
	}
}
