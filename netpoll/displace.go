//go:build !windows

package netpoll

import (
	"net/http"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/netpoll/upgrade"
)

// When a place is needed, of MaxConns or of MaxTLSHandshakes, the connection that has waited longest for its first request
// loses it: whoever opens connections and says nothing cannot keep others out. The newer one has sent no more yet, but
// an honest client sends its request, or its ClientHello, together with its part of the TCP handshake.

const (
	// roundTrip is how long a client has to go on with what we have answered before its place can be another one's. It
	// is for those who are on their way in: where more come than there are places they must not drive each other out.
	roundTrip = time.Second
	// maxPassed bounds the connections that are looked at for one place and do not wait any more, since their requests
	// had come but not been read.
	maxPassed = 64
	// maxIncoming bounds the connections above MaxConns that are on their way to another loop, which is to make a place
	// for each. Beyond it the listeners wait for the loops.
	maxIncoming = 32
	// maxPasses is how often such a connection is passed on.
	maxPasses = 2
)

// full reports whether there are more connections than MaxConns, those that were given to HTTP included. A new one is
// counted when it has been accepted.
func (s *Server) full() bool {
	return s.engine.conns.Load()-s.denied.Load()+s.atHTTP.Load() > s.maxConns
}

// minWait is how long a connection has to have waited for w before its place can be another one's.
func (w wait) minWait() time.Duration {
	if w == waitFirst {
		return 0
	}
	return roundTrip
}

// assignDisplacing makes p a connection of the loop that can make a place for it. That may have changed when it arrives there.
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

// displacing is the loop whose connections have waited longest, nil if no connection has waited long enough.
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

// oldest is when the connection of l began to wait that has waited longest for w.
func (l *Loop) oldest(w wait) time.Duration { return time.Duration(l.waiting[w].oldest.Load()) }

// minWait reports whether one of l's connections has waited long enough.
func (l *Loop) hasDisplaceable() bool {
	for w := waitFirst; w < numWaits; w++ {
		if l.oldest(w) <= l.engine.clock()-w.minWait() {
			return true
		}
	}
	return false
}

// displace closes the connection of l that has waited longest. It reports false if none has waited long enough.
func (l *Loop) displace() bool {
	if l.displaceOne() {
		return true
	}
	if len(l.ending) == 0 {
		return false
	}
	l.endTurn() // those that were refused in this turn wait for their end from here on
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

// displaceTLSHandshake closes the connection of l that has waited longest for its peer to go on with the TLS handshake, so
// that another one can have its place of MaxTLSHandshakes.
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

// longestWaiting returns the connection that has waited longest for w, of those that take it.
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

// readPending reads what has come for a connection that waits and has not been read yet, so that none loses its place that
// has sent all of what it is waited for. It reports false if the connection is not to be touched in this turn any more.
func (l *Loop) readPending(c *Conn, w wait) bool {
	const busy = flagEnding | flagDirty
	switch {
	case c.has(busy):
		return false
	case !hasUnread(int(c.fd)):
		return true
	case w == waitTLSHandshake:
		return false // it goes on
	}
	l.read(c, 0)
	return !c.has(busy)
}

// rejectDisplaced says why to a client that waits for an answer in plain HTTP.
func (l *Loop) rejectDisplaced(c *Conn) {
	if c.awaitsRequest() && c.tls == nil {
		l.rejectRaw(int(c.fd), &Reject{
			Status: http.StatusServiceUnavailable, Cause: upgrade.CauseOverload,
			Reason: "too many connections, and this one has not sent a whole request", Header: retryAfter("1"),
		})
	}
}

// hasUnread reports whether there is something to read from a socket, its end not included.
func hasUnread(fd int) bool {
	var b [1]byte
	n, _, err := unix.Recvfrom(fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n > 0
}
