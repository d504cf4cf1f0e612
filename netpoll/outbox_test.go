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
				run := bytes.Join(o.vector(nil, len(o.chunks)), nil)
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
		got = append(got, bytes.Join(o.vector(nil, len(o.chunks)), nil)...)
		if !bytes.Equal(want, got) {
			t.Fatal("bytes were lost, repeated or reordered")
		}
	}
}
