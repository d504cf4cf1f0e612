package frame

import "slices"

// Bounds of what a Pool keeps. Larger buffers are left to the garbage collector, so the memory of a burst is freed.
const (
	keepBuffer  = 128 << 10 // bytes of one buffer
	keepTotal   = 512 << 10 // bytes of all buffers
	keepBuffers = 64
)

// Pool has the memory that the decoders of one goroutine share: buffers of split messages and one decompressor. The zero
// value is ready to use. It must not be copied, and it is not safe for concurrent use.
type Pool struct {
	_        noCopy
	free     []*buffer
	bytes    int // capacity of the free buffers
	inflater inflater
}

// noCopy makes "go vet" report copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// buffer is what a connection holds while a message, a control frame or a header is incomplete.
type buffer struct {
	rest  rest             // of the current frame
	hdr   [14]byte         // a header that is split over reads
	nhdr  int              // bytes in hdr
	msg   []byte           // payload received so far, unmasked, still deflated
	frags int              // fragments of the message so far; 0 while it may be unfragmented
	ctl   [maxControl]byte // payload of a control frame that is split over reads
	nctl  int              // bytes in ctl
}

// add appends payload. The capacity depends on the bytes that have arrived, not on the announced length: it doubles up
// to limit.
func (b *buffer) add(p []byte, limit int) {
	if need := len(b.msg) + len(p); need > cap(b.msg) {
		b.msg = slices.Grow(b.msg, max(len(p), min(cap(b.msg), limit-len(b.msg))))
	}
	b.msg = append(b.msg, p...)
}

// addControl appends a piece of a control frame's payload and returns all of it. The check of the header bounds it to
// 125 bytes.
func (b *buffer) addControl(p []byte) []byte {
	b.nctl += copy(b.ctl[b.nctl:], p)
	return b.ctl[:b.nctl]
}

func (p *Pool) take() *buffer {
	if p == nil || len(p.free) == 0 {
		return &buffer{}
	}
	b := p.free[len(p.free)-1]
	p.free[len(p.free)-1] = nil
	p.free = p.free[:len(p.free)-1]
	p.bytes -= cap(b.msg)
	return b
}

// put returns a buffer, which may be nil. Its bytes stay readable until the next take: a Decoder puts the buffer and then
// returns a message in it.
func (p *Pool) put(b *buffer) {
	if p == nil || b == nil || len(p.free) == keepBuffers {
		return
	}
	if cap(b.msg) > keepBuffer || p.bytes+cap(b.msg) > keepTotal {
		b.msg = nil
	}
	b.msg, b.frags, b.nctl, b.nhdr = b.msg[:0], 0, 0, 0
	p.bytes += cap(b.msg)
	p.free = append(p.free, b)
}

// inflate decompresses the message in b with the pool's decompressor.
func (p *Pool) inflate(b *buffer, limit int) ([]byte, *Error) {
	if p == nil {
		return new(inflater).inflate(b, limit)
	}
	return p.inflater.inflate(b, limit)
}
