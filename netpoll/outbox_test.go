//go:build !windows

package netpoll

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/throngd/throng/frame"
)

// TestOutbox queues and sends at random, sometimes everything at once, and checks that every byte leaves once and in
// order.
func TestOutbox(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var o outbox
		var want, got []byte
		for i := range 400 {
			b := fmt.Appendf(nil, "%d,", i)
			if rnd.IntN(4) == 0 {
				b = bytes.Repeat(b, 500)
			}
			switch rnd.IntN(6) {
			case 0:
				o.addRef(b)
				want = append(want, b...)
			case 1, 2:
				o.add(b)
				want = append(want, b...)
			default:
				if o.size == 0 {
					continue
				}
				n := 1 + rnd.IntN(o.size)
				if rnd.IntN(3) == 0 {
					n = o.size
				}
				run := bytes.Join(o.vector(nil, len(o.chunks)+1), nil)
				if first, _ := o.first(); !bytes.HasPrefix(run, first) || len(run) != o.size {
					t.Fatalf("owes %d bytes, shows %d", o.size, len(run))
				}
				got = append(got, run[:n]...)
				o.sent(n)
			}
			if o.size != len(want)-len(got) {
				t.Fatalf("size %d, want %d", o.size, len(want)-len(got))
			}
		}
		got = append(got, bytes.Join(o.vector(nil, len(o.chunks)+1), nil)...)
		if !bytes.Equal(want, got) {
			t.Fatal("bytes were lost, repeated or reordered")
		}
	}
}

// TestOutboxCutKeepsStartedFrame cuts at every byte: a chunk that is partly sent stays, the others are removed, and
// chunks that are added later follow it.
func TestOutboxCutKeepsStartedFrame(t *testing.T) {
	long := bytes.Repeat([]byte("L"), 2*copyLimit)
	runs := [][]byte{[]byte("first"), long, []byte("second"), long, []byte("third")}
	for sent := range len(bytes.Join(runs, nil)) {
		var o outbox
		for _, b := range runs {
			o.add(b)
		}
		o.sent(sent)
		var want []byte
		begun := 0
		for _, b := range runs {
			if begun < sent && sent < begun+len(b) {
				want = b[sent-begun:]
			}
			begun += len(b)
		}
		o.cut()
		if o.size != len(want) {
			t.Fatalf("%d bytes sent: %d are owed after the cut, want %d", sent, o.size, len(want))
		}
		o.add([]byte("end"))
		want = append(bytes.Clone(want), "end"...)
		if got := bytes.Join(o.vector(nil, 9), nil); !bytes.Equal(got, want) || o.size != len(want) {
			t.Fatalf("%d bytes sent: owes %d bytes, %d shown, want %d", sent, o.size, len(got), len(want))
		}
	}
}

// TestOutboxThatNeverDrainsKeepsNoSentBytes: the outbox of a peer that sends requests as fast as it takes the replies
// is never empty. Its memory depends on the unsent bytes, not on all bytes that were ever queued.
func TestOutboxThatNeverDrainsKeepsNoSentBytes(t *testing.T) {
	var o outbox
	message := bytes.Repeat([]byte("m"), 500)
	for range 10_000 {
		for o.size < 100_000 {
			o.add(message)
		}
		o.sent(o.size / 3)
		held := cap(o.tail)
		for _, c := range o.chunks {
			held += cap(c.bytes)
		}
		if held > 4*100_000 {
			t.Fatalf("%d bytes are held for %d", held, o.size)
		}
	}
}

// TestSentChunksAreReleased: an outbox that always holds references frees the chunks that have been sent, and the bytes that
// they referred to.
func TestSentChunksAreReleased(t *testing.T) {
	var o outbox
	message := bytes.Repeat([]byte("m"), 2*copyLimit)
	for range 10_000 {
		for o.size < 50*len(message) {
			o.addRef(message)
		}
		o.sent(20*len(message) + 7)
		if cap(o.chunks) > 1000 {
			t.Fatalf("%d places for %d chunks that are owed", cap(o.chunks), len(o.chunks)-o.head)
		}
		for i, c := range o.chunks[:cap(o.chunks)] {
			if owed := i >= o.head && i < len(o.chunks); !owed && c.bytes != nil {
				t.Fatalf("chunk %d was sent and is still referred to", i)
			}
		}
	}
}

// TestEmptyOutboxKeepsOrdinarySize: an outbox that is kept for the next connection is not as large as the largest backlog.
func TestEmptyOutboxKeepsOrdinarySize(t *testing.T) {
	for name, fill := range map[string]func(o *outbox){
		"one message":          func(o *outbox) { o.add([]byte("m")) },
		"a thousand":           func(o *outbox) { times(1000, func() { o.add(make([]byte, 500)) }) },
		"references":           func(o *outbox) { times(10_000, func() { o.addRef([]byte("m")) }) },
		"a long message":       func(o *outbox) { o.setTail(append(o.tail, make([]byte, 10*tailLimit)...)) },
		"a tail that may grow": func(o *outbox) { o.setTail(append(make([]byte, 0, 10*tailLimit), "m"...)) },
	} {
		var o outbox
		fill(&o)
		o.sent(o.size)
		if o.size != 0 || o.head != 0 || o.off != 0 || len(o.chunks)+len(o.tail) != 0 {
			t.Fatalf("%s: not empty: %+v", name, o)
		}
		if cap(o.tail) > tailLimit || cap(o.chunks) > 1<<10 {
			t.Errorf("%s: a tail of %d bytes and room for %d chunks are kept", name, cap(o.tail), cap(o.chunks))
		}
		for _, c := range o.chunks[:cap(o.chunks)] {
			if c.bytes != nil {
				t.Fatalf("%s: a chunk is still referred to", name)
			}
		}
	}
}

func times(n int, f func()) {
	for range n {
		f()
	}
}

// TestFreeOutboxesAreBounded sends to many connections in one turn: of their outboxes the loop keeps maxFreeOutboxes.
func TestFreeOutboxesAreBounded(t *testing.T) {
	const people = 5 * maxFreeOutboxes
	opened := make(chan Handle, people)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{PingInterval: -1, OnOpen: func(c *Conn) { opened <- c.Handle() }}}})
	for range people {
		raw(t, s, "/", "")
	}
	l, kept := s.Loop(0), make(chan int)
	l.Do(func() {
		for range people {
			l.Conn(<-opened).Send(frame.OpText, []byte("x"))
		}
	})
	l.Do(func() { kept <- len(l.freeOutboxes) })
	if n := <-kept; n > maxFreeOutboxes {
		t.Errorf("%d outboxes are kept", n)
	}
	eventually(t, "as many are kept as may be", func() bool {
		l.Do(func() { kept <- len(l.freeOutboxes) })
		return <-kept == maxFreeOutboxes
	})
}
