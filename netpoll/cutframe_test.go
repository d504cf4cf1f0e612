//go:build !windows

package netpoll

import (
	"bytes"
	"strings"
	"testing"

	"github.com/throngd/throng/frame"
)

// TestOutboxCutFrame cuts at every byte: of the run only the frame that is partly sent stays, and only the memory of
// its unsent bytes. A frame with too many unsent bytes stays with its run.
func TestOutboxCutFrame(t *testing.T) {
	const limit = 2000
	response := []byte("HTTP/1.1 101 Switching Protocols\r\n\r\n")
	var run []byte
	ends := []int{len(response)}
	run = append(run, response...)
	for _, n := range []int{0, 5, 125, 126, 300, 3000, 7} {
		run = frame.AppendFrame(run, frame.OpText, []byte(strings.Repeat("x", n)))
		ends = append(ends, len(run))
	}
	for _, inTail := range []bool{true, false} {
		for sent := 1; sent < len(run); sent++ {
			var o outbox
			if inTail {
				o.setTail(append(o.tail, run...))
			} else {
				o.addRef(run)
				o.addRef([]byte("another run"))
			}
			o.sent(sent)
			end := 0
			for _, e := range ends {
				if end = e; e > sent {
					break
				}
			}
			o.cutFrame(limit)
			want := run[sent:end]
			if len(want) > limit {
				want = run[sent:] // the caller has to reset the connection
			}
			if got := bytes.Join(o.vector(nil, 9), nil); !bytes.Equal(got, want) {
				t.Fatalf("%d bytes sent: %d left, want %d", sent, len(got), len(want))
			}
			if len(want) <= limit && (o.own != len(want) || o.size != len(want)) {
				t.Fatalf("%d bytes sent: %d bytes are held for %d", sent, o.own, len(want))
			}
		}
	}
}

// TestCutFrameOfEmptyOutbox: nothing is left of nothing.
func TestCutFrameOfEmptyOutbox(t *testing.T) {
	var o outbox
	if o.cutFrame(100); len(o.chunks) != 0 || o.size != 0 {
		t.Errorf("%d chunks, %d bytes", len(o.chunks), o.size)
	}
}
