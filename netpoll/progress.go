//go:build !windows

package netpoll

import "time"

// A peer that reads slowly takes bytes for as long as the kernel has some, while the kernel may take none from us. So
// before a connection is closed because its peer takes nothing, the kernel is asked; nobody else pays for that.
// What it knows is what the peer's kernel has acknowledged, which is in steps: a receive window that was full opens
// again when about a segment, or a sixteenth of the receive buffer, has been read.

// delivery is what the kernel knows of what a peer has taken.
type delivery struct {
	acked uint64        // bytes that the peer has acknowledged so far
	owes  bool          // there are others that it has not
	ago   time.Duration // since it last took some
}

// progress tells when c's peer last took something, and false if that was before the last call for c, or is not known.
func (l *Loop) progress(c *Conn) (at uint32, owes, ok bool) {
	d, ok := deliveryOf(int(c.fd))
	if !ok {
		return 0, false, false
	}
	r := c.rare()
	moved := d.acked != r.acked
	r.acked = d.acked
	return l.wheel.now - min(l.wheel.now, uint32(d.ago/l.engine.Tick)), d.owes, moved
}

// notesProgress moves the age of c's backlog to when its peer last took something.
func (l *Loop) notesProgress(c *Conn) {
	if at, _, ok := l.progress(c); ok {
		c.out.since = max(c.out.since, at)
	}
}

// readsOn reports whether a peer that did not answer a ping may not have seen it yet: the kernel still has data for it,
// in front of the ping, of which it has taken some since a tick.
func (l *Loop) readsOn(c *Conn, since uint32) bool {
	at, owes, ok := l.progress(c)
	return ok && owes && at >= since
}
