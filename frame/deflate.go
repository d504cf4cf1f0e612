package frame

import (
	"io"

	"github.com/klauspost/compress/flate"
)

// Deflater compresses messages for clients that negotiated permessage-deflate. It is large, about 800 KiB: have a
// few per process, not one per connection. Not safe for concurrent use. The zero value is ready; the memory is
// taken with the first message.
type Deflater struct {
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
		// BestSpeed: a push is small and compressed while a room waits. The error is for bad levels only.
		d.w, _ = flate.NewWriter(io.Discard, flate.BestSpeed)
	}
	d.w.Reset(&d.out)
	// The sink never fails, so neither do these.
	_, _ = d.w.Write(p)
	_ = d.w.Flush()
}
