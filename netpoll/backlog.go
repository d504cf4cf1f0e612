//go:build !windows

package netpoll

// The backlog of a connection is what it owes while its peer, or the kernel for it, takes no more. Each loop counts
// what waits and the memory of it.

// owes brings the loop's counters up to date with what c owes while it waits for EPOLLOUT.
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

// owesNothing is owes for an outbox that is given back.
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

// holds counts n bytes of memory more.
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
