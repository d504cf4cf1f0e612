//go:build !windows

package netpoll

import (
	"math"
	"sync/atomic"
	"time"
)

// A connection whose first request has not come yet may be displaced (displace.go). So each loop has lists of these
// connections, in the order in which they began to wait.

// wait is the reason for which a connection may be displaced.
type wait uint8

const (
	waitNone         wait = iota // the connection cannot be displaced
	waitFirst                    // the first bytes of the peer are awaited: a PROXY header, a ClientHello, or a request
	waitTLSHandshake             // the end of the TLS handshake is awaited
	waitRequest                  // the request behind a TLS handshake is awaited
	numWaits
)

// waitKind returns the reason for which c may be displaced now. A connection that was refused and waits for its end may
// be displaced like one that waits for its first request.
func (c *Conn) waitKind() wait {
	w := c.row().wait
	switch {
	case c.awaitsRequest() && c.tls != nil:
		return waitRequest
	case c.lingering() && c.has(flagOpened):
		return waitNone
	}
	return w
}

// waitlist holds the connections of a loop that wait for the same reason, the oldest first. An entry whose connection
// does not wait any more is recognised when it is looked at.
type waitlist struct {
	entries []waiting
	head    int          // entries before it are gone
	oldest  atomic.Int64 // clock at which the first one began to wait, noneWaiting if there is none; all loops read it
}

type waiting struct {
	handle Handle
	since  time.Duration
}

const noneWaiting = math.MaxInt64

// enqueueWaiting puts c behind the connections that wait for the same reason.
func (l *Loop) enqueueWaiting(c *Conn) {
	w := c.waitKind()
	list := &l.waiting[w]
	if len(list.entries) == cap(list.entries) {
		l.compactWaiting(w)
	}
	list.entries = append(list.entries, waiting{c.Handle(), l.engine.clock()})
	l.refreshOldest(w)
}

// refreshOldest is called when a connection does not wait for w any more: it may have been the oldest one.
func (l *Loop) refreshOldest(w wait) {
	if w == waitNone {
		return
	}
	list := &l.waiting[w]
	for list.head < len(list.entries) && l.stillWaiting(list.entries[list.head], w) == nil {
		list.head++
	}
	since := time.Duration(noneWaiting)
	if list.head < len(list.entries) {
		since = list.entries[list.head].since
	} else {
		list.entries, list.head = list.entries[:0], 0
	}
	list.oldest.Store(int64(since))
}

// stillWaiting returns the connection of e if it still waits for w.
func (l *Loop) stillWaiting(e waiting, w wait) *Conn {
	if c := l.lookup(e.handle); c != nil && c.waitKind() == w {
		return c
	}
	return nil
}

// minWaitlist is the number of entries for which a list keeps its memory.
const minWaitlist = 64

// compactWaiting removes the entries that do not wait any more, before a list grows. It leaves room for as many as are
// left, so that the cost per connection is constant.
func (l *Loop) compactWaiting(w wait) {
	list := &l.waiting[w]
	left := list.entries[:0]
	for _, e := range list.entries[list.head:] {
		if l.stillWaiting(e, w) != nil {
			left = append(left, e)
		}
	}
	if n := max(minWaitlist, 2*len(left)); n > cap(left) || n < cap(left)/4 {
		left = append(make([]waiting, 0, n), left...)
	}
	list.entries, list.head = left, 0
}
