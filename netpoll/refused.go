//go:build !windows

package netpoll

import (
	"net/netip"

	"github.com/throngd/throng/netpoll/upgrade"
)

// Refused describes a connection that was answered with an error instead of a 101, for [Server.OnRefuse].
type Refused struct {
	Cause  upgrade.Cause
	Status int // of HTTP; before a TLS handshake it is not sent

	server *Server
	fd     int32
}

// RemoteAddr returns the address as [Conn.RemoteAddr] does. It may only be called during the callback.
func (r Refused) RemoteAddr() netip.AddrPort { return r.server.engine.addrOf(r.fd) }

// refused counts a response that ends a connection before its upgrade, and tells the application.
func (l *Loop) refused(fd int32, why upgrade.Cause, response []byte) {
	l.counters.refusedFor(why, response)
	if l.server.OnRefuse == nil {
		return
	}
	defer l.recoverTaskPanic()
	l.server.OnRefuse(Refused{why, statusOf(response), l.server, fd})
}

// statusOf returns the status of a response of ours, which begins with "HTTP/1.1 ".
func statusOf(response []byte) (status int) {
	for _, c := range response[min(9, len(response)):min(12, len(response))] {
		status = status*10 + int(c-'0')
	}
	return status
}
