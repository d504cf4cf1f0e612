//go:build !windows

package netpoll

import (
	"bytes"
	"time"
)

// One read can bring 10,000 frames, or 50 MB when they are inflated. So the loop delivers messages of one connection for at
// most readTime at a stretch, a read slice. What it has read and not delivered by then is the remainder of the connection.
// The remainder waits in a queue of the loop and is continued in the turns of the mailbox, in order with those of other
// connections, so that all of them are served in between. The socket is read again when nothing of the remainder is left.
//
// Reading less bounds the memory: once the remainders of a loop take more than keptBytes, all its reads are short ones.

const (
	readTime    = time.Millisecond
	keptBytes   = 1 << 20
	shortRead   = 2 << 10
	checkWork   = 32 << 10 // bytes between two looks at the clock,
	messageWork = 512      // each message counting for so many more
)

// readSlice measures for how long the loop has delivered messages of one connection.
type readSlice struct {
	work  int           // bytes delivered since the last look at the clock
	since time.Duration // the clock at the first look; zero before
}

// sliceUsed counts a message of n bytes and reports whether the read slice is over.
func (l *Loop) sliceUsed(n int) (over bool) {
	l.slice.work += n + messageWork
	return l.slice.work >= checkWork && l.sliceOver()
}

// sliceOver looks at the clock.
func (l *Loop) sliceOver() bool {
	now := l.engine.clock()
	if l.slice.since == 0 {
		l.slice.since = now
	}
	l.slice.work = 0
	return now-l.slice.since >= l.engine.readTime
}

// remainder holds the bytes that were read from a connection and not delivered: plain, and then the contents of sealed,
// which are TLS records.
type remainder struct {
	handle        Handle
	plain, sealed []byte
	bytes         int // its part of remainders.bytes
}

// remainders are those of a loop, in order and by descriptor.
type remainders struct {
	queue []*remainder
	of    map[int32]*remainder
	bytes int
	own   bool // the frames that are being delivered lie in a remainder
}

// buffer is the part of the read buffer that the next read may fill.
func (l *Loop) buffer() []byte {
	if l.remainders.bytes > keptBytes {
		return l.readBuf[:min(shortRead, len(l.readBuf))]
	}
	return l.readBuf
}

// keepRemainder makes plain, and behind it sealed, wait for the next read slice of c. It copies both, unless they are
// the end of c's last remainder.
func (l *Loop) keepRemainder(c *Conn, plain, sealed []byte) {
	r := l.remainders.of[c.fd]
	switch {
	case r == nil:
		r = &remainder{handle: c.Handle(), plain: bytes.Clone(plain), sealed: bytes.Clone(sealed)}
		if l.remainders.of == nil {
			l.remainders.of = make(map[int32]*remainder)
		}
		l.remainders.of[c.fd] = r
		l.counters.deferred.Add(1)
	case c.has(flagRemainder):
		r.plain, r.sealed = append(r.plain, plain...), append(r.sealed, sealed...)
	default: // called by continueRead
		if !l.remainders.own {
			plain = bytes.Clone(plain)
		}
		r.plain, r.sealed = plain, sealed
	}
	l.remainders.account(r, max(r.bytes, cap(r.plain)+cap(r.sealed)))
	if !c.has(flagRemainder) {
		c.set(flagRemainder)
		l.remainders.queue = append(l.remainders.queue, r)
		l.wake()
	}
}

// account notes that r takes n bytes of memory.
func (q *remainders) account(r *remainder, n int) {
	q.bytes += n - r.bytes
	r.bytes = n
}

// dropRemainder forgets the remainder of c. The queue skips its place.
func (l *Loop) dropRemainder(c *Conn) {
	c.clear(flagRemainder)
	r := l.remainders.of[c.fd]
	if r == nil {
		return
	}
	l.remainders.account(r, 0)
	if delete(l.remainders.of, c.fd); len(l.remainders.of) == 0 {
		l.remainders.of = nil
	}
}

// continueReads goes on with remainders for readTime, and with one at least. It reports whether others wait.
func (l *Loop) continueReads() (more bool) {
	q := l.remainders.queue
	if len(q) == 0 {
		return false
	}
	l.remainders.queue = nil // remainders that are queued again go behind those that are left
	done, start := 0, l.engine.clock()
	for done < len(q) && (done == 0 || l.engine.clock()-start < l.engine.readTime) {
		r := q[done]
		q[done] = nil
		done++
		if c := l.lookup(r.handle); c != nil && c.has(flagRemainder) && l.remainders.of[c.fd] == r {
			l.continueRead(c, r)
		}
	}
	l.remainders.queue = append(q[done:], l.remainders.queue...)
	return len(l.remainders.queue) > 0
}

// continueRead delivers more of r, the remainder of c, for a read slice.
func (l *Loop) continueRead(c *Conn, r *remainder) {
	h := c.Handle()
	defer l.readContinued(h)
	defer l.recoverPanic(h)
	l.slice = readSlice{}
	plain, sealed := r.plain, r.sealed
	r.plain, r.sealed = nil, nil
	c.clear(flagRemainder)
	l.remainders.own = true
	l.frames(c, plain)
	l.remainders.own = false
	switch {
	case c.tls == nil || c.lingering():
	case c.has(flagRemainder):
		r.sealed = sealed
	default:
		l.decrypt(c, sealed)
	}
}

// readContinued resumes reading the socket if nothing is left of the remainder.
func (l *Loop) readContinued(h Handle) {
	l.remainders.own = false // a callback may have panicked
	if c := l.lookup(h); c != nil && !c.has(flagRemainder) {
		l.dropRemainder(c)
		l.rearm(c)
	}
}
