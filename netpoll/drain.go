//go:build !windows

package netpoll

// A producer that sends a connection more than it takes waits for OnDrain and then goes on: no timer, and no memory
// but for what is on its way.

// fills notes before a write that c owes more than LowBacklog.
func (l *Loop) fills(c *Conn) {
	if c.out == nil || !c.open() {
		return
	}
	if e := l.endpointOf(c); e.OnDrain != nil && c.out.own > e.LowBacklog {
		c.set(flagFull)
	}
}

// drains notes after a write that c does so no more. The callback comes at the end of the turn: now may be in the
// middle of a broadcast.
func (l *Loop) drains(c *Conn) {
	if c.has(flagFull) && c.OwnBacklog() <= l.endpointOf(c).LowBacklog {
		c.clear(flagFull)
		l.drained = append(l.drained, c.Handle())
	}
}

func (l *Loop) tellDrained() {
	for i := 0; i < len(l.drained); i++ {
		if c := l.lookup(l.drained[i]); c != nil && c.live() {
			l.onDrain(c)
		}
	}
	l.drained = l.drained[:0]
}

func (l *Loop) onDrain(c *Conn) {
	defer l.recoverPanic(c.Handle())
	l.endpointOf(c).OnDrain(c)
}
