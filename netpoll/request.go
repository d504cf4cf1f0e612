//go:build !windows

package netpoll

import (
	"bytes"
	"net/http"
	"net/netip"

	"github.com/gobwas/httphead"
)

// Request is the request that [Endpoint.Accept] or [Server.AcceptHTTP] decides about. It is borrowed from the
// loop: valid until Accept returns, on that goroutine only. The strings it returns are
// copies and may be kept.
type Request struct {
	block       []byte // the whole header block, known to be well formed
	target      target
	host        []byte
	endpoint    *Endpoint
	remote      func() netip.AddrPort
	subprotocol string
	expects     bool            // 100-continue
	deflate     httphead.Option // the answer to the offer that was accepted
	window      int             // of it, in bits; 0 without one
	context     any
	affinity    string
}

// Method is GET for a WebSocket (RFC 6455, section 4.1), and may be any for Server.AcceptHTTP.
func (r *Request) Method() string {
	method, _, _ := bytes.Cut(r.block, []byte(" "))
	if string(method) == http.MethodGet {
		return http.MethodGet // saves the copy
	}
	return string(method)
}

// Path is the path of the request target as it was sent: nothing is decoded.
func (r *Request) Path() string {
	if r.endpoint != nil && string(r.target.path) == r.endpoint.Path {
		return r.endpoint.Path // saves the copy
	}
	return string(r.target.path)
}

// Query is what follows the first question mark of the target, undecoded.
func (r *Request) Query() string { return string(r.target.query) }

// Host is the Host header, or host and port of a target in absolute form, which replace it
// (RFC 9112, section 3.2.2).
func (r *Request) Host() string { return string(r.host) }

// Header is the value of the first field with that name, in any case, or empty. See Values for
// fields whose value is a list.
func (r *Request) Header(name string) string {
	v, _ := headerValue(r.block, name)
	return string(v)
}

// Values are those of all fields with that name, in any case, in order. A list may be spread
// over several fields (RFC 9110, section 5.3).
func (r *Request) Values(name string) (values []string) {
	for v := range fields(r.block, name) {
		values = append(values, string(v))
	}
	return values
}

// originValue is the Origin header. One without a value is none: browsers always have one.
func (r *Request) originValue() []byte {
	v, _ := headerValue(r.block, "Origin")
	return v
}

// Origin is the Origin header; empty for clients that are no browsers. The endpoint's
// rule for it has been applied.
func (r *Request) Origin() string { return r.Header("Origin") }

// RemoteAddr is the client's address, as of [Conn.RemoteAddr].
func (r *Request) RemoteAddr() netip.AddrPort {
	if r.remote == nil {
		return netip.AddrPort{}
	}
	return r.remote()
}

// Subprotocol is the one that was chosen: the first the client offers that is in
// [Endpoint.Subprotocols], or empty.
func (r *Request) Subprotocol() string { return r.subprotocol }

// SetContext stores what [Conn.Context] will return. For AcceptHTTP it does nothing.
func (r *Request) SetContext(v any) { r.context = v }

// Affinity asks for a place beside the connections with the same key, on one loop: what one of them publishes to a topic of
// them all then needs no mail between loops. It is a wish: a loop that has more than its share of all connections takes
// no more of them, so a key may be as common as it likes. The connection's callbacks are called on that loop, but for
// Accept.
func (r *Request) Affinity(key string) { r.affinity = key }

// target is a request target of a WebSocket (RFC 9112, section 3.2).
type target struct{ authority, path, query []byte }

// parseTarget splits the target of a well-formed block. It takes the origin form, and
// the absolute form of http and https (RFC 6455, section 4.2.1), in which an empty path is /
// (RFC 9110, section 4.2.3).
func parseTarget(block []byte) (t target, ok bool) {
	v := rawTarget(block)
	if scheme, rest, found := bytes.Cut(v, []byte("://")); found && (equalFold(scheme, "http") || equalFold(scheme, "https")) {
		i := bytes.IndexAny(rest, "/?")
		if i < 0 {
			i = len(rest)
		}
		t.authority, v = rest[:i], rest[i:]
		if len(v) == 0 || v[0] == '?' {
			v = append([]byte("/"), v...)
		}
	}
	t.path, t.query, _ = bytes.Cut(v, []byte("?"))
	return t, len(v) > 0 && v[0] == '/' && validEscapes(t.path)
}

// rawTarget is the target of a well-formed block as it was sent.
func rawTarget(block []byte) []byte {
	from := bytes.IndexByte(block, ' ') + 1
	return block[from : from+bytes.IndexByte(block[from:], ' ')]
}

// validEscapes reports whether every % begins two hexadecimal digits.
func validEscapes(path []byte) bool {
	for i, c := range path {
		if c == '%' && (len(path) < i+3 || !isHex(path[i+1]) || !isHex(path[i+2])) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
