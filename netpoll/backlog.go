//go:build !windows

package netpoll

// The backlog of a connection is the queued bytes that the kernel does not take, because the peer reads too slowly.
// Each loop counts these bytes and the memory that they occupy.

// owes updates the loop's counters with the backlog of c, which waits for EPOLLOUT.
func (l *Loop) owes(c *Conn) {
	o := c.out
	if o == nil {
		return
	}
	if o.place == 0 {
		l.owing = append(l.owing, c)
		o.place = len(l.owing)
	}
	if o.size != o.counted {
		l.counters.backlog.Add(int64(o.size - o.counted))
		o.counted = o.size
	}
	if own := o.own + c.ciphertext(); own != o.countedOwn {
		l.holds(own - o.countedOwn)
		o.countedOwn = own
	}
}

// owesNothing takes an outbox that is released out of the loop's counters.
func (l *Loop) owesNothing(o *outbox) {
	if o.counted != 0 {
		l.counters.backlog.Add(-int64(o.counted))
		o.counted = 0
	}
	if o.countedOwn != 0 {
		l.holds(-o.countedOwn)
		o.countedOwn = 0
	}
	if o.place > 0 {
		last := len(l.owing) - 1
		l.owing[o.place-1] = l.owing[last]
		l.owing[o.place-1].out.place = o.place
		l.owing = l.owing[:last]
		o.place = 0
	}
}

// holds adds n bytes to the memory of the loop's backlogs.
func (l *Loop) holds(n int) {
	l.counters.memory.Add(int64(n))
	l.grown = l.grown || n > 0
}

// ciphertext is the size of the records that the kernel has not taken.
func (c *Conn) ciphertext() int {
	if c.tls == nil {
		return 0
	}
	return len(c.tls.pending)
}
