package frame

import (
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Message is a whole message or a control frame.
type Message struct {
	Op       Op     // OpText, OpBinary, OpClose, OpPing or OpPong; 0 without a message
	Inflated bool   // it was compressed: Payload may be far longer than what was received
	Payload  []byte // unmasked and inflated; text is UTF-8 and a close payload is valid
}

// Decoder is the incremental parser of one connection. It takes 16 bytes, with one pointer that is nil while nothing is
// split over reads or fragments. The zero value is ready to use. It is not safe for concurrent use.
type Decoder struct {
	buf   *buffer // the part of a header, frame or message that has arrived
	flags flags
	op    Op        // of the current frame
	utf8  utf8State // of the current text message, 0 at its end
}

// rest is the payload of the current frame that has not arrived yet.
type rest struct {
	n    int     // bytes
	mask [4]byte // rotated: mask[0] is for the first of them
}

type flags uint8

const (
	negotiated flags = 1 << iota // permessage-deflate is in use
	inFrame                      // a header is complete, its payload is not
	fin                          // the current frame is the last of its message
	fragmented                   // a data message has begun and its last fragment has not
	text                         // that message, or the current data frame, is text
	compressed                   // that message, or the current data frame, is compressed
	dead                         // after a close frame or an error: nothing is parsed any more
	skipping                     // the payload of data frames is discarded
)

// EnableDeflate enables permessage-deflate without context takeover, as [AcceptDeflate] negotiates it. Call it before the
// first Next.
func (d *Decoder) EnableDeflate() { d.flags |= negotiated }

// Deflate reports whether permessage-deflate is enabled.
func (d *Decoder) Deflate() bool { return d.flags&negotiated != 0 }

// Partial reports whether a frame or a message is incomplete. Meanwhile the caller should have a deadline.
func (d *Decoder) Partial() bool {
	return d.buf != nil
}

// SkipData makes Next return only control frames from now on. It discards the payload of data frames, and neither
// inflates nor validates it. Call it after sending a close frame, while the peer's is awaited (RFC 6455 section 5.5.1).
func (d *Decoder) SkipData() {
	d.flags |= skipping
	d.utf8 = 0
	if d.buf != nil {
		d.buf.msg = nil
	}
}

// Release returns memory to c's Pool and sets d to the zero value, without deflate.
func (d *Decoder) Release(c *Config) {
	c.Pool.put(d.buf)
	*d = Decoder{}
}

// Next reads from b, unmasks in place, and returns the next whole message or control frame and the number of bytes read.
// Call it again with the rest of b. If m.Op is 0 it has read all of b and needs more. m.Payload is valid until the next
// call with the same Pool, and until b is written to.
//
// An error is an [*Error] with the close frame to send. After an error or a close frame Next reads and discards all bytes
// (RFC 6455 sections 5.5.1 and 7.1.7).
func (d *Decoder) Next(b []byte, c *Config) (m Message, n int, err error) {
	// The fast path is for most of what a chat server reads: a small unfragmented message that is wholly in b and whose
	// text is valid. It takes half the time of next, which would return the same.
	if len(b) < 6 || d.buf != nil || d.flags&(dead|skipping) != 0 || c.Client {
		return d.next(b, c)
	}
	op, size := Op(b[0]-bitFin), int(b[1])-bitMask
	if op != OpText && op != OpBinary || size < 0 || size > min(maxControl, c.maxMessage(), len(b)-6) {
		return d.next(b, c)
	}
	mask, p := [4]byte(b[2:]), b[6:6+size]
	if !unmaskASCII(p, mask) && op == OpText && !utf8.Valid(p) {
		ws.Cipher(p, mask, 0) // mask it again
		return d.next(b, c)
	}
	return Message{Op: op, Payload: p}, 6 + size, nil
}

// next is Next for every frame.
func (d *Decoder) next(b []byte, c *Config) (m Message, n int, err error) {
	if d.flags&dead != 0 {
		return Message{}, len(b), nil
	}
	var r rest
	if d.flags&inFrame != 0 {
		r = d.buf.rest
	}
	for {
		if d.flags&inFrame == 0 {
			k, bad := d.header(b[n:], &r, c)
			n += k
			if bad != nil {
				return Message{}, n, d.fail(bad, c)
			}
			if d.flags&inFrame == 0 {
				return Message{}, n, nil
			}
		}
		p := b[n:]
		if len(p) > r.n {
			p = p[:r.n]
		}
		n += len(p)
		r.unmask(p, c)
		m, bad := d.payload(p, r.n == 0, c)
		if bad != nil {
			return Message{}, n, d.fail(bad, c)
		}
		if d.flags&inFrame != 0 {
			d.buffer(c).rest = r
			return Message{}, n, nil
		}
		if m.Op != 0 {
			return m, n, nil
		}
	}
}

// payload takes an unmasked piece of the current frame. whole: the frame ends with it. The result is empty unless p
// completes a message or a control frame.
func (d *Decoder) payload(p []byte, whole bool, c *Config) (Message, *Error) {
	if len(p) == 0 && !whole {
		return Message{}, nil // the read ended with the header
	}
	if whole {
		d.flags &^= inFrame
	}
	if d.op.Control() {
		return d.control(p, whole, c)
	}
	if d.flags&skipping != 0 {
		d.skip(whole, c)
		return Message{}, nil
	}
	if d.flags&(text|compressed) == text && !d.validText(p, whole) {
		return Message{}, errText
	}
	whole = whole && d.flags&fin != 0
	if whole && d.flags&(fragmented|compressed) == 0 && (d.buf == nil || len(d.buf.msg) == 0) {
		d.releaseBuffer(c) // it had the header
		return Message{Op: d.messageOp(), Payload: p}, nil
	}
	d.buffer(c).add(p, c.maxMessage())
	if !whole {
		return Message{}, nil
	}
	return d.message(c)
}

// skip takes a piece of a data frame that is discarded.
func (d *Decoder) skip(whole bool, c *Config) {
	if whole && d.flags&fin != 0 {
		d.flags &^= fragmented
	}
	if whole && d.buf != nil {
		d.releaseBuffer(c) // it had the header
	}
}

// validText validates the text so far. At its end no code point may be incomplete.
func (d *Decoder) validText(p []byte, whole bool) bool {
	last := whole && d.flags&fin != 0
	if last && d.utf8 == 0 {
		return utf8.Valid(p)
	}
	s, ok := d.utf8.validate(p)
	d.utf8 = s
	return ok && (!last || s == 0)
}

// message returns the accumulated message, which is complete.
func (d *Decoder) message(c *Config) (Message, *Error) {
	m := Message{Op: d.messageOp(), Payload: d.buf.msg, Inflated: d.flags&compressed != 0}
	d.flags &^= fragmented
	b := d.buf
	d.buf = nil
	if d.flags&compressed == 0 {
		c.Pool.put(b)
		return m, nil
	}
	out, bad := c.Pool.inflate(b, c.maxMessage())
	c.Pool.put(b)
	if bad == nil && m.Op == OpText && !utf8.Valid(out) {
		bad = errText
	}
	m.Payload = out
	return m, bad
}

// control takes a piece of a control frame, which may stand between the fragments of a message.
func (d *Decoder) control(p []byte, whole bool, c *Config) (Message, *Error) {
	if !whole {
		d.buffer(c).addControl(p)
		return Message{}, nil
	}
	if b := d.buf; b != nil {
		if b.nctl > 0 {
			p = b.addControl(p)
			b.nctl = 0
		}
		if d.flags&fragmented == 0 {
			d.releaseBuffer(c)
		}
	}
	m := Message{Op: d.op, Payload: p}
	if d.op == OpClose {
		if bad := checkClose(p); bad != nil {
			return Message{}, bad
		}
		d.stop(c)
	}
	return m, nil
}

func (d *Decoder) messageOp() Op {
	if d.flags&text != 0 {
		return OpText
	}
	return OpBinary
}

// buffer returns the connection's buffer, one from the pool if it has none.
func (d *Decoder) buffer(c *Config) *buffer {
	if d.buf == nil {
		d.buf = c.Pool.take()
	}
	return d.buf
}

func (d *Decoder) releaseBuffer(c *Config) {
	c.Pool.put(d.buf)
	d.buf = nil
}

func (d *Decoder) fail(e *Error, c *Config) error {
	d.stop(c)
	return e
}

// stop ends parsing for good and releases the memory.
func (d *Decoder) stop(c *Config) {
	deflate := d.flags & negotiated
	d.Release(c)
	d.flags = deflate | dead
}
