//go:build !windows

package netpoll

import (
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/throngd/throng/netpoll/upgrade"
)

// Who may come in is decided as early as the address is known: at accept; behind the PROXY
// header (proxyproto.go); or, if the peer is a trusted proxy, at the headers of the request
// (request.go). Everything here happens once for a connection.

// refusals counts those who were not let in.
type refusalCounters struct {
	full, lagging, tooMany, tooFast, tlsHandshakes, badProxy, paced, displaced atomic.Int64
}

// Refusals are numbers of connections since the start.
type Refusals struct {
	Full          int64 // above MaxConns
	Lagging       int64 // while the loop was later than MaxLag
	PerIP         int64 // above MaxConnsPerIP
	PerIPRate     int64 // above ConnRatePerIP
	TLSHandshakes int64 // above MaxTLSHandshakes
	BadProxy      int64 // without a correct PROXY header
	Paced         int64 // shouldPause of accepting for AcceptRate; nobody was refused
	Displaced     int64 // connections without a whole request whose place another one needed
}

// Refusals may be called by any goroutine.
func (s *Server) Refusals() Refusals {
	r := &s.refusals
	return Refusals{
		Full: r.full.Load(), Lagging: r.lagging.Load(), PerIP: r.tooMany.Load(), PerIPRate: r.tooFast.Load(),
		TLSHandshakes: r.tlsHandshakes.Load(), BadProxy: r.badProxy.Load(), Paced: r.paced.Load(),
		Displaced: r.displaced.Load(),
	}
}

// prepareAdmission makes what the settings of the server need, and only that.
func (s *Server) prepareAdmission(maxFD int) {
	if s.Listener != nil {
		s.local = s.Listener.Addr().Network() == "unix"
	}
	s.acceptLimit.rateLimit = newRateLimit(s.AcceptRate, acceptBurst)
	if s.MaxConnsPerIP > 0 || s.ConnRatePerIP > 0 || s.ProxyProtocol || s.trustsProxies() {
		s.engine.ipLimiter = newIPLimiter(maxFD, s.MaxConnsPerIP, s.ConnRatePerIP)
	}
}

// LimitIP replaces MaxConnsPerIP and ConnRatePerIP for the connections that come from now on. If
// neither was set before Listen addresses are not counted, and it does nothing. Any goroutine may
// call it after Listen.
func (s *Server) LimitIP(conns, perSecond int) {
	if s.engine.ipLimiter != nil && (s.MaxConnsPerIP > 0 || s.ConnRatePerIP > 0) {
		s.engine.ipLimiter.setLimits(conns, perSecond)
	}
}

// admit decides about the new connection c, which is counted already, and begins its first phase.
func (l *Loop) admit(c *Conn) *Reject {
	s := l.server
	if s.MaxLag > 0 && l.Lag() > s.MaxLag {
		s.refusals.lagging.Add(1)
		return overloaded("overloaded")
	}
	if deny := l.admitPeer(c); deny != nil {
		return deny
	}
	if s.full() && !l.displace() {
		s.refusals.full.Add(1)
		return overloaded("too many connections")
	}
	return nil
}

// admitPeer begins the first phase of the new connection c, whose peer is known to the kernel.
func (l *Loop) admitPeer(c *Conn) *Reject {
	s := l.server
	if s.engine.ipLimiter != nil {
		peer := remoteAddr(int(c.fd)).Addr()
		trusted := s.trustsPeer(peer)
		if s.ProxyProtocol && (trusted || len(s.TrustedProxies) == 0) {
			l.enter(c, phaseProxy)
			l.setDeadline(c, s.headerTimeout())
			return nil
		}
		if !trusted { // of a trusted one the request will tell who it is
			if deny := l.countAddr(c, peer); deny != nil {
				l.enter(c, phaseHeader)
				return deny
			}
		}
	}
	if s.tls == nil {
		l.setDeadline(c, s.headerTimeout())
	}
	l.startPeerPhase(c)
	return nil
}

// startPeerPhase begins the phase in which the peer itself speaks. Behind a PROXY header a request
// has no more time than without.
func (l *Loop) startPeerPhase(c *Conn) {
	if l.server.tls == nil {
		l.enter(c, phaseHeader)
		return
	}
	l.enter(c, phaseHello)
	l.setDeadline(c, l.server.helloTimeout())
}

// enter counts c for an address.
func (l *Loop) countAddr(c *Conn, a netip.Addr) *Reject {
	s := l.server
	switch s.engine.ipLimiter.add(c.fd, a, s.engine.clock()) {
	case tooMany:
		s.refusals.tooMany.Add(1)
		return &Reject{Status: http.StatusTooManyRequests, Cause: upgrade.CauseAddress, Reason: "too many connections from this address", Header: retryAfter("5")}
	case tooFast:
		s.refusals.tooFast.Add(1)
		return &Reject{Status: http.StatusTooManyRequests, Cause: upgrade.CauseAddress, Reason: "too many new connections from this address", Header: retryAfter("1")}
	}
	return nil
}

// trusts reports whether what a says about others is believed.
func (s *Server) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// trustsProxies reports whether a request may name another client than its peer.
func (s *Server) trustsProxies() bool { return s.local || len(s.TrustedProxies) > 0 }

// trustsPeer is trusts for the address of a connection, which has none at a Unix socket.
func (s *Server) trustsPeer(a netip.Addr) bool {
	if s.local && !a.IsValid() {
		return true
	}
	return s.trusts(a)
}
