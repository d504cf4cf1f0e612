package frame

import (
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Message is a whole message or a control frame.
type Message struct {
	Op       Op     // OpText, OpBinary, OpClose, OpPing or OpPong; 0 when more bytes are needed
	Inflated bool   // it came compressed: Payload may be far longer than what was sent
	Payload  []byte // unmasked, inflated; text is UTF-8 and a close payload is valid
}

// Decoder is the incremental parser of one connection: 16 bytes, one pointer that is nil while nothing is split
// over reads or fragments. The zero value is ready, and a zero Decoder is between two messages. Not safe for
// concurrent use.
type Decoder struct {
	buf   *buffer   // what has arrived of an incomplete header, frame or message
	flags flags     // see below
	op    Op        // of the current frame
	utf8  utf8State // of the current text message; 0 again at its end
}

// rest is the payload of the current frame that is still to come.
type rest struct {
	n    int     // bytes
	mask [4]byte // turned so that mask[0] meets the first of them
}

type flags uint8

const (
	negotiated flags = 1 << iota // permessage-deflate
	inFrame                      // a header is complete, its payload is not
	fin                          // the current frame is the last of its message
	fragmented                   // a data message has begun and its last fragment has not
	text                         // that message, or the current data frame, is text
	compressed                   // and is deflated
	dead                         // a close frame or an error: nothing is parsed any more
	skipping                     // the payload of data frames is thrown away
)

// EnableDeflate says that permessage-deflate was negotiated with no context takeover both ways, as AcceptDeflate
// answers. Call it before the first Next.
func (d *Decoder) EnableDeflate() { d.flags |= negotiated }

// Deflate reports whether permessage-deflate was negotiated.
func (d *Decoder) Deflate() bool { return d.flags&negotiated != 0 }

// Partial reports whether a frame or a message is in progress: the time when an assembly deadline runs.
func (d *Decoder) Partial() bool {
	return d.buf != nil
}

// SkipData makes Next return control frames alone from now on. The payload of data frames is thrown away: it is
// neither kept nor inflated nor checked. It is for the time after a close frame of ours, when only the peer's close
// frame is awaited (RFC 6455 section 5.5.1).
func (d *Decoder) SkipData() {
	d.flags |= skipping
	d.utf8 = 0
	if d.buf != nil {
		d.buf.msg = nil
	}
}

// Release gives pooled memory back to c; the decoder is zero afterwards, deflate included.
func (d *Decoder) Release(c *Config) {
	c.buffers.put(d.buf)
	*d = Decoder{}
}

// Next consumes from b, unmasking in place, and returns the next whole message or control frame and how many
// bytes of b were used; call it again with the rest. m.Op is 0 when more bytes are needed, and then all of b
// was used. m.Payload is valid until the next call with the same Config, or until b is reused.
//
// An error is always an *Error, the close to send. After it, and after a close frame, the connection is over:
// Next takes all bytes and returns nothing (RFC 6455 sections 5.5.1 and 7.1.7).
func (d *Decoder) Next(b []byte, c *Config) (m Message, n int, err error) {
	// A short cut for most of what a chat server reads: a small unfragmented message, whole in b, its text valid. It saves
	// half of the time. Everything else goes the long way, which would say the same of these.
	if len(b) < 6 || d.buf != nil || d.flags&(dead|skipping) != 0 || c.Client {
		return d.next(b, c)
	}
	op, size := Op(b[0]-bitFin), int(b[1])-bitMask
	if op != OpText && op != OpBinary || size < 0 || size > min(maxControl, c.maxMessage(), len(b)-6) {
		return d.next(b, c)
	}
	mask, p := [4]byte(b[2:]), b[6:6+size]
	if !unmaskASCII(p, mask) && op == OpText && !utf8.Valid(p) {
		ws.Cipher(p, mask, 0) // as it was
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
		r.take(p, c)
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

// take unmasks p, which is what comes next (RFC 6455 section 5.3).
func (r *rest) take(p []byte, c *Config) {
	r.n -= len(p)
	if c.Client {
		return
	}
	ws.Cipher(p, r.mask, 0)
	if r.n > 0 {
		m := r.mask
		for i := range m {
			r.mask[i] = m[(len(p)+i)%len(m)]
		}
	}
}

// payload handles an unmasked piece of the current frame; with it the frame is whole, or not. The result is empty unless
// p completes a message or a control frame.
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
		d.giveBack(c) // it held the header
		return Message{Op: d.messageOp(), Payload: p}, nil
	}
	d.buffer(c).add(p, c.maxMessage())
	if !whole {
		return Message{}, nil
	}
	return d.message(c)
}

// skip handles a piece of a data frame whose payload nobody wants.
func (d *Decoder) skip(whole bool, c *Config) {
	if whole && d.flags&fin != 0 {
		d.flags &^= fragmented
	}
	if whole && d.buf != nil {
		d.giveBack(c) // it held the header
	}
}

// validText validates as far as the text has come: at its end no code point may be open.
func (d *Decoder) validText(p []byte, whole bool) bool {
	last := whole && d.flags&fin != 0
	if last && d.utf8 == 0 {
		return utf8.Valid(p)
	}
	s, ok := d.utf8.validate(p)
	d.utf8 = s
	return ok && (!last || s == 0)
}

// message ends the accumulated message.
func (d *Decoder) message(c *Config) (Message, *Error) {
	m := Message{Op: d.messageOp(), Payload: d.buf.msg, Inflated: d.flags&compressed != 0}
	d.flags &^= fragmented
	b := d.buf
	d.buf = nil
	if d.flags&compressed == 0 {
		c.buffers.put(b)
		return m, nil
	}
	out, bad := c.inflater.inflate(b, c.maxMessage())
	c.buffers.put(b)
	if bad == nil && m.Op == OpText && !utf8.Valid(out) {
		bad = errText
	}
	m.Payload = out
	return m, bad
}

// control handles a piece of a control frame, which may stand between the fragments of a message.
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
			d.giveBack(c)
		}
	}
	m := Message{Op: d.op, Payload: p}
	if d.op == OpClose {
		if bad := checkClose(p); bad != nil {
			return Message{}, bad
		}
		d.end(c)
	}
	return m, nil
}

func (d *Decoder) messageOp() Op {
	if d.flags&text != 0 {
		return OpText
	}
	return OpBinary
}

// buffer is the connection's own accumulator, taken from the pool when there is none yet.
func (d *Decoder) buffer(c *Config) *buffer {
	if d.buf == nil {
		d.buf = c.buffers.take()
	}
	return d.buf
}

func (d *Decoder) giveBack(c *Config) {
	c.buffers.put(d.buf)
	d.buf = nil
}

func (d *Decoder) fail(e *Error, c *Config) error {
	d.end(c)
	return e
}

// end stops parsing for good and gives the memory back.
func (d *Decoder) end(c *Config) {
	deflate := d.flags & negotiated
	d.Release(c)
	d.flags = deflate | dead
}
