//go:build !windows

package netpoll

// A producer that has more to send than a connection takes waits for OnDrain and then goes on. This needs no timer, and
// no memory except for the bytes that are queued.

// fills records before a write that the backlog of c is above LowBacklog.
func (l *Loop) fills(c *Conn) {
	if c.out == nil || !c.open() {
		return
	}
	if e := l.endpointOf(c); e.OnDrain != nil && c.out.own > e.LowBacklog {
		c.set(flagFull)
	}
}

// drains records after a write that the backlog of c has fallen to LowBacklog. The callback is called at the end of the
// turn, because this may be the middle of a broadcast.
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
