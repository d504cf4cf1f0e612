//go:build !windows

package netpoll

import (
	"golang.org/x/sys/unix"

	gio "github.com/panjf2000/gnet/v2/pkg/io"

	"github.com/throngd/throng/frame"
)

// Send queues one message; it leaves at the end of the turn, together with everything else
// the turn has for this connection. It copies p. After the close it does nothing.
func (c *Conn) Send(op frame.Op, p []byte) {
	if c.phase != phaseOpen {
		return
	}
	l := c.loop
	l.tally.messagesOut.n++
	if o := l.room(c); o != nil {
		o.grown(l.appendFrame(o.tail, op, p)) // put, without the call of a function for each message
		l.soil(c)
	}
}

// SendBuffer is Send without a copy: b is shared. A client masks, and copies.
func (c *Conn) SendBuffer(b *Buffer) {
	if c.loop.dials != nil {
		c.Send(b.op, b.Payload())
	} else if c.phase == phaseOpen {
		c.loop.tally.messagesOut.n++
		c.loop.sendBytes(c, c.formOf(b))
	}
}

// Loop is the loop that owns the connection.
func (c *Conn) Loop() *Loop { return c.loop }

// sendBytes queues immutable bytes: whole frames, or an HTTP response.
func (l *Loop) sendBytes(c *Conn, b []byte) {
	if o := l.room(c); o != nil {
		o.add(b)
		l.soil(c)
	}
}

// extend lets f append frames to what c owes.
func (l *Loop) extend(c *Conn, f func(dst []byte) []byte) {
	if l.room(c) != nil {
		l.put(c, f)
	}
}

// put is extend for what has room in any case.
func (l *Loop) put(c *Conn, f func(dst []byte) []byte) {
	o := l.box(c)
	o.grown(f(o.tail))
	l.soil(c)
}

// extendControl is extend for a ping or a pong, which always have room: what bounds them is
// PingInterval, MaxControls, and that a pong waits while the peer takes nothing.
func (l *Loop) extendControl(c *Conn, f func(dst []byte) []byte) {
	if c.phase <= phaseOpen { // nothing follows the close frame (RFC 6455, 5.5.1)
		l.put(c, f)
	}
}

// room returns what c's messages are queued in, or nil. It checks the bound before a message is
// added, so that one message may be larger than the bound. Beyond it the connection is closed:
// what it has not got yet it can only get by coming back.
func (l *Loop) room(c *Conn) *outbox {
	if c.phase > phaseOpen {
		return nil // nothing follows the close frame (RFC 6455, 5.5.1)
	}
	e := l.endpointOf(c)
	if c.out == nil || c.out.size <= e.MaxBacklog {
		return l.box(c)
	}
	if c.phase == phaseOpen {
		l.tally.limits.maxBacklog.Add(1)
		c.out.cut()
		c.shut(e.SlowCode, "slow")
	}
	return nil
}

func (l *Loop) box(c *Conn) *outbox {
	if c.out == nil {
		if n := len(l.boxes); n > 0 {
			c.out, l.boxes = l.boxes[n-1], l.boxes[:n-1]
		} else {
			c.out = new(outbox)
		}
		c.out.since, c.out.began = l.wheel.now, l.wheel.now
	}
	return c.out
}

// maxFreeBoxes bounds the empty outboxes a loop keeps.
const maxFreeBoxes = 64

func (l *Loop) freeBox(c *Conn) {
	if c.out == nil {
		return
	}
	l.owesNothing(c.out)
	c.out.empty()
	if len(l.boxes) < maxFreeBoxes {
		l.boxes = append(l.boxes, c.out)
	}
	c.out = nil
}

// soil notes that c has bytes for the end of the turn. If the kernel is known to take no
// more, EPOLLOUT will resume it.
func (l *Loop) soil(c *Conn) {
	if c.has(flagArmed) {
		l.watch(c)
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
	l.dirty = l.dirty[:0] // what stands behind it points into the slab, which stays anyway
}

// writable is EPOLLOUT.
func (l *Loop) writable(c *Conn) {
	if c.phase == phaseConnect {
		l.connected(c)
		return
	}
	l.flush(c)
}

// flush writes what c owes until it is done or the kernel takes no more.
func (l *Loop) flush(c *Conn) {
	l.fills(c)
	l.write(c)
	l.drains(c)
}

func (l *Loop) write(c *Conn) {
	for c.out != nil && !c.has(flagDead) {
		n, err := l.writeSome(c)
		if n > 0 {
			l.tally.wrote(c, n)
			c.out.sent(n)
			c.out.since = l.wheel.now
			if c.has(flagArmed) {
				c.heard = l.wheel.now // a peer that takes bytes is alive
			}
		}
		switch {
		case c.out.size == 0 && !c.owesCiphertext():
			l.freeBox(c)
			l.emptied(c)
		case err == unix.EAGAIN:
			l.backlog(c)
			return
		case err != nil && err != unix.EINTR:
			c.fail(err.Error())
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

// backlog is what happens when the kernel takes no more: EPOLLOUT is awaited, the member
// leaves the fast lists of its topics, and a peer that does not read is not read either.
func (l *Loop) backlog(c *Conn) {
	if !c.has(flagSlow) && c.phase == phaseOpen {
		l.demote(c)
		l.schedule(c, l.wheel.now+l.server.ticksOf(l.endpointOf(c).MaxBacklogAge))
	}
	l.watch(c)
}

// emptied is the end of a backlog.
func (l *Loop) emptied(c *Conn) {
	if c.has(flagPong) && c.phase == phaseOpen {
		c.clear(flagPong)
		l.extendControl(c, func(dst []byte) []byte { return l.appendFrame(dst, frame.OpPong, c.aux.pong) })
		c.aux.pong = nil
		return
	}
	if c.has(flagDrops) && c.phase == phaseOpen {
		c.clear(flagDrops)
		l.tellDropped(c, nil)
		if c.out != nil {
			return
		}
	}
	if c.has(flagSlow) {
		l.promote(c)
	}
	if c.has(flagArmed) {
		l.watch(c)
	}
	switch c.phase {
	case phaseClosing:
		l.awaitEnd(c) // the peer has its time from the close frame on
	case phaseLinger:
		l.finish(c)
	}
}
