//go:build !windows

package netpoll

import (
	"time"

	"github.com/throngd/throng/frame"
)

// Batch is a list of operations for one loop, carried out in order. It is built by one
// goroutine, handed over whole by [Loop.Post], and costs one wake-up. Get one from
// [Loop.NewBatch]; after Post it belongs to the loop.
type Batch struct {
	ops       []op
	bytes     int64
	publishes bool
	posted    time.Duration // the server's clock at Post, if it publishes
}

type op struct {
	kind   opKind
	code   frame.CloseCode
	handle Handle
	name   string // a topic, or the reason of a close
	buf    *Buffer
	call   func(*Conn)
	run    func()
}

type opKind uint8

const (
	opPublish opKind = iota
	opSend
	opSendWithNext
	opSubscribe
	opUnsubscribe
	opClose
	opCall
	opRun
)

// Len is the number of operations.
func (b *Batch) Len() int { return len(b.ops) }

// Publish sends buf to every member of topic on that loop.
func (b *Batch) Publish(topic string, buf *Buffer) {
	b.publishes = true
	b.add(op{kind: opPublish, name: topic, buf: buf})
}

// Send sends buf to one connection.
func (b *Batch) Send(h Handle, buf *Buffer) {
	b.add(op{kind: opSend, handle: h, buf: buf})
}

// Subscribe makes h a member of topic: it gets first (unless nil), and then every Publish of
// topic that comes later, none that came before.
func (b *Batch) Subscribe(h Handle, topic string, first *Buffer) {
	b.add(op{kind: opSubscribe, handle: h, name: topic, buf: first})
}

// Unsubscribe ends the membership: h gets every Publish that came before, then last (unless nil).
func (b *Batch) Unsubscribe(h Handle, topic string, last *Buffer) {
	b.add(op{kind: opUnsubscribe, handle: h, name: topic, buf: last})
}

// Close starts the closing handshake, as [Conn.Close] does.
func (b *Batch) Close(h Handle, code frame.CloseCode, reason string) {
	b.add(op{kind: opClose, handle: h, code: code, name: reason})
}

// Call runs f on the loop if the connection still exists.
func (b *Batch) Call(h Handle, f func(c *Conn)) {
	b.add(op{kind: opCall, handle: h, call: f})
}

func (b *Batch) add(o op) {
	if o.buf != nil {
		b.bytes += int64(o.buf.Len())
	}
	b.ops = append(b.ops, o)
}

func (b *Batch) reset() {
	clear(b.ops)
	if cap(b.ops) > 4096 {
		b.ops = nil
	}
	b.ops, b.bytes, b.publishes, b.posted = b.ops[:0], 0, false, 0
}
