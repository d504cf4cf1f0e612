package frame

import (
	"bytes"
	"compress/flate"
	"io"
	"slices"
)

// flushTail is the end of a flushed DEFLATE stream. The sender removes it and the receiver appends it again (RFC 7692
// sections 7.2.1 and 7.2.2).
const flushTail = "\x00\x00\xff\xff"

// inflateTail is flushTail and an empty last block, with which a complete message ends in io.EOF and a truncated one does
// not.
const inflateTail = flushTail + "\x01\x00\x00\xff\xff"

// maxStreams bounds the BFINAL blocks of one message. Peers in use have at most one. Each takes two bytes to send and a
// reset of the decompressor.
const maxStreams = 8

// window is the largest LZ77 window in bytes (RFC 7692 section 7.1.2).
const window = 32 << 10

// inflater decompresses messages, one at a time. It takes about 45 KiB with the first one, so a Pool has one. It uses the
// standard library: klauspost/compress is faster (180 to 280 ns a message against 260 to 300), but decodes some corrupt
// messages with the tables of an earlier one.
type inflater struct {
	r   io.ReadCloser // of flate, and a flate.Resetter
	in  bytes.Reader  // a type that flate has a fast path for
	out []byte        // the last message, if it is small enough to keep
}

// inflate decompresses the message in b, to which it appends the tail. The result is valid until the next call and has at
// most limit bytes; a larger one is refused at the first byte beyond it.
func (f *inflater) inflate(b *buffer, limit int) ([]byte, *Error) {
	out := f.out[:0]
	if len(b.msg) == 0 {
		return out, nil // some peers send an empty message without any block
	}
	b.msg = append(b.msg, inflateTail...)
	f.in.Reset(b.msg)
	defer f.in.Reset(nil) // frees a large message
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

// ended reports whether only the appended tail is left. Otherwise the peer has ended a stream with BFINAL, and the next
// block follows at the byte boundary (RFC 7692 section 7.2.1).
func (f *inflater) ended() bool {
	return f.in.Len() == 0 || f.in.Len() == len(inflateTail)
}

// reset begins a stream. Its blocks may refer to out, the output of the message so far.
func (f *inflater) reset(out []byte) {
	if f.r == nil {
		f.r = flate.NewReader(&f.in)
		return
	}
	// The error of flate's Reset is always nil.
	_ = f.r.(flate.Resetter).Reset(&f.in, out[max(0, len(out)-window):])
}

// read appends to out until the end of the stream. It fails if that is more than limit.
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
