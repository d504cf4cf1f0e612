//go:build !windows

package netpoll

import (
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/limit"
	"github.com/throngd/throng/netpoll/upgrade"
)

// A connection is admitted or refused as soon as its address is known: at accept; behind the PROXY header
// (proxyproto.go); or, if the peer is a trusted proxy, at the headers of the request (request.go). All of this happens
// once per connection.

// refusalCounters count connections that were not admitted.
type refusalCounters struct {
	full, lagging, tooMany, tooFast, tlsHandshakes, badProxy, paced, displaced atomic.Int64
}

// Refusals counts connections that were not admitted since Listen, by the reason.
type Refusals struct {
	Full          int64 // above MaxConns
	Lagging       int64 // while the loop was later than MaxLag
	PerIP         int64 // above MaxConnsPerIP
	PerIPRate     int64 // above ConnRatePerIP
	TLSHandshakes int64 // above MaxTLSHandshakes
	BadProxy      int64 // without a correct PROXY header
	Paced         int64 // pauses of accepting for AcceptRate; no connection was refused
	Displaced     int64 // connections without a whole request that were closed for a new one
}

// Refusals returns the numbers so far. Any goroutine may call it.
func (s *Server) Refusals() Refusals {
	r := &s.refusals
	return Refusals{
		Full: r.full.Load(), Lagging: r.lagging.Load(), PerIP: r.tooMany.Load(), PerIPRate: r.tooFast.Load(),
		TLSHandshakes: r.tlsHandshakes.Load(), BadProxy: r.badProxy.Load(), Paced: r.paced.Load(),
		Displaced: r.displaced.Load(),
	}
}

// prepareAdmission makes the limiters that the settings need.
func (s *Server) prepareAdmission(maxFD int) {
	if s.Listener != nil {
		s.local = s.Listener.Addr().Network() == "unix"
	}
	s.acceptRate = limit.NewRate(s.AcceptRate, int(acceptBurst*time.Duration(s.AcceptRate)/time.Second))
	s.engine.ipLimiter = newIPLimiter(maxFD, s.MaxConnsPerIP, s.ConnRatePerIP)
}

// acceptLimited reports whether new connections must wait, for AcceptRate.
func (s *Server) acceptLimited() bool {
	if s.acceptRate.Unlimited() || s.accepted.Allows(&s.acceptRate, s.engine.clock()) {
		return false
	}
	s.refusals.paced.Add(1)
	return true
}

// countAccept counts one more new connection for AcceptRate.
func (s *Server) countAccept() {
	if !s.acceptRate.Unlimited() {
		s.accepted.Charge(&s.acceptRate, s.engine.clock())
	}
}

// LimitIP replaces MaxConnsPerIP and ConnRatePerIP for new connections. Connections that were accepted while neither limit
// was set are not counted. Any goroutine may call it after Listen.
func (s *Server) LimitIP(conns, perSecond int) { s.engine.ipLimiter.setLimits(conns, perSecond) }

// admit begins the first phase of the new connection c, which is counted already, or returns why it is refused.
// requested means that its request has been read.
func (l *Loop) admit(c *Conn, requested bool) *Reject {
	s := l.server
	if s.MaxLag > 0 && l.currentLag() > s.MaxLag {
		s.refusals.lagging.Add(1)
		return overloaded("overloaded")
	}
	if deny := l.admitPeer(c, requested); deny != nil {
		return deny
	}
	if s.full() && !l.displace() {
		s.refusals.full.Add(1)
		return overloaded("too many connections")
	}
	return nil
}

// admitPeer begins the first phase of the new connection c by the address of its peer.
func (l *Loop) admitPeer(c *Conn, requested bool) *Reject {
	s := l.server
	if s.ProxyProtocol || s.trustsProxies() || s.engine.ipLimiter.Limited() {
		peer := remoteAddr(int(c.fd)).Addr()
		trusted := s.trustsPeer(peer)
		if s.ProxyProtocol && !requested && (trusted || len(s.TrustedProxies) == 0) {
			l.enter(c, phaseProxy)
			l.setDeadline(c, s.headerTimeout())
			return nil
		}
		if !trusted { // the request of a trusted proxy names the client
			if deny := l.countAddr(c, peer); deny != nil {
				l.enter(c, phaseHeader)
				return deny
			}
		}
	}
	if requested {
		l.setDeadline(c, s.headerTimeout())
		l.enter(c, phaseHeader)
		return nil
	}
	if s.tls == nil {
		l.setDeadline(c, s.headerTimeout())
	}
	l.startPeerPhase(c)
	return nil
}

// startPeerPhase begins the phase in which the client itself sends. A request behind a PROXY header has no more time
// than one without.
func (l *Loop) startPeerPhase(c *Conn) {
	if l.server.tls == nil {
		l.enter(c, phaseHeader)
		return
	}
	l.enter(c, phaseHello)
	l.setDeadline(c, l.server.helloTimeout())
}

// countAddr counts c for an address, or returns why the address may have no further connection.
func (l *Loop) countAddr(c *Conn, a netip.Addr) *Reject {
	s := l.server
	switch s.engine.ipLimiter.add(c.fd, a, s.engine.clock()) {
	case limit.TooMany:
		s.refusals.tooMany.Add(1)
		return &Reject{Status: http.StatusTooManyRequests, Cause: upgrade.CauseAddress, Reason: "too many connections from this address", Header: retryAfter("5")}
	case limit.TooFast:
		s.refusals.tooFast.Add(1)
		return &Reject{Status: http.StatusTooManyRequests, Cause: upgrade.CauseAddress, Reason: "too many new connections from this address", Header: retryAfter("1")}
	}
	return nil
}

// trusts reports whether a is a proxy whose headers are believed.
func (s *Server) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// trustsProxies reports whether a request may name another client than its peer.
func (s *Server) trustsProxies() bool { return s.local || len(s.TrustedProxies) > 0 }

// trustsPeer is trusts for the address of a peer, which is invalid at a Unix socket.
func (s *Server) trustsPeer(a netip.Addr) bool {
	if s.local && !a.IsValid() {
		return true
	}
	return s.trusts(a)
}
