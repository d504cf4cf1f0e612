//go:build !windows

package netpoll

import "time"

// A peer that reads slowly takes bytes for as long as the kernel has some, while the kernel may take none from the
// loop. So the kernel is asked before a connection is closed because its peer takes nothing; other connections do not
// cost this system call. The kernel knows what the peer's kernel has acknowledged. This progresses in steps: a receive
// window that was full opens again when about a segment, or a sixteenth of the receive buffer, has been read.

// delivery is the progress of a peer as the kernel knows it.
type delivery struct {
	acked uint64        // bytes that the peer has acknowledged so far
	owes  bool          // some sent bytes are not acknowledged
	ago   time.Duration // since the peer last acknowledged bytes
}

// progress returns the tick at which c's peer last took bytes, and false if that was before the last call for c, or is
// not known.
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

// notesProgress begins the age of c's backlog at the tick at which its peer last took bytes.
func (l *Loop) notesProgress(c *Conn) {
	if at, _, ok := l.progress(c); ok {
		c.out.since = max(c.out.since, at)
	}
}

// readsOn reports whether a peer that did not answer a ping may not have seen it yet: the kernel still has data for it
// in front of the ping, and the peer has taken some of that since a tick.
func (l *Loop) readsOn(c *Conn, since uint32) bool {
	at, owes, ok := l.progress(c)
	return ok && owes && at >= since
}
