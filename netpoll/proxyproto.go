//go:build !windows

package netpoll

import (
	"net/netip"

	"github.com/throngd/throng/netpoll/upgrade"
)

// readProxyHeader collects the PROXY header, which usually comes in one piece with what follows it.
func (l *Loop) readProxyHeader(c *Conn, b []byte) {
	if c.aux != nil {
		if !l.keep(c, b) {
			return
		}
		b = c.aux.header
	}
	source, n, err := upgrade.ParseProxyHeader(b)
	if n == 0 && err == nil {
		if c.aux == nil {
			l.keep(c, b)
		}
		return
	}
	kept := c.takeHeader() // b may lie in it
	defer l.engine.headers.release(kept)
	if err != nil {
		l.server.refusals.badProxy.Add(1)
		c.fail(err)
		return
	}
	c.aux = nil
	l.admitProxied(c, source)
	if rest := b[n:]; len(rest) > 0 && !c.has(flagDead) {
		l.dispatch(c, rest)
	}
}

// proxyHeaderTimeout ends a connection whose PROXY header has not come whole within HeaderTimeout.
func (l *Loop) proxyHeaderTimeout(c *Conn) {
	l.counters.limits.headerTimeout.Add(1)
	c.fail(cause("the PROXY header took too long"))
}

// admitProxied begins the next phase of a connection whose client a PROXY header has named.
func (l *Loop) admitProxied(c *Conn, source netip.AddrPort) {
	s := l.server
	var deny *Reject
	if source.IsValid() {
		s.engine.ipLimiter.slot(c.fd).remote = &source
		if !s.trusts(source.Addr()) {
			deny = l.countAddr(c, source.Addr())
		}
	}
	switch {
	case deny != nil && s.tls == nil:
		l.enter(c, phaseHeader)
		l.refuse(c, deny)
	case deny != nil:
		c.fail(cause("refused"))
	default:
		l.startPeerPhase(c)
	}
}
