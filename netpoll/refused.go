//go:build !windows

package netpoll

import (
	"net/netip"

	"github.com/throngd/throng/netpoll/upgrade"
)

// Refused is a connection that was answered with an error instead of a 101, as [Server.OnRefuse] hears of it.
type Refused struct {
	Cause  upgrade.Cause
	Status int // of HTTP; with TLS it may never have been sent

	server *Server
	fd     int32
}

// RemoteAddr is the address as [Conn.RemoteAddr] has it. Only during the callback.
func (r Refused) RemoteAddr() netip.AddrPort { return r.server.engine.addrOf(r.fd) }

// refused counts a response that ends a connection before it was upgraded, and tells the application.
func (l *Loop) refused(fd int32, why upgrade.Cause, response []byte) {
	l.counters.refusedFor(why, response)
	if l.server.OnRefuse == nil {
		return
	}
	defer l.recoverTaskPanic()
	l.server.OnRefuse(Refused{why, statusOf(response), l.server, fd})
}

// statusOf is the status of a response of ours, which begins with "HTTP/1.1 ".
func statusOf(response []byte) (status int) {
	for _, c := range response[min(9, len(response)):min(12, len(response))] {
		status = status*10 + int(c-'0')
	}
	return status
}
