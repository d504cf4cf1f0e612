//go:build !windows

package netpoll

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

// upgrader answers the first bytes of connections: station 2 of a message's way. There is
// one per loop; it does no I/O and keeps nothing between two requests but scratch.
//
// The header block is read twice: by our strict scan, which refuses, and by ws.Upgrader,
// which is lenient and only sees what the scan has let through.
type upgrader struct {
	endpoints []Endpoint
	origins   []origins
	ws        ws.Upgrader
	io        exchange
	req       Request
	index     int                     // of the endpoint of the current request
	window    int                     // of permessage-deflate, if it was negotiated
	remote    func() netip.AddrPort   // of who asks; may be nil
	admit     func(*Request) *refusal // who speaks, behind trusted proxies; may be nil
	deny      *refusal                // why Upgrade's last callback refused
}

type verdictKind uint8

const (
	needMore  verdictKind = iota // the header block is not complete
	accepted                     // the response is a 101
	rejected                     // the response is a refusal: send it, send FIN, close
	plainHTTP                    // well-formed and no WebSocket: for net/http, no response
)

// verdict is what became of a request.
type verdict struct {
	kind     verdictKind
	used     int    // bytes of the header block; what follows are frames, or a body
	endpoint int    // index, if accepted
	window   int    // bits, if permessage-deflate was negotiated
	context  any    // from Request.SetContext
	near     string // from Request.Near
}

func newUpgrader(endpoints []Endpoint) *upgrader {
	u := &upgrader{endpoints: endpoints}
	for _, e := range endpoints {
		u.origins = append(u.origins, compileOrigins(e.Origins))
	}
	u.ws = ws.Upgrader{
		ReadBufferSize:  maxHeader, // no line is ever longer
		ProtocolCustom:  u.chooseSubprotocol,
		OnBeforeUpgrade: u.decide,
	}
	return u
}

// run examines b, all that was received so far. scan, 0 at first, keeps what earlier calls
// have learned of the same bytes. A 101 or a refusal is appended to dst; b is not changed.
func (u *upgrader) run(dst, b []byte, scan *int) (verdict, []byte) {
	end, seen, deny := scanHeaders(b, scan)
	switch {
	case deny != nil:
		return verdict{kind: rejected}, deny.append(dst)
	case end == 0:
		return verdict{kind: needMore}, dst
	case seen&seenWebSocket == 0:
		return verdict{kind: plainHTTP, used: end}, dst
	}
	u.req = Request{block: b[:end:end], remote: u.remote}
	v, response := u.answer(dst)
	u.req, u.io = Request{}, exchange{} // hold on to nobody's bytes
	v.used = end
	return v, response
}

// answer decides about the upgrade request u.req.block.
func (u *upgrader) answer(dst []byte) (verdict, []byte) {
	if deny := u.address(); deny != nil {
		return verdict{kind: rejected}, deny.append(dst)
	}
	u.window, u.deny = 0, nil
	u.ws.Negotiate = nil
	if u.req.endpoint.Compression {
		u.ws.Negotiate = u.negotiate
	}
	u.io = exchange{in: u.req.block, out: dst}
	if _, err := u.ws.Upgrade(&u.io); err != nil {
		return verdict{kind: rejected}, u.explain(err).append(dst)
	}
	return verdict{kind: accepted, endpoint: u.index, window: u.window, context: u.req.context, near: u.req.near}, u.io.out
}

// address checks target and Host and finds the endpoint.
func (u *upgrader) address() *refusal {
	r, ok := &u.req, false
	if r.target, ok = parseTarget(r.block); !ok {
		return badRequest("malformed request target")
	}
	r.host, _ = headerValue(r.block, "Host")
	if _, _, ok = splitHostPort(r.host); !ok {
		return badRequest("malformed Host header")
	}
	if r.target.authority != nil && !bytes.EqualFold(r.target.authority, r.host) {
		return badRequest("target and Host name different hosts")
	}
	for i := range u.endpoints {
		if e := &u.endpoints[i]; e.Path == "" || e.Path == string(r.target.path) {
			u.index, r.endpoint = i, e
			return nil
		}
	}
	return &refusal{status: http.StatusNotFound, reason: "no WebSocket endpoint has this path"}
}

// chooseSubprotocol takes the first one offered that is ours. What is echoed is our
// string, never the client's bytes.
func (u *upgrader) chooseSubprotocol(offer []byte) (string, bool) {
	ours := u.req.endpoint.Subprotocols
	if len(ours) == 0 {
		return "", true
	}
	wellFormed := httphead.ScanTokens(offer, func(name []byte) bool {
		i := slices.IndexFunc(ours, func(s string) bool { return s == string(name) })
		if i >= 0 {
			u.req.subprotocol = ours[i]
		}
		return i < 0
	})
	return u.req.subprotocol, wellFormed
}

// negotiate accepts the first permessage-deflate offer we can keep (RFC 7692, section 5).
func (u *upgrader) negotiate(offer httphead.Option) (httphead.Option, error) {
	if u.window != 0 {
		return httphead.Option{}, nil
	}
	answer, window, ok := frame.AcceptDeflate(offer)
	if !ok {
		return httphead.Option{}, nil
	}
	u.window = window
	return answer, nil
}

// errDenied makes ws.Upgrader stop; the reason is in upgrader.deny.
var errDenied = errors.New("denied")

// decide is called when everything else is right: origin, then the application.
func (u *upgrader) decide() (ws.HandshakeHeader, error) {
	r := &u.req
	if o, ok := headerValue(r.block, "Origin"); ok && !u.origins[u.index].allow(o, r.host) {
		u.deny = &refusal{status: http.StatusForbidden, reason: "this origin is not allowed"}
		return nil, errDenied
	}
	if u.admit != nil {
		if u.deny = u.admit(r); u.deny != nil {
			return nil, errDenied
		}
	}
	if r.endpoint.Accept == nil {
		return nil, nil
	}
	if err := r.endpoint.Accept(r); err != nil {
		u.deny = refusalOf(err)
		return nil, errDenied
	}
	return nil, nil
}

// explain turns an error of ws.Upgrader into our response: its own do not say that the
// connection ends.
func (u *upgrader) explain(err error) *refusal {
	switch err {
	case errDenied:
		return u.deny
	case ws.ErrHandshakeUpgradeRequired: // RFC 6455, section 4.4
		return &refusal{status: http.StatusUpgradeRequired, reason: "only WebSocket version 13 is spoken here", extra: "Sec-WebSocket-Version: 13"}
	case ws.ErrHandshakeBadUpgrade:
		return badRequest("the Upgrade header must be websocket")
	case ws.ErrHandshakeBadConnection:
		return badRequest("the Connection header must have the token upgrade")
	case ws.ErrHandshakeBadSecVersion:
		return badRequest("no Sec-WebSocket-Version header")
	case ws.ErrHandshakeBadSecKey:
		return badRequest("no Sec-WebSocket-Key header")
	}
	return badRequest("malformed WebSocket handshake")
}

// exchange is the connection ws.Upgrader believes to have: the header block to read and
// the response to write.
type exchange struct{ in, out []byte }

func (x *exchange) Read(p []byte) (int, error) {
	if len(x.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, x.in)
	x.in = x.in[n:]
	return n, nil
}

func (x *exchange) Write(p []byte) (int, error) {
	x.out = append(x.out, p...)
	return len(p), nil
}
