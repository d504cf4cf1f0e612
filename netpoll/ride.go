//go:build !windows

package netpoll

import "slices"

// Who publishes is answered and is a member too: two sends for one person, one of eleven in a room of ten. So the
// answer waits for the walk that hands out the message, and rides along with it. In a walk over many members the wait is
// long, and worth it only where many ride.

const (
	rideMembers = lingerMembers // in larger topics answers leave before the walk,
	rideShare   = 32            // unless there is one for so many members
)

// marks is a set of descriptors, a bit each.
type marks []uint64

func (m *marks) set(fd int32) {
	if n := int(fd)/64 + 1 - len(*m); n > 0 {
		*m = append(*m, make(marks, n)...)
	}
	(*m)[fd/64] |= 1 << (fd % 64)
}

// take removes fd and reports whether it was there.
func (m marks) take(fd int32) bool {
	i, bit := int(fd/64), uint64(1)<<(fd%64)
	if i >= len(m) || m[i]&bit == 0 {
		return false
	}
	m[i] &^= bit
	return true
}

// rider is an answer that leaves with the next walk of a topic, whose member h is.
type rider struct {
	handle Handle
	buf    *Buffer
}

// SendWithNext sends buf to h, at the latest with what is pending in topic, if that is to leave soon: one system call for
// both. Of a message that was published before it does not matter which of the two comes first.
func (b *Batch) SendWithNext(h Handle, topic string, buf *Buffer) {
	b.add(op{kind: opSendWithNext, handle: h, name: topic, buf: buf})
}

// sendWithNext has b wait for the next walk of the topic, or sends it.
func (l *Loop) sendWithNext(c *Conn, topic string, b *Buffer) {
	t := l.topics[topic]
	if t == nil || len(t.pending) == 0 || t.walk.active || !c.memberOf(t) {
		c.SendBuffer(b)
		return
	}
	t.riders = append(t.riders, rider{c.Handle(), b})
}

// board queues what waits for the walk that begins, for members that owe bytes from here on until step comes by and are
// marked for that; or sends it, where few ride with many.
func (l *Loop) board(t *topic) {
	n := len(t.riders)
	ride := t.members() <= rideMembers || n*rideShare >= t.members()
	for _, r := range t.riders {
		c := l.lookup(r.handle)
		if c == nil {
			continue
		}
		c.SendBuffer(r.buf)
		if ride {
			l.riding.set(c.fd)
		} else {
			l.flush(c)
		}
	}
	clear(t.riders)
	t.riders = t.riders[:0]
}

// ride sends c, a fast member, what it owes and the bytes of the walk. It reports false if c owes nothing.
func (l *Loop) ride(w *walk, c *Conn) bool {
	if c.out == nil {
		return false
	}
	if c.phase != phaseOpen || c.has(flagDead) {
		return true
	}
	if b := w.bytes[w.stage]; len(b) <= copyLimit {
		c.out.add(b)
	} else {
		c.out.addShared(w.shared(l, c.form()))
	}
	l.flush(c)
	return true
}

// alight queues at once what waits for c, which is about to leave t.
func (l *Loop) alight(t *topic, c *Conn) {
	t.riders = slices.DeleteFunc(t.riders, func(r rider) bool {
		if r.handle != c.Handle() {
			return false
		}
		c.SendBuffer(r.buf)
		return true
	})
}
