//go:build !windows

package netpoll

import (
	"golang.org/x/sys/unix"

	gio "github.com/panjf2000/gnet/v2/pkg/io"

	"github.com/throngd/throng/frame"
)

// Everything that is sent goes into the outbox of its connection first. The loop writes the outboxes at the end of the
// turn, one system call for each; what the kernel does not take stays in the outbox until EPOLLOUT.

// Send queues one message; it leaves at the end of the turn, together with everything else
// the turn has for this connection. It copies p. After the close it does nothing.
func (c *Conn) Send(op frame.Op, p []byte) {
	if !c.open() {
		return
	}
	l := c.loop
	l.counters.messagesOut.n++
	if o := l.outboxFor(c); o != nil {
		o.setTail(l.appendFrame(o.tail, op, p)) // appends in place: a call of a function for each message would show
		l.markDirty(c)
	}
}

// Ping sends a ping with a payload of at most 125 bytes (RFC 6455, 5.5.2); the peer answers with a pong of the same payload,
// see [Endpoint.OnPong]. It counts towards [Endpoint.MaxBacklog] as a message does, and is apart from the pings of
// [Endpoint.PingInterval], which find silent peers. A longer payload is cut. After the close it does nothing.
func (c *Conn) Ping(p []byte) {
	if !c.open() {
		return
	}
	if o := c.loop.outboxFor(c); o != nil {
		o.setTail(c.loop.appendFrame(o.tail, frame.OpPing, p[:min(len(p), 125)]))
		c.loop.markDirty(c)
	}
}

// SendBuffer is Send without a copy: b is shared. A client masks the message, so it copies.
func (c *Conn) SendBuffer(b *Buffer) {
	if c.loop.engine.client {
		c.Send(b.op, b.Payload())
	} else if c.open() {
		c.loop.counters.messagesOut.n++
		c.loop.queueBytes(c, c.formOf(b))
	}
}

// Loop is the loop that owns the connection.
func (c *Conn) Loop() *Loop { return c.loop }

// queueBytes queues immutable bytes: whole frames, or an HTTP response.
func (l *Loop) queueBytes(c *Conn, b []byte) {
	if o := l.outboxFor(c); o != nil {
		o.add(b)
		l.markDirty(c)
	}
}

// queueControl queues what f appends, whatever the backlog is: a ping, a pong, a close frame, or the request of a client.
// Other limits bound them: PingInterval, MaxControls, and that a pong waits while the peer takes nothing.
func (l *Loop) queueControl(c *Conn, f func(dst []byte) []byte) {
	o := l.ensureOutbox(c)
	o.setTail(f(o.tail))
	l.markDirty(c)
}

// outboxFor returns the outbox for a message to c, or nil if c is to get no more. A connection whose backlog is over
// MaxBacklog is closed, since it could not get the message in order. The bound is checked before a message is added, so one
// message may be larger than the bound. Nothing follows a close frame (RFC 6455, 5.5.1).
func (l *Loop) outboxFor(c *Conn) *outbox {
	if c.ending() {
		return nil
	}
	e := l.endpointOf(c)
	if c.out == nil || c.out.size <= e.MaxBacklog {
		return l.ensureOutbox(c)
	}
	if c.open() {
		l.counters.limits.maxBacklog.Add(1)
		c.out.cut()
		c.startClose(e.SlowCode, "slow", ErrSlow)
	}
	return nil
}

// maxFreeOutboxes bounds the empty outboxes that a loop keeps.
const maxFreeOutboxes = 64

// ensureOutbox returns c's outbox, which it takes from the free list if c has none.
func (l *Loop) ensureOutbox(c *Conn) *outbox {
	if c.out == nil {
		if n := len(l.freeOutboxes); n > 0 {
			c.out, l.freeOutboxes = l.freeOutboxes[n-1], l.freeOutboxes[:n-1]
		} else {
			c.out = new(outbox)
		}
		c.out.since, c.out.began = l.wheel.now, l.wheel.now
	}
	return c.out
}

func (l *Loop) freeOutbox(c *Conn) {
	if c.out == nil {
		return
	}
	l.owesNothing(c.out)
	c.out.empty()
	if len(l.freeOutboxes) < maxFreeOutboxes {
		l.freeOutboxes = append(l.freeOutboxes, c.out)
	}
	c.out = nil
}

// markDirty has c's outbox written at the end of the turn. If the kernel is known to take no more, EPOLLOUT resumes the
// writing instead.
func (l *Loop) markDirty(c *Conn) {
	if c.has(flagArmed) {
		l.updateEvents(c)
	} else if !c.has(flagDirty) {
		c.set(flagDirty)
		l.dirty = append(l.dirty, c)
	}
}

func (l *Loop) flushDirty() {
	for i := 0; i < len(l.dirty); i++ {
		c := l.dirty[i]
		c.clear(flagDirty)
		l.flush(c)
	}
	l.dirty = l.dirty[:0] // the pointers behind it lead into the slab, which stays anyway
}

// writable is EPOLLOUT.
func (l *Loop) writable(c *Conn) {
	if f := c.row().writable; f != nil {
		f(l, c)
		return
	}
	l.flush(c)
}

// flush writes c's outbox until it is empty or the kernel takes no more.
func (l *Loop) flush(c *Conn) {
	l.fills(c)
	l.write(c)
	l.drains(c)
}

func (l *Loop) write(c *Conn) {
	for c.out != nil && !c.has(flagDead) {
		n, err := l.writeSome(c)
		if n > 0 {
			l.counters.countWritten(c, n)
			c.out.sent(n)
			c.out.since = l.wheel.now
			if c.has(flagArmed) {
				c.heard = l.wheel.now // a peer that takes bytes is alive
			}
		}
		switch {
		case c.out.size == 0 && !c.owesCiphertext():
			l.freeOutbox(c)
			l.backlogDrained(c)
		case err == unix.EAGAIN:
			l.startBacklog(c)
			return
		case err != nil && err != unix.EINTR:
			c.fail(err)
			return
		}
	}
}

// writeSome makes one system call. A short write is followed by another one, which says EAGAIN.
func (l *Loop) writeSome(c *Conn) (int, error) {
	if c.tls != nil {
		return l.writeRecord(c)
	}
	b, rest := c.out.first()
	if !rest {
		return send(int(c.fd), b)
	}
	l.vector = c.out.vector(l.vector[:0], 256)
	n, err := gio.Writev(int(c.fd), l.vector)
	clear(l.vector)
	return max(n, 0), err
}

func (c *Conn) owesCiphertext() bool { return c.ciphertext() > 0 }

// startBacklog is called when the kernel takes no more: EPOLLOUT is awaited, the member
// leaves the fast lists of its topics, and a peer that does not read is not read either.
func (l *Loop) startBacklog(c *Conn) {
	if !c.has(flagSlow) && c.open() {
		l.fanout.behind(c)
		l.schedule(c, l.wheel.now+l.engine.ticksOf(l.endpointOf(c).MaxBacklogAge))
	}
	l.updateEvents(c)
}

// backlogDrained is called when all of c's outbox has been written. The steps that had to wait for that follow: the
// pong, the notice about dropped messages, the fast lists, the end of the closing handshake.
func (l *Loop) backlogDrained(c *Conn) {
	if c.has(flagPong) && c.open() {
		c.clear(flagPong)
		l.queueControl(c, func(dst []byte) []byte { return l.appendFrame(dst, frame.OpPong, c.aux.pong) })
		c.aux.pong = nil
		return
	}
	if !l.fanout.drained(c) {
		return
	}
	if c.has(flagArmed) {
		l.updateEvents(c)
	}
	if f := c.row().written; f != nil {
		f(l, c)
	}
}
