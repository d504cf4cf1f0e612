//go:build !windows

package netpoll

import (
	"net/http"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/netpoll/upgrade"
)

// When MaxConns or MaxTLSHandshakes is reached, a new connection displaces the one that has waited longest for its
// first request. So peers that open connections and send nothing cannot keep others out. The new connection has sent
// nothing either, but an honest client sends its request, or its ClientHello, together with its part of the TCP
// handshake.

const (
	// roundTrip is the time for which a client that has to answer the server cannot be displaced: in the middle of the
	// TLS handshake, or with its request behind it. Otherwise more new connections than there are places would displace
	// each other.
	roundTrip = time.Second
	// maxPassed bounds the connections that are skipped in the search for one to displace, because their requests had
	// come and not been read.
	maxPassed = 64
	// maxIncoming bounds the connections above MaxConns that are on their way to a loop that displaces another for
	// each. Beyond it the listeners wait.
	maxIncoming = 32
	// maxPasses is how often such a connection is sent on.
	maxPasses = 2
)

// full reports whether there are more connections than MaxConns, those at HTTP included. A new connection is counted
// when it has been accepted.
func (s *Server) full() bool {
	return s.engine.conns.Load()-s.denied.Load()+s.atHTTP.Load() > s.maxConns
}

// minWait returns how long a connection has to have waited for w before it may be displaced.
func (w wait) minWait() time.Duration {
	if w == waitFirst {
		return 0
	}
	return roundTrip
}

// assignDisplacing makes p a connection of the loop that can displace another one. Which loop that is may have changed
// when p arrives there.
func (l *Loop) assignDisplacing(p parcel, passes int) {
	s := l.server
	to := s.displaceTarget()
	if to == nil || to == l || passes == 0 || passes < maxPasses && l.hasDisplaceable() {
		l.newConn(p)
		return
	}
	s.incoming.Add(1)
	s.engine.sendTo(to, p, func(p parcel) {
		s.incoming.Add(-1)
		to.assignDisplacing(p, passes-1)
	})
}

// displaceTarget returns the loop whose connections have waited longest, or nil if no connection has waited long
// enough.
func (s *Server) displaceTarget() (to *Loop) {
	for w := waitFirst; w < numWaits; w++ {
		least := s.engine.clock() - w.minWait()
		for _, l := range s.engine.loops {
			if oldest := l.oldest(w); oldest <= least {
				to, least = l, oldest
			}
		}
		if to != nil {
			break
		}
	}
	return to
}

// oldest returns when the connection of l that has waited longest for w began to wait.
func (l *Loop) oldest(w wait) time.Duration { return time.Duration(l.waiting[w].oldest.Load()) }

// hasDisplaceable reports whether one of l's connections has waited long enough.
func (l *Loop) hasDisplaceable() bool {
	for w := waitFirst; w < numWaits; w++ {
		if l.oldest(w) <= l.engine.clock()-w.minWait() {
			return true
		}
	}
	return false
}

// displace closes the connection of l that has waited longest. It returns false if none has waited long enough.
func (l *Loop) displace() bool {
	if l.displaceOne() {
		return true
	}
	if len(l.ending) == 0 {
		return false
	}
	l.endTurn() // connections that were refused in this turn may be displaced from here on
	return l.displaceOne()
}

func (l *Loop) displaceOne() bool {
	for w := waitFirst; w < numWaits; w++ {
		if c := l.longestWaiting(w, func(*Conn) bool { return true }); c != nil {
			l.rejectDisplaced(c)
			l.freeDisplaced(c)
			return true
		}
	}
	return false
}

// displaceTLSHandshake closes the connection of l that has waited longest for its peer to continue the TLS handshake,
// so that another one may begin.
func (l *Loop) displaceTLSHandshake() bool {
	c := l.longestWaiting(waitTLSHandshake, func(c *Conn) bool { return c.tls.handshake.tryStop() })
	if c == nil {
		return false
	}
	c.tls.handshake = nil
	l.freeDisplaced(c)
	return true
}

func (l *Loop) freeDisplaced(c *Conn) {
	l.server.refusals.displaced.Add(1)
	l.freeConn(c)
}

// longestWaiting returns the connection that has waited longest for w, of those for which take returns true.
func (l *Loop) longestWaiting(w wait, take func(*Conn) bool) *Conn {
	list := &l.waiting[w]
	least, passed := l.engine.clock()-w.minWait(), 0
	for _, e := range list.entries[list.head:] {
		if e.since > least || passed == maxPassed {
			break
		}
		c := l.stillWaiting(e, w)
		if c == nil {
			continue
		}
		if l.readPending(c, w) && l.stillWaiting(e, w) == c && take(c) {
			return c
		}
		passed++
	}
	return nil
}

// readPending reads the bytes that have arrived for a waiting connection and were not read yet, so that a connection
// whose request has arrived is not displaced. It returns false if the connection must not be touched in this turn any
// more.
func (l *Loop) readPending(c *Conn, w wait) bool {
	const busy = flagEnding | flagDirty
	switch {
	case c.has(busy):
		return false
	case !hasUnread(int(c.fd)):
		return true
	case w == waitTLSHandshake:
		return false // the handshake continues
	}
	l.read(c, 0)
	return !c.has(busy)
}

// rejectDisplaced sends the reason to a client that waits for a response in plain HTTP.
func (l *Loop) rejectDisplaced(c *Conn) {
	if c.awaitsRequest() && c.tls == nil {
		l.rejectRaw(int(c.fd), &Reject{
			Status: http.StatusServiceUnavailable, Cause: upgrade.CauseOverload,
			Reason: "too many connections, and this one has not sent a whole request", Header: retryAfter("1"),
		})
	}
}

// hasUnread reports whether a socket has bytes to read; a FIN does not count.
func hasUnread(fd int) bool {
	var b [1]byte
	n, _, err := unix.Recvfrom(fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n > 0
}
