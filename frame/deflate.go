package frame

import (
	"cmp"
	"io"

	"github.com/klauspost/compress/flate"
)

// Deflater compresses messages for clients that negotiated permessage-deflate. It is large, about 800 KiB, or 1,100
// with a Window: have a few per process, not one per connection. Not safe for concurrent use. The zero value is
// ready; the memory is taken with the first message.
type Deflater struct {
	// Window is the LZ77 window in bits, 8 to 15; 0 is 15. Set it before the first message. What was made with a
	// window can be read by clients that allow this one or a larger one.
	Window int

	w   *flate.Writer
	out sink
}

// sink is where the compressor writes: the tail of the caller's buffer.
type sink struct{ b []byte }

func (s *sink) Write(p []byte) (int, error) {
	s.b = append(s.b, p...)
	return len(p), nil
}

// AppendFrame appends p as one compressed server frame, RSV1 set, for any number of receivers: the message
// stands alone (no context takeover), so a broadcast is compressed once. op is OpText or OpBinary.
func (d *Deflater) AppendFrame(dst []byte, op Op, p []byte) []byte {
	// The length of the header is known only afterwards: leave room for the likely one, move if it was wrong.
	start, room := len(dst), headerSize(len(p)/2)
	d.out.b = append(dst, make([]byte, HeaderRoom)[:room]...)
	d.compress(p)
	dst, d.out.b = d.out.b, nil

	n := len(dst) - start - room - len(flushTail)
	dst = dst[:start+room+n]
	if size := headerSize(n); size != room {
		dst = append(dst, make([]byte, HeaderRoom)[:max(size-room, 0)]...)
		copy(dst[start+size:], dst[start+room:start+room+n])
		dst = dst[:start+size+n]
	}
	AppendHeader(dst[:start], op, n, true)
	return dst
}

// compress writes p to the sink, ending with the flush marker that RFC 7692 section 7.2.1 takes off.
func (d *Deflater) compress(p []byte) {
	if d.w == nil {
		d.w = newWriter(cmp.Or(d.Window, maxWindowBits))
	}
	d.w.Reset(&d.out)
	// The sink never fails, so neither do these.
	_, _ = d.w.Write(p)
	_ = d.w.Flush()
}

// newWriter makes a compressor with a window of so many bits. With the largest one it is BestSpeed: a push is small and
// compressed while a room waits. The errors are for levels and windows that do not exist.
func newWriter(window int) *flate.Writer {
	if window >= maxWindowBits {
		w, _ := flate.NewWriter(io.Discard, flate.BestSpeed)
		return w
	}
	w, _ := flate.NewWriterWindow(io.Discard, 1<<max(window, minWindowBits))
	return w
}
