//go:build !windows

package netpoll

import (
	"bytes"
	"time"
)

// One read can bring 10,000 frames, or 50 MB when they are inflated. So a read hands messages out for readTime at most;
// what it has read and not handed out is the remainder of the connection. It waits in a queue of the loop, is gone on
// with in the turns of the mailbox, in order with those of other connections, and the socket is read again when nothing
// is left of it. Everybody else is served in between.
//
// The memory is bounded by reading less: once a loop keeps more than keptBytes, all reads are short ones.

const (
	readTime    = time.Millisecond
	keptBytes   = 1 << 20
	shortRead   = 2 << 10
	checkWork   = 32 << 10 // bytes between two looks at the clock,
	messageWork = 512      // each message counting for so many more
)

// stint is how long the loop has handed out messages of one connection at a stretch.
type stint struct {
	work  int           // bytes handed out since the last look at the clock
	since time.Duration // the clock at the first look; zero before
}

// worked counts a message of n bytes and reports whether it is somebody else's turn.
func (l *Loop) worked(n int) (over bool) {
	l.stint.work += n + messageWork
	return l.stint.work >= checkWork && l.overtime()
}

// overtime looks at the clock.
func (l *Loop) overtime() bool {
	now := l.server.clock()
	if l.stint.since == 0 {
		l.stint.since = now
	}
	l.stint.work = 0
	return now-l.stint.since >= l.server.readTime
}

// remainder is what was read from a connection and not handed out: first plain, then what is in sealed, if it is a TLS one.
type remainder struct {
	handle        Handle
	plain, sealed []byte
	bytes         int // of the loop's account
}

// remainders are those of a loop: in order, and by descriptor.
type remainders struct {
	queue []*remainder
	of    map[int32]*remainder
	bytes int
	own   bool // the frames that are handed out lie in a remainder
}

// buffer is what the next read may fill.
func (l *Loop) buffer() []byte {
	if l.rests.bytes > keptBytes {
		return l.readBuf[:min(shortRead, len(l.readBuf))]
	}
	return l.readBuf
}

// keepRest makes plain, and behind it sealed, wait for the next stint of c. It copies both, unless they are what is left
// of c's last remainder.
func (l *Loop) keepRest(c *Conn, plain, sealed []byte) {
	r := l.rests.of[c.fd]
	switch {
	case r == nil:
		r = &remainder{handle: c.Handle(), plain: bytes.Clone(plain), sealed: bytes.Clone(sealed)}
		if l.rests.of == nil {
			l.rests.of = make(map[int32]*remainder)
		}
		l.rests.of[c.fd] = r
		l.tally.deferred.Add(1)
	case c.has(flagRest):
		r.plain, r.sealed = append(r.plain, plain...), append(r.sealed, sealed...)
	default: // in goOn
		if !l.rests.own {
			plain = bytes.Clone(plain)
		}
		r.plain, r.sealed = plain, sealed
	}
	l.rests.account(r, max(r.bytes, cap(r.plain)+cap(r.sealed)))
	if !c.has(flagRest) {
		c.set(flagRest)
		l.rests.queue = append(l.rests.queue, r)
		l.rouse()
	}
}

// account notes that r takes n bytes.
func (q *remainders) account(r *remainder, n int) {
	q.bytes += n - r.bytes
	r.bytes = n
}

// dropRest forgets the remainder of c. Its place in the queue is passed over.
func (l *Loop) dropRest(c *Conn) {
	c.clear(flagRest)
	r := l.rests.of[c.fd]
	if r == nil {
		return
	}
	l.rests.account(r, 0)
	if delete(l.rests.of, c.fd); len(l.rests.of) == 0 {
		l.rests.of = nil
	}
}

// workOff goes on with remainders for a stint, and one more at most, and reports whether there are others.
func (l *Loop) workOff() (more bool) {
	q := l.rests.queue
	if len(q) == 0 {
		return false
	}
	l.rests.queue = nil // what comes back goes behind those that are left
	done, start := 0, l.server.clock()
	for done < len(q) && (done == 0 || l.server.clock()-start < l.server.readTime) {
		r := q[done]
		q[done] = nil
		done++
		if c := l.lookup(r.handle); c != nil && c.has(flagRest) && l.rests.of[c.fd] == r {
			l.goOn(c, r)
		}
	}
	l.rests.queue = append(q[done:], l.rests.queue...)
	return len(l.rests.queue) > 0
}

// goOn hands out more of r, the remainder of c.
func (l *Loop) goOn(c *Conn, r *remainder) {
	h := c.Handle()
	defer l.wentOn(h)
	defer l.rescue(h)
	l.stint = stint{}
	plain, sealed := r.plain, r.sealed
	r.plain, r.sealed = nil, nil
	c.clear(flagRest)
	l.rests.own = true
	l.frames(c, plain)
	l.rests.own = false
	switch {
	case c.tls == nil || c.phase == phaseLinger:
	case c.has(flagRest):
		r.sealed = sealed
	default:
		l.decrypt(c, sealed)
	}
}

// wentOn has the socket read again if nothing is left of the remainder.
func (l *Loop) wentOn(h Handle) {
	l.rests.own = false // a callback may have panicked
	if c := l.lookup(h); c != nil && !c.has(flagRest) {
		l.dropRest(c)
		l.again(c)
	}
}
