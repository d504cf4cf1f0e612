//go:build !windows

package netpoll

import (
	"sync"
	"sync/atomic"

	"github.com/throngd/throng/frame"
)

// Buffer is one encoded message, WebSocket header included. It is immutable and has no owner: any goroutine may send it
// to any number of connections and topics, and the garbage collector frees it when the last connection has sent it.
type Buffer struct {
	bytes    []byte // the whole frame
	header   uint8  // bytes of the header
	op       frame.Op
	drops    bool // may be dropped, see droppable.go
	deflated atomic.Pointer[deflated]
}

// deflated is the same message as one RSV1 frame in each of the other forms, made when the first member needs it: few
// messages have one.
type deflated [numForms]struct {
	once  sync.Once
	bytes []byte
}

// NewBuffer encodes p as one message. It copies p.
func NewBuffer(op frame.Op, p []byte) *Buffer {
	return newBuffer(op, frame.AppendFrame(make([]byte, 0, len(p)+frame.HeaderRoom), op, p), len(p))
}

// NewBufferInPlace encodes the payload raw[frame.HeaderRoom:] without a copy: the header is
// written into the room before it. raw must not be touched afterwards.
func NewBufferInPlace(op frame.Op, raw []byte) *Buffer {
	return newBuffer(op, frame.PutHeader(raw, op), len(raw)-frame.HeaderRoom)
}

func newBuffer(op frame.Op, bytes []byte, payload int) *Buffer {
	return &Buffer{bytes: bytes, header: uint8(len(bytes) - payload), op: op}
}

// Droppable marks b as a message that a slow member of a topic may miss. While the backlog of a member is over half of
// [Endpoint.MaxBacklog], droppable messages are counted and not queued, until the backlog has drained; then
// [Endpoint.OnDropped] is called. Droppable returns b, and must be called before b is sent for the first time.
func (b *Buffer) Droppable() *Buffer {
	b.drops = true
	return b
}

// Payload is the message without its header. It must not be changed.
func (b *Buffer) Payload() []byte { return b.bytes[b.header:] }

// Len is the size on the wire in bytes, header included.
func (b *Buffer) Len() int { return len(b.bytes) }

// compressed returns the frame in one of the deflated forms. The message is compressed once for each, by the first loop
// that has a member for it.
func (b *Buffer) compressed(form form, d *frame.Deflater) []byte {
	if b.deflated.Load() == nil {
		b.deflated.CompareAndSwap(nil, new(deflated))
	}
	f := &b.deflated.Load()[form]
	f.once.Do(func() { f.bytes = d.AppendFrame(nil, b.op, b.Payload()) })
	return f.bytes
}
