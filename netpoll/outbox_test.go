//go:build !windows

package netpoll

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestOutbox queues and sends at random, all that is owed included, and checks that every
// byte leaves once and in order.
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
				o.refer(b)
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

// TestOutboxCut cuts at every byte: what has begun to leave stays whole, of the rest nothing does, and what is added then
// stands behind it.
func TestOutboxCut(t *testing.T) {
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

// TestOutboxSteady owes something all the time, as to a peer that sends requests as fast as it takes the answers: what is
// held follows what is owed, not what was ever sent.
func TestOutboxSteady(t *testing.T) {
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
