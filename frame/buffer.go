package frame

import "slices"

// What a Config keeps for the next message that is split. Larger buffers go to the garbage collector, so one
// burst of large messages does not stay in memory for ever.
const (
	keepBuffer  = 128 << 10 // bytes of one buffer
	keepTotal   = 512 << 10 // bytes of all of them
	keepBuffers = 64
)

// buffer is what a connection holds while a message, a control frame or a header of its peer is incomplete.
type buffer struct {
	rest  rest             // of the current frame
	hdr   [14]byte         // a header that is split over reads
	nhdr  int              // bytes in hdr
	msg   []byte           // payload received so far, unmasked, still deflated
	frags int              // frames of the message, the current one included; 0 while it may be the only one
	ctl   [maxControl]byte // payload of a control frame that is split over reads
	nctl  int
}

// add appends payload. Capacity follows what has arrived, never what was announced: it doubles until limit comes
// into sight.
func (b *buffer) add(p []byte, limit int) {
	if need := len(b.msg) + len(p); need > cap(b.msg) {
		b.msg = slices.Grow(b.msg, max(len(p), min(cap(b.msg), limit-len(b.msg))))
	}
	b.msg = append(b.msg, p...)
}

// addControl appends a piece of a control frame's payload and returns all of it. The header check keeps it
// within 125 bytes.
func (b *buffer) addControl(p []byte) []byte {
	b.nctl += copy(b.ctl[b.nctl:], p)
	return b.ctl[:b.nctl]
}

// pool is the free list of a Config. What was put back stays readable until the next take: a Decoder returns
// the buffer first and hands its bytes out then.
type pool struct {
	free  []*buffer
	bytes int // capacity of the free buffers
}

func (p *pool) take() *buffer {
	if len(p.free) == 0 {
		return &buffer{}
	}
	b := p.free[len(p.free)-1]
	p.free[len(p.free)-1] = nil
	p.free = p.free[:len(p.free)-1]
	p.bytes -= cap(b.msg)
	return b
}

func (p *pool) put(b *buffer) {
	if b == nil || len(p.free) == keepBuffers {
		return
	}
	if cap(b.msg) > keepBuffer || p.bytes+cap(b.msg) > keepTotal {
		b.msg = nil
	}
	b.msg, b.frags, b.nctl, b.nhdr = b.msg[:0], 0, 0, 0
	p.bytes += cap(b.msg)
	p.free = append(p.free, b)
}
