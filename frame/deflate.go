package frame

import (
	"cmp"
	"io"

	"github.com/gobwas/ws"
	"github.com/klauspost/compress/flate"
)

// Deflater compresses messages for peers that negotiated permessage-deflate. It takes about 800 KiB, or 1,100 KiB with a
// Window, with the first message: have a few per process and not one per connection. The zero value is ready to use. It is
// not safe for concurrent use.
type Deflater struct {
	// Window is the LZ77 window in bits, 8 to 15; 0 is 15. Set it before the first message. A peer that has negotiated
	// this window or a larger one can read the messages.
	Window int
	// Level is the compression level with the largest window, from 1, the fastest, to 9; 0 is 1. A smaller Window has one
	// level only. Set it before the first message. A higher level takes more time, and from 7 on up to 500 KiB more.
	Level int

	w   *flate.Writer
	out sink
}

// sink appends what the compressor writes to the caller's buffer.
type sink struct{ b []byte }

func (s *sink) Write(p []byte) (int, error) {
	s.b = append(s.b, p...)
	return len(p), nil
}

// AppendFrame appends p as one compressed frame as a server sends it, with RSV1 set. The message does not depend on others
// (no context takeover), so one frame serves any number of receivers. op is OpText or OpBinary.
func (d *Deflater) AppendFrame(dst []byte, op Op, p []byte) []byte {
	start, room := len(dst), headerSize(len(p)/2)
	dst, n := d.appendPayload(dst, p, room, 0)
	AppendHeader(dst[:start], op, n, true)
	return dst
}

// AppendMaskedFrame appends p as one compressed frame as a client sends it, see [AppendMaskedFrame].
func (d *Deflater) AppendMaskedFrame(dst []byte, op Op, p []byte, mask [4]byte) []byte {
	start, room := len(dst), headerSize(len(p)/2)
	dst, n := d.appendPayload(dst, p, room, len(mask))
	f := appendHeader(dst[:start], bitFin|bitRSV1|byte(op), n, bitMask)
	f = append(f, mask[:]...)
	ws.Cipher(dst[len(f):], mask, 0)
	return dst
}

// appendPayload appends the space for a header and a mask, and then p compressed, which takes n bytes. The size of the
// header depends on n: room is the likely size, and the payload is moved if it is another one.
func (d *Deflater) appendPayload(dst, p []byte, room, mask int) (out []byte, n int) {
	start := len(dst)
	space := [HeaderRoom + 4]byte{}
	d.out.b = append(dst, space[:room+mask]...)
	d.compress(p)
	dst, d.out.b = d.out.b, nil

	from := start + room + mask
	n = len(dst) - from - len(flushTail)
	dst = dst[:from+n]
	if moved := headerSize(n) - room; moved != 0 {
		dst = append(dst, space[:max(moved, 0)]...)
		copy(dst[from+moved:], dst[from:from+n])
		dst = dst[:from+moved+n]
	}
	return dst, n
}

// compress writes p to the sink, up to and with the flush marker that RFC 7692 section 7.2.1 removes.
func (d *Deflater) compress(p []byte) {
	if d.w == nil {
		d.w = newWriter(cmp.Or(d.Window, maxWindowBits), cmp.Or(d.Level, flate.BestSpeed))
	}
	d.w.Reset(&d.out)
	// The sink returns no error, so neither do these.
	_, _ = d.w.Write(p)
	_ = d.w.Flush()
}

// newWriter returns a compressor with a window of so many bits, and a level from 1 to 9 if that is the largest one. Errors
// are only returned for an invalid level or window.
func newWriter(window, level int) *flate.Writer {
	if window >= maxWindowBits {
		w, _ := flate.NewWriter(io.Discard, min(max(level, flate.BestSpeed), flate.BestCompression))
		return w
	}
	w, _ := flate.NewWriterWindow(io.Discard, 1<<max(window, minWindowBits))
	return w
}
