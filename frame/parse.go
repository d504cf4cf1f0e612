package frame

import (
	"encoding/binary"
	"math"
)

// header reads one frame header from b and returns the number of bytes read. When the header is complete inFrame is set
// and r is the payload that follows. Until then all of b has been read.
func (d *Decoder) header(b []byte, r *rest, c *Config) (int, *Error) {
	if d.buf == nil || d.buf.nhdr == 0 {
		n, bad := d.parse(b, r, c)
		if n == 0 && bad == nil && len(b) > 0 {
			buf := d.buffer(c)
			n = copy(buf.hdr[:], b)
			buf.nhdr = n
		}
		return n, bad
	}
	// A header that is split over reads is parsed again from its first byte with each further byte. The checks use no
	// state that changes before the header is complete.
	buf := d.buf
	for i, x := range b {
		buf.hdr[buf.nhdr] = x
		buf.nhdr++
		n, bad := d.parse(buf.hdr[:buf.nhdr], r, c)
		if n != 0 || bad != nil {
			buf.nhdr = 0
			return i + 1, bad
		}
	}
	return len(b), nil
}

// parse checks each part of the header at the beginning of h that has arrived, and begins the frame if the header is
// complete. It returns the header's length, or 0 if h is too short.
func (d *Decoder) parse(h []byte, r *rest, c *Config) (int, *Error) {
	if len(h) == 0 {
		return 0, nil
	}
	if bad := d.checkFirst(h[0]); bad != nil || len(h) == 1 {
		return 0, bad
	}
	size, n := 2, uint64(h[1]&^bitMask)
	if bad := checkSecond(h, c); bad != nil {
		return 0, bad
	}
	if n >= len16 {
		size, n = extended(h)
		if size == 0 {
			return 0, nil
		}
		if bad := checkLength(size, n); bad != nil {
			return 0, bad
		}
	}
	if bad := d.checkSize(h[0], n, c); bad != nil {
		return 0, bad
	}
	if !c.Client {
		size += len(r.mask)
		if len(h) < size {
			return 0, nil
		}
		r.mask = [4]byte(h[size-len(r.mask):])
	}
	r.n = int(n)
	return size, d.begin(h[0], int(n), c)
}

// checkFirst checks opcode, reserved bits and fragmentation, which are in the first byte (RFC 6455 sections 5.2 and 5.4).
// RSV1 marks the first frame of a compressed message (RFC 7692 section 6).
func (d *Decoder) checkFirst(b0 byte) *Error {
	op := Op(b0 & 0x0F)
	rsv := b0 & bitRSV
	switch {
	case op > OpPong, op > OpBinary && op < OpClose:
		return errReservedOp
	case rsv != 0 && (rsv != bitRSV1 || d.flags&negotiated == 0 || op.Control() || op == OpContinuation):
		return errReservedBit
	case op.Control():
		if b0&bitFin == 0 {
			return errControlFin
		}
	case op == OpContinuation && d.flags&fragmented == 0:
		return errNoStart
	case op != OpContinuation && d.flags&fragmented != 0:
		return errInterleaved
	}
	return nil
}

// checkSecond checks the mask bit (RFC 6455 section 5.1) and the length of a control frame (section 5.5).
func checkSecond(h []byte, c *Config) *Error {
	masked := h[1]&bitMask != 0
	if masked && c.Client {
		return errMasked
	}
	if !masked && !c.Client {
		return errUnmasked
	}
	if Op(h[0]&0x0F).Control() && h[1]&^bitMask > maxControl {
		return errControlSize
	}
	return nil
}

// extended reads a 16 or 64 bit length and returns its end, 0 if it is not complete.
func extended(h []byte) (size int, n uint64) {
	if h[1]&^bitMask == len16 {
		if len(h) < 4 {
			return 0, 0
		}
		return 4, uint64(binary.BigEndian.Uint16(h[2:]))
	}
	if len(h) < HeaderRoom {
		return 0, 0
	}
	return HeaderRoom, binary.BigEndian.Uint64(h[2:])
}

// checkLength checks that the most significant bit is 0 and that the shortest form is used (RFC 6455 section 5.2). The
// Autobahn suite does not test the latter. A proxy that reads such a length differently would see other frames.
func checkLength(size int, n uint64) *Error {
	if n >= 1<<63 {
		return errLengthTop
	}
	if size == 4 && n < len16 || size == HeaderRoom && n <= 0xFFFF {
		return errLength
	}
	return nil
}

// checkSize compares the message, with the n bytes that this frame announces, with the limit. It compares n with what is
// left of the limit, since a sum could overflow.
func (d *Decoder) checkSize(b0 byte, n uint64, c *Config) *Error {
	if Op(b0&0x0F).Control() || d.flags&skipping != 0 && n <= math.MaxInt {
		return nil
	}
	left := c.maxMessage()
	if d.flags&fragmented != 0 {
		left -= len(d.buf.msg)
	}
	if left < 0 || n > uint64(left) {
		return errTooBig
	}
	return nil
}

// begin begins the frame of a complete header.
func (d *Decoder) begin(b0 byte, n int, c *Config) *Error {
	d.op = Op(b0 & 0x0F)
	d.flags |= inFrame
	if d.op.Control() {
		return nil
	}
	if d.op != OpContinuation {
		d.startMessage(b0)
	}
	if b0&bitFin != 0 {
		d.flags |= fin
	} else {
		d.flags = d.flags&^fin | fragmented
	}
	if d.flags&(fragmented|skipping) == fragmented {
		return d.countFragment(n, c)
	}
	return nil
}

func (d *Decoder) startMessage(b0 byte) {
	d.flags &^= text | compressed
	if d.op == OpText {
		d.flags |= text
	}
	if b0&bitRSV1 != 0 {
		d.flags |= compressed
	}
}

// minFragment is the mean payload in bytes that many fragments must have. A bound on their number alone would refuse
// legitimate peers: 4 MiB in fragments of 64 bytes are 65,536.
const minFragment = 16

// countFragment refuses a message of very many, nearly empty fragments, which takes much work for little data.
func (d *Decoder) countFragment(n int, c *Config) *Error {
	b := d.buffer(c)
	b.frags++
	if b.frags > c.maxFragments() && uint64(len(b.msg)+n)/minFragment < uint64(b.frags) {
		return errManyFragments
	}
	return nil
}
