//go:build !windows

package netpoll

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/gobwas/httphead"

	"github.com/throngd/throng/frame"
)

// upgrader answers the first bytes of connections: station 2 of a message's way. There is
// one per loop; it does no I/O and keeps nothing between two requests but scratch.
//
// A strict scan of the header block (headers.go) comes first; what it lets through is judged
// here by the values of the fields, in the order of RFC 6455, section 4.2.1.
type upgrader struct {
	endpoints []Endpoint
	origins   []origins
	maxHeader int
	req       Request
	index     int                     // of the endpoint of the current request
	remote    func() netip.AddrPort   // of who asks; may be nil
	admit     func(*Request) *refusal // who speaks, behind trusted proxies; may be nil
	plain     func(*Request) error    // Server.AcceptHTTP; may be nil
	report    func(error)             // Server.OnError; may be nil
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
	skipped  int    // bytes of the empty lines in front of the request
	used     int    // bytes of these and of the header block; what follows are frames, or a body
	endpoint int    // index, if accepted
	window   int    // bits, if permessage-deflate was negotiated
	context  any    // from Request.SetContext
	affinity string // from Request.Affinity
	cause    Cause  // if rejected
}

// newUpgrader fails if an endpoint has an origin in its list that can never match.
func newUpgrader(endpoints []Endpoint) (*upgrader, error) {
	u := &upgrader{endpoints: endpoints, maxHeader: defaultMaxHeader}
	for _, e := range endpoints {
		rule, err := compileOrigins(e.Origins)
		if err != nil {
			return nil, fmt.Errorf("netpoll: the origins of the endpoint %q: %w", e.Path, err)
		}
		u.origins = append(u.origins, rule)
	}
	return u, nil
}

// run examines b, all that was received so far. scan, zero at first, keeps what earlier calls
// have learned of the same bytes. A 101 or a refusal is appended to dst; b is not changed.
func (u *upgrader) run(dst, b []byte, scan *scanState) (verdict, []byte) {
	skipped, deny := emptyLines(b)
	if deny != nil {
		return verdict{kind: rejected, cause: deny.cause}, deny.append(dst)
	}
	if b = b[skipped:]; string(b) == "\r" { // of another empty line
		return verdict{kind: needMore}, dst
	}
	end, seen, deny := scanHeaders(b, u.maxHeader, scan)
	switch {
	case deny != nil:
		return verdict{kind: rejected, cause: deny.cause}, deny.append(dst)
	case end == 0:
		return verdict{kind: needMore}, dst
	}
	u.req = Request{block: b[:end:end], remote: u.remote}
	var v verdict
	if seen&seenWebSocket == 0 {
		v, dst = u.answerHTTP(dst)
	} else {
		v, dst = u.answer(dst)
	}
	u.req = Request{} // hold on to nobody's bytes
	v.skipped, v.used = skipped, skipped+end
	return v, dst
}

// answer decides about the upgrade request u.req.block.
func (u *upgrader) answer(dst []byte) (verdict, []byte) {
	for _, check := range checks {
		if deny := check(u); deny != nil {
			return verdict{kind: rejected, cause: deny.cause}, deny.append(dst)
		}
	}
	r := &u.req
	v := verdict{
		kind: accepted, endpoint: u.index, window: r.window,
		context: r.context, affinity: r.affinity,
	}
	return v, r.appendSwitch(dst)
}

// checks are what an upgrade request must pass, in this order.
var checks = [...]func(*upgrader) *refusal{
	(*upgrader).address, (*upgrader).handshake, (*upgrader).expectation,
	(*upgrader).subprotocol, (*upgrader).negotiate, (*upgrader).decide,
}

// address checks target and Host and finds the endpoint. A target in absolute form replaces
// Host, whatever that says (RFC 9112, section 3.2.2).
func (u *upgrader) address() *refusal {
	r, ok := &u.req, false
	if r.target, ok = parseTarget(r.block); !ok {
		return badRequest("malformed request target")
	}
	r.host = r.requestedHost()
	if _, _, ok = splitHostPort(r.host); !ok {
		return badRequest("malformed Host header")
	}
	for i := range u.endpoints {
		if e := &u.endpoints[i]; e.Path == "" || e.Path == string(r.target.path) {
			u.index, r.endpoint = i, e
			return nil
		}
	}
	return &refusal{status: http.StatusNotFound, cause: CausePath, reason: "no WebSocket endpoint has this path"}
}

// handshake checks what RFC 6455, section 4.2.1, asks of the fields of an upgrade; the scan has
// seen to the method, the version of HTTP and the form of the key.
func (u *upgrader) handshake() *refusal {
	block := u.req.block
	version, versioned := headerValue(block, "Sec-WebSocket-Version")
	_, keyed := headerValue(block, "Sec-WebSocket-Key")
	switch {
	case !fieldsHaveToken(block, "Upgrade", "websocket"):
		return badRequest("no Upgrade header with websocket: a proxy in front must pass Upgrade on")
	case !fieldsHaveToken(block, "Connection", "upgrade"):
		return badRequest("no Connection header with upgrade: a proxy in front must pass it on")
	case !versioned:
		return badRequest("no Sec-WebSocket-Version header")
	case string(version) != "13": // section 4.4
		return &refusal{
			status: http.StatusUpgradeRequired, cause: CauseBadRequest,
			reason: "only WebSocket version 13 is spoken here", extra: "Sec-WebSocket-Version: 13",
		}
	case !keyed:
		return badRequest("no Sec-WebSocket-Key header")
	}
	return nil
}

// expectation refuses expectations other than 100-continue (RFC 9110, section 10.1.1).
func (u *upgrader) expectation() *refusal {
	for e := range fieldElements(u.req.block, "Expect") {
		if !equalFold(e, "100-continue") {
			return &refusal{status: http.StatusExpectationFailed, cause: CauseBadRequest, reason: "no such expectation"}
		}
		u.req.expects = true
	}
	return nil
}

// subprotocol takes the first one offered that is ours. An empty list is no offer. What is
// echoed is our string, never the client's bytes.
func (u *upgrader) subprotocol() *refusal {
	r := &u.req
	ours := r.endpoint.Subprotocols
	if len(ours) == 0 {
		return nil
	}
	for name := range fieldElements(r.block, "Sec-WebSocket-Protocol") {
		if tokenLen(name) != len(name) {
			return badRequest("malformed Sec-WebSocket-Protocol header")
		}
		i := slices.IndexFunc(ours, func(s string) bool { return s == string(name) })
		if i >= 0 && r.subprotocol == "" {
			r.subprotocol = ours[i]
		}
	}
	return nil
}

// negotiate accepts the first permessage-deflate offer we can keep (RFC 7692, section 5).
func (u *upgrader) negotiate() *refusal {
	r := &u.req
	if !r.endpoint.Compression {
		return nil
	}
	wellFormed := extensionOffers(r.block, func(offer httphead.Option) {
		if r.window != 0 {
			return
		}
		if answer, window, ok := frame.AcceptDeflate(offer); ok {
			r.deflate, r.window = answer, window
		}
	})
	if !wellFormed {
		return badRequest("malformed Sec-WebSocket-Extensions header")
	}
	return nil
}

// reject is the answer to an error of a callback. One that is not meant for the peer is told to OnError.
func (u *upgrader) reject(callback string, err error) *refusal {
	deny, unexpected := refusalOf(err)
	if unexpected && u.report != nil {
		u.report(fmt.Errorf("netpoll: %s: %w", callback, err))
	}
	return deny
}

// decide is called when everything else is right: origin, then the application.
func (u *upgrader) decide() *refusal {
	r := &u.req
	if o := r.originValue(); len(o) > 0 && !u.origins[u.index].allow(o, r.host) {
		return &refusal{status: http.StatusForbidden, cause: CauseOrigin, reason: "this origin is not allowed"}
	}
	if u.admit != nil {
		if deny := u.admit(r); deny != nil {
			return deny
		}
	}
	if r.endpoint.Accept == nil {
		return nil
	}
	if err := r.endpoint.Accept(r); err != nil {
		return u.reject("Endpoint.Accept", err)
	}
	return nil
}
