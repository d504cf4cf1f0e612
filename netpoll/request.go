//go:build !windows

package netpoll

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/throngd/throng/netpoll/upgrade"
)

// Request is the request that [Endpoint.Accept], [Endpoint.CheckOrigin] or [Server.AcceptHTTP] decides about. It is
// borrowed from the loop: valid until the callback returns, on that goroutine only.
type Request = upgrade.Request

// Reject is the error with which [Endpoint.Accept] or [Server.AcceptHTTP] rejects a request.
type Reject = upgrade.Reject

// newUpgrader has the endpoints of s.
func newUpgrader(s *Server) *upgrade.Upgrader {
	u := &upgrade.Upgrader{MaxHeader: s.maxHeader()}
	for _, e := range s.Endpoints {
		u.Endpoints = append(u.Endpoints, upgrade.Endpoint{
			Path: e.Path, Match: e.Match, Subprotocols: e.Subprotocols, Compression: e.Compression, CheckOrigin: e.CheckOrigin,
		})
	}
	return u
}

// readRequest collects the request. It usually arrives in one piece, and then nothing of it is kept.
func (l *Loop) readRequest(c *Conn, b []byte) {
	var scan upgrade.Scan
	if c.aux != nil {
		if !l.keep(c, b) {
			return
		}
		b, scan = c.aux.header, c.aux.scan
	}
	r := &l.request
	n, reject := l.upgrader.Read(r, b, &scan)
	if n == 0 && reject == nil {
		if c.aux != nil || l.keep(c, b) {
			c.aux.scan = scan
		}
		return
	}
	kept := c.takeHeader() // b may lie in it
	defer l.engine.headers.release(kept)
	defer func() { *r = upgrade.Request{} }() // it borrows b
	switch {
	case reject != nil:
		l.refuse(c, reject)
	case r.WebSocket():
		l.upgrade(c, r, b[n:])
	default:
		l.plainHTTP(c, r, b[n-len(r.Block()):])
	}
}

// requestTimeout answers a request that has not come whole within HeaderTimeout.
func (l *Loop) requestTimeout(c *Conn) {
	l.counters.limits.headerTimeout.Add(1)
	l.refuse(c, &Reject{Status: http.StatusRequestTimeout, Cause: upgrade.CauseTimeout, Reason: "the request took too long"})
}

// upgrade decides about a request for a WebSocket, or has the application decide later. rest has arrived behind it.
func (l *Loop) upgrade(c *Conn, r *Request, rest []byte) {
	if reject := l.checkUpgrade(c, r); reject != nil {
		l.refuse(c, reject)
		return
	}
	if l.engine.requested(r).Decide != nil {
		l.startDecision(c, r, rest)
		return
	}
	l.acceptRequest(c, r, rest)
}

// acceptRequest opens c, on the loop of its affinity key.
func (l *Loop) acceptRequest(c *Conn, r *Request, rest []byte) {
	l.response = r.AppendAccept(l.response[:0])
	c.aux = nil
	a := acceptedRequest{endpoint: l.engine.row(r), window: r.DeflateWindow(), context: r.Context(), response: l.response}
	if to := l.affinityLoop(r.Affinity()); to != l && l.migrate(c, to, a, rest) {
		return
	}
	l.openAccepted(c, a)
	l.frames(c, rest)
}

// checkUpgrade checks the request by the rules of the protocol, then the limits of its client, and asks the application
// last.
func (l *Loop) checkUpgrade(c *Conn, r *Request) *Reject {
	r.SetRemoteAddr(c.RemoteAddr())
	if reject := l.upgrader.Check(r); reject != nil {
		return reject
	}
	if reject := l.admitRequest(c, r); reject != nil {
		return reject
	}
	return l.callAccept("Endpoint.Accept", l.engine.requested(r).Accept, r)
}

// plainHTTP gives c with b, the request and the bytes behind it, to net/http, unless the application or a limit rejects
// the request. If the target or Host is not valid, net/http answers that.
func (l *Loop) plainHTTP(c *Conn, r *Request, b []byte) {
	r.SetRemoteAddr(c.RemoteAddr())
	reject := l.admitRequest(c, r)
	if reject == nil && l.server.HTTP != nil {
		reject = l.callAccept("Server.AcceptHTTP", l.server.AcceptHTTP, r)
	}
	if reject != nil {
		l.response = r.AppendReject(l.response[:0], reject)
		l.reject(c, reject.Cause, l.response)
		return
	}
	l.detach(c, b)
}

// callAccept calls a callback that may reject the request.
func (l *Loop) callAccept(callback string, accept func(*Request) error, r *Request) *Reject {
	if accept == nil {
		return nil
	}
	err := accept(r)
	if err == nil {
		return nil
	}
	return l.rejectFor(callback, err)
}

// rejectFor is the response to an error of a callback. One that is not meant for the peer is reported to OnError.
func (l *Loop) rejectFor(callback string, err error) *Reject {
	reject, expected := upgrade.RejectFor(err)
	if !expected {
		l.engine.report(fmt.Errorf("netpoll: %s: %w", callback, err))
	}
	return reject
}

// admitRequest finds the client for whom a trusted proxy has sent the request, and counts c for its address.
func (l *Loop) admitRequest(c *Conn, r *Request) *Reject {
	s := l.server
	if !s.trustsProxies() || !s.trustsPeer(r.RemoteAddr().Addr()) {
		return nil // counted already
	}
	client, reject := r.Client(s.ForwardedHeader, s.trusts)
	if reject != nil || !client.IsValid() {
		return reject
	}
	r.SetRemoteAddr(client)
	s.engine.ipLimiter.slot(c.fd).remote = &client
	return l.countAddr(c, client.Addr())
}

// acceptedRequest is what the request of a connection has asked for and got.
type acceptedRequest struct {
	endpoint uint8 // row, see subprotocol.go
	window   int   // of permessage-deflate in bits; 0 without
	context  any
	response []byte // the 101, borrowed from the loop
}

// clone returns a copy that borrows nothing.
func (a acceptedRequest) clone() acceptedRequest {
	a.response = slices.Clone(a.response)
	return a
}

// openAccepted turns c into a WebSocket connection.
func (l *Loop) openAccepted(c *Conn, a acceptedRequest) {
	c.endpoint, c.context = a.endpoint, a.context
	if a.window != 0 {
		c.dec.EnableDeflate()
		if a.window < wideWindow {
			c.set(flagNarrow)
		}
	}
	l.queueBytes(c, a.response)
	l.enterOpen(c)
}

// refuse answers a request with an error and closes.
func (l *Loop) refuse(c *Conn, r *Reject) {
	l.response = r.Append(l.response[:0])
	l.reject(c, r.Cause, l.response)
}

// reject is refuse with the complete response.
func (l *Loop) reject(c *Conn, why upgrade.Cause, response []byte) {
	l.engine.headers.release(c.takeHeader())
	l.refused(c.fd, min(why, upgrade.NumCauses-1), response)
	l.queueBytes(c, response)
	l.startLinger(c)
}

// retryAfter is the header with the time after which the client may retry.
func retryAfter(seconds string) http.Header { return http.Header{"Retry-After": {seconds}} }
