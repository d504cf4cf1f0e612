//go:build !windows

package netpoll

import (
	"net/http"
	"slices"

	"github.com/throngd/throng/netpoll/upgrade"
)

// maxDenied bounds the connections of a server that were not let in and linger until their peers have read why. They
// count against no other bound: a place that is free is not taken by them.
const maxDenied = 64

// overloaded refuses for the sake of those who are there.
func overloaded(reason string) *Reject {
	return &Reject{Status: http.StatusServiceUnavailable, Cause: upgrade.CauseOverload, Reason: reason, Header: retryAfter("5")}
}

// deny says why to the new connection c, which is not let in. Its request has hardly ever come yet, so it lingers as
// any connection that is refused. Where too many do already it is closed at once, and the answer may be lost.
func (l *Loop) deny(c *Conn, why *Reject) {
	s := l.server
	if s.tls != nil || s.denied.Load() >= maxDenied || l.attach(c) != nil { // with TLS nothing can be said before the handshake
		l.rejectRaw(int(c.fd), why)
		l.freeConn(c)
		return
	}
	s.denied.Add(1)
	l.denied = append(l.denied, c.fd)
	l.refuse(c, why)
}

// undeny gives the place of a descriptor back if it has one.
func (l *Loop) undeny(fd int32) {
	if i := slices.Index(l.denied, fd); i >= 0 {
		l.denied = slices.Delete(l.denied, i, i+1)
		l.server.denied.Add(-1)
	}
}

// rejectRaw says why to a peer that is closed at once. What it has sent already is read first.
func (l *Loop) rejectRaw(fd int, why *Reject) {
	response := why.Append(nil)
	l.refused(int32(fd), why.Cause, response)
	if l.server.tls == nil {
		_, _ = recv(fd, l.readBuf)
		_, _ = send(fd, response)
	}
}
