//go:build !windows

package netpoll

import (
	"net/http"
	"slices"

	"github.com/throngd/throng/netpoll/upgrade"
)

// maxDenied bounds the refused connections of a server that linger until their peers have read the response. They do
// not count for any other bound.
const maxDenied = 64

// overloaded is the rejection of a connection for which there is no place.
func overloaded(reason string) *Reject {
	return &Reject{Status: http.StatusServiceUnavailable, Cause: upgrade.CauseOverload, Reason: reason, Header: retryAfter("5")}
}

// deny sends the reason to the new connection c, which is not admitted. Its request has usually not arrived yet, so it
// lingers like any connection that is refused. If too many linger, it is closed at once, and the response may be lost.
// requested means that the request has been read.
func (l *Loop) deny(c *Conn, why *Reject, requested bool) {
	s := l.server
	if s.tls != nil && !requested || s.denied.Load() >= maxDenied || l.attach(c) != nil { // with TLS there can be no response before the handshake
		l.rejectRaw(int(c.fd), why)
		l.freeConn(c)
		return
	}
	s.denied.Add(1)
	l.denied = append(l.denied, c.fd)
	l.refuse(c, why)
}

// undeny frees the place of a descriptor that deny counted, if it did.
func (l *Loop) undeny(fd int32) {
	if i := slices.Index(l.denied, fd); i >= 0 {
		l.denied = slices.Delete(l.denied, i, i+1)
		l.server.denied.Add(-1)
	}
}

// rejectRaw sends the response to a peer whose socket is closed at once. Bytes that the peer has sent are read first.
func (l *Loop) rejectRaw(fd int, why *Reject) {
	response := why.Append(nil)
	l.refused(int32(fd), why.Cause, response)
	if l.server.tls == nil {
		_, _ = recv(fd, l.readBuf)
		_, _ = send(fd, response)
	}
}
