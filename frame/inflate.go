package frame

import (
	"bytes"
	"compress/flate"
	"io"
	"slices"
)

// flushTail ends a flushed DEFLATE stream. It is left out on the wire and put back before inflating
// (RFC 7692 sections 7.2.1 and 7.2.2).
const flushTail = "\x00\x00\xff\xff"

// inflateTail is flushTail and an empty last block, so that a complete message ends in io.EOF and a truncated
// one does not.
const inflateTail = flushTail + "\x01\x00\x00\xff\xff"

// maxStreams bounds the BFINAL blocks of one message. Honest peers have at most one; each costs a reset of the
// decompressor, far more than the two bytes it takes to send.
const maxStreams = 8

// window is the LZ77 window (RFC 7692 section 7.1.2): what the decompressor may be ahead of its reader.
const window = 32 << 10

// inflater decompresses messages one at a time, with the standard library: klauspost/compress, which is faster
// (180 to 280 ns a message against 260 to 300), decodes some corrupt messages by the tables of an earlier one. It is large, about 45 KiB, so a Config has one, and takes the
// memory with the first compressed message.
type inflater struct {
	r   io.ReadCloser // of flate, also a flate.Resetter
	in  bytes.Reader  // a type that flate has a fast path for
	out []byte        // the last message, if it is small enough to keep
}

// inflate decompresses the message in b, to which it appends. The result holds until the next call and is at
// most limit bytes; a larger one is refused when the first byte too many has been seen.
func (f *inflater) inflate(b *buffer, limit int) ([]byte, *Error) {
	out := f.out[:0]
	if len(b.msg) == 0 {
		return out, nil // some peers strip an empty message down to nothing
	}
	b.msg = append(b.msg, inflateTail...)
	f.in.Reset(b.msg)
	defer f.in.Reset(nil) // a large message must not live on here
	for range maxStreams {
		f.reset(out)
		var bad *Error
		if out, bad = f.read(out, limit); bad != nil {
			return nil, bad
		}
		if f.ended() {
			if cap(out) <= keepBuffer {
				f.out = out
			}
			return out, nil
		}
	}
	return nil, errInflate
}

// ended reports whether nothing but our own tail is left. Otherwise the peer closed a stream with BFINAL, and
// the next block follows at the byte boundary (RFC 7692 section 7.2.1).
func (f *inflater) ended() bool {
	return f.in.Len() == 0 || f.in.Len() == len(inflateTail)
}

// reset begins a stream; out is what the message has given so far, and blocks may refer back to it.
func (f *inflater) reset(out []byte) {
	if f.r == nil {
		f.r = flate.NewReader(&f.in)
		return
	}
	// The error of flate's Reset is always nil.
	_ = f.r.(flate.Resetter).Reset(&f.in, out[max(0, len(out)-window):])
}

// read appends to out until the end of the stream, or until one byte more than limit.
func (f *inflater) read(out []byte, limit int) ([]byte, *Error) {
	for {
		if len(out) == cap(out) {
			out = slices.Grow(out, min(max(cap(out), 4<<10), limit+1-len(out)))
		}
		n, err := f.r.Read(out[len(out):min(cap(out), limit+1)])
		out = out[:len(out)+n]
		switch {
		case len(out) > limit:
			return nil, errTooBig
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, errInflate
		}
	}
}
