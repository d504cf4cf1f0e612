package upgrade

import (
	"cmp"
	"iter"
	"net/http"
	"slices"

	"github.com/throngd/throng/frame"
)

// Upgrader reads requests and decides about upgrades. It does no I/O and keeps nothing between two requests. Its fields
// must not be changed while it is in use; any number of goroutines may use it then.
type Upgrader struct {
	// Endpoints are tried in order by path.
	Endpoints []Endpoint
	// MaxHeader bounds the request line and all header fields in bytes; beyond it the request is rejected with 431, or
	// with 414. 0 means DefaultMaxHeader.
	MaxHeader int
}

// Endpoint has the settings of one path: the checks of a request, and the subprotocols and compression to negotiate.
type Endpoint struct {
	// Path is compared with the request's path exactly. Empty matches every path; the first endpoint that matches is
	// used.
	Path string
	// Match restricts the endpoint to requests for which it returns true. It is called before the fields of the request
	// are checked. Nil matches every request.
	Match func(r *Request) bool
	// Subprotocols are the values of Sec-WebSocket-Protocol that may be chosen.
	Subprotocols []string
	// Compression accepts permessage-deflate (RFC 7692) without context takeover.
	Compression bool
	// CheckOrigin decides about a request with an Origin header, false rejects it with 403. It is not called for a
	// request without one, which comes from no browser. Nil means the rule of [SameHost]. See [AllowOrigins] and
	// [Request.SetReason].
	CheckOrigin func(r *Request) bool
}

// Read reads the request at the beginning of b, which is all that was received so far. scan, zero at first, keeps what
// earlier calls have learned about the same bytes. b is not changed.
//
// n is the number of bytes up to the end of the header block, empty lines in front of it included; what follows are
// frames, or the body of a plain HTTP request. n is 0 if the block is not complete yet. A non-nil Reject is the response
// to a request that is rejected, as soon as its offending byte has arrived. r is set only if n > 0.
func (u *Upgrader) Read(r *Request, b []byte, scan *Scan) (n int, reject *Reject) {
	skipped, reject := emptyLines(b)
	if reject != nil {
		return 0, reject
	}
	if b = b[skipped:]; string(b) == "\r" { // of another empty line
		return 0, nil
	}
	end, seen, reject := scanHeaders(b, cmp.Or(u.MaxHeader, DefaultMaxHeader), scan)
	if reject != nil || end == 0 {
		return 0, reject
	}
	*r = Request{block: b[:end:end], webSocket: seen&seenWebSocket != 0}
	if ok := r.readTarget(); !ok && r.webSocket { // the target of plain HTTP is net/http's to check
		return 0, BadRequest("malformed request target")
	}
	r.host = r.requestedHost()
	return skipped + end, nil
}

// Check finds the endpoint of a request for a WebSocket and negotiates subprotocol and compression, in the order of
// RFC 6455, section 4.2.1; the origin is checked last. Nil means that the response may be a 101, see
// [Request.AppendAccept].
func (u *Upgrader) Check(r *Request) *Reject {
	e, reject := u.findEndpoint(r)
	if reject != nil {
		return reject
	}
	for _, check := range [...]func(*Request, *Endpoint) *Reject{
		(*Request).checkFields, (*Request).checkExpect, (*Request).chooseSubprotocol, (*Request).negotiateDeflate, (*Request).checkOrigin,
	} {
		if reject := check(r, e); reject != nil {
			return reject
		}
	}
	return nil
}

// findEndpoint checks Host and finds the endpoint of the path.
func (u *Upgrader) findEndpoint(r *Request) (*Endpoint, *Reject) {
	if _, _, ok := splitHostPort(r.host); !ok {
		return nil, BadRequest("malformed Host header")
	}
	for i := range u.Endpoints {
		if e := &u.Endpoints[i]; (e.Path == "" || e.Path == string(r.target.path)) && (e.Match == nil || e.Match(r)) {
			r.endpoint, r.path = i, e.Path
			return e, nil
		}
	}
	return nil, &Reject{Status: http.StatusNotFound, Cause: CausePath, Reason: "no WebSocket endpoint has this path"}
}

// checkFields checks what RFC 6455, section 4.2.1, demands of the fields of an upgrade. The scan has
// checked the method, the version of HTTP and the form of the key.
func (r *Request) checkFields(*Endpoint) *Reject {
	version, versioned := headerValue(r.block, "Sec-WebSocket-Version")
	_, keyed := headerValue(r.block, "Sec-WebSocket-Key")
	switch {
	case !fieldsHaveToken(r.block, "Upgrade", "websocket"):
		return BadRequest("no Upgrade header with websocket: a proxy in front must pass Upgrade on")
	case !fieldsHaveToken(r.block, "Connection", "upgrade"):
		return BadRequest("no Connection header with upgrade: a proxy in front must pass it on")
	case !versioned:
		return BadRequest("no Sec-WebSocket-Version header")
	case string(version) != "13": // section 4.4
		return &Reject{
			Status: http.StatusUpgradeRequired, Cause: CauseBadRequest,
			Reason: "only WebSocket version 13 is spoken here", line: "Sec-WebSocket-Version: 13",
		}
	case !keyed:
		return BadRequest("no Sec-WebSocket-Key header")
	}
	return nil
}

// checkExpect rejects expectations other than 100-continue (RFC 9110, section 10.1.1).
func (r *Request) checkExpect(*Endpoint) *Reject {
	for e := range fieldElements(r.block, "Expect") {
		if !equalFold(e, "100-continue") {
			return &Reject{Status: http.StatusExpectationFailed, Cause: CauseBadRequest, Reason: "no such expectation"}
		}
		r.expects = true
	}
	return nil
}

// Offered returns the subprotocols that the client offers, in its order (RFC 6455, section 11.3.4).
func (r *Request) Offered() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range fieldElements(r.block, "Sec-WebSocket-Protocol") {
			if !yield(string(name)) {
				return
			}
		}
	}
}

// chooseSubprotocol chooses the first one offered that the endpoint has. An empty list is no offer. The response has
// the endpoint's string, never the client's bytes.
func (r *Request) chooseSubprotocol(e *Endpoint) *Reject {
	if len(e.Subprotocols) == 0 {
		return nil
	}
	for name := range fieldElements(r.block, "Sec-WebSocket-Protocol") {
		if tokenLen(name) != len(name) {
			return BadRequest("malformed Sec-WebSocket-Protocol header")
		}
		i := slices.IndexFunc(e.Subprotocols, func(s string) bool { return s == string(name) })
		if i >= 0 && r.subprotocol == "" {
			r.subprotocol = e.Subprotocols[i]
		}
	}
	return nil
}

// negotiateDeflate accepts the first permessage-deflate offer that frame can keep (RFC 7692, section 5).
func (r *Request) negotiateDeflate(e *Endpoint) *Reject {
	if !e.Compression {
		return nil
	}
	wellFormed := extensionOffers(r.block, func(name []byte, params []frame.Param) {
		if r.window != 0 {
			return
		}
		if response, window, ok := frame.AcceptDeflate(name, params); ok {
			r.deflate, r.window = response, window
		}
	})
	if !wellFormed {
		return BadRequest("malformed Sec-WebSocket-Extensions header")
	}
	return nil
}

func (r *Request) checkOrigin(e *Endpoint) *Reject {
	if len(r.origin()) == 0 {
		return nil
	}
	check := e.CheckOrigin
	if check == nil {
		check = sameHostOnly
	}
	if !check(r) {
		return &Reject{Status: http.StatusForbidden, Cause: CauseOrigin, Reason: cmp.Or(r.reason, "this origin is not allowed")}
	}
	return nil
}
