//go:build !windows

package netpoll

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/throngd/throng/frame"
)

// These tests check the memory that is kept after a burst: every scratch has a size up to which it is kept.

func TestBatchOfABurstIsGivenBack(t *testing.T) {
	for ops, kept := range map[int]bool{1000: true, 100_000: false} {
		var b Batch
		for range ops {
			b.Publish("room", text("x"))
		}
		b.reset()
		if b.Len() != 0 || b.bytes != 0 || b.publishes || (cap(b.ops) > 0) != kept {
			t.Errorf("after %d operations: %d left, %d bytes, room for %d", ops, b.Len(), b.bytes, cap(b.ops))
		}
		for _, o := range b.ops[:cap(b.ops)] {
			if o.buf != nil {
				t.Fatal("a message is still referred to")
			}
		}
	}
}

func TestPagesOfABurstAreGivenBack(t *testing.T) {
	var w wheel
	conns := make([]Conn, 2*sparePages*pageSize)
	for round := range 3 {
		for i := range conns {
			conns[i].fd, conns[i].timer = int32(i), 0
			w.schedule(&conns[i], w.now+1)
		}
		n := 0
		for range w.advance() {
			n++
		}
		spare := 0
		for p := w.spare; p != nil; p = p.next {
			spare++
		}
		if n != len(conns) || spare != sparePages || w.kept != spare {
			t.Errorf("round %d: %d entries came up, %d pages are kept (counted %d)", round, n, spare, w.kept)
		}
	}
}

func TestFDSetShrinks(t *testing.T) {
	var s fdset
	for fd := range 10_000 {
		s.add(fd)
	}
	for fd := range 9_990 {
		s.kill(s.find(fd, false))
	}
	s.tidy()
	if s.len() != 10 || len(s.fds) != 10 || cap(s.fds) > 64 {
		t.Errorf("%d members in %d places, room for %d", s.len(), len(s.fds), cap(s.fds))
	}
}

// TestPendingCiphertextIsARecord: the backlog of a TLS peer stays shared plaintext, except for the record that the
// kernel has taken a part of.
func TestPendingCiphertextIsARecord(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, PingInterval: -1,
		OnOpen: func(c *Conn) { c.Subscribe("room"); c.Send(frame.OpText, []byte("hello")) },
	}}})
	c := raw(t, s, "/", "")
	texts(t, c, 1)
	message := NewBuffer(frame.OpBinary, make([]byte, 1<<20))
	for range 40 {
		s.Publish("room", message)
	}
	eventually(t, "the peer has a backlog", func() bool { return s.Stats().Backlog > 16<<20 })
	pending := make(chan int)
	s.Loop(0).Do(func() {
		s.engine.slab.each(s.Loop(0), func(c *Conn) { pending <- len(c.tls.pending) })
	})
	if n := <-pending; n == 0 || n > recordSize+1<<10 {
		t.Errorf("%d bytes of ciphertext wait, want one record of %d and its frame", n, recordSize)
	}
}

// TestIdleTLSConnectionIsTrimmed: an idle connection holds none of the buffers of its handshake and its records.
func TestIdleTLSConnectionIsTrimmed(t *testing.T) {
	if len(trimmable) == 0 {
		t.Skip("crypto/tls has changed, see TestTrimmedSessionGoesOn")
	}
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{echo()}})
	c := dialTLS(t, s, clientTLS(0))
	say(t, c, "x")
	hear(t, c, "x")
	held := make(chan int, 1)
	s.Loop(0).Do(func() {
		s.engine.slab.each(s.Loop(0), func(c *Conn) {
			n := 0
			for _, offset := range trimmable {
				n += (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(c.tls.conn), offset)).Cap()
			}
			held <- n
		})
	})
	if n := <-held; n > 0 {
		t.Errorf("%d bytes of buffers are held", n)
	}
}
