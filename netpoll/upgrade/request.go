package upgrade

import (
	"bytes"
	"net/http"
	"net/netip"
)

// Request is a request as [Upgrader.Read] reads it. It borrows the bytes that it was read from: it is valid as long as
// these, and in a callback until the callback returns, on that goroutine only. The strings that it returns are copies
// and may be kept. The zero value is empty.
type Request struct {
	block       []byte // the whole header block, known to be well formed
	webSocket   bool
	target      target
	host        []byte
	endpoint    int
	path        string // of the endpoint
	remote      netip.AddrPort
	subprotocol string
	expects     bool   // 100-continue
	deflate     string // the response to the offer that was accepted
	window      int    // of it, in bits; 0 without one
	context     any
	affinity    string
	reason      string // why CheckOrigin returned false
}

// WebSocket reports whether the request asks for a WebSocket: it has "Upgrade: websocket" or a Sec-WebSocket-* field.
// Any other request is plain HTTP.
func (r *Request) WebSocket() bool { return r.webSocket }

// Block is the header block as it was sent, from the request line to the blank line. It is borrowed.
func (r *Request) Block() []byte { return r.block }

// Method is GET for a WebSocket (RFC 6455, section 4.1), and may be any for plain HTTP.
func (r *Request) Method() string {
	method, _, _ := bytes.Cut(r.block, []byte(" "))
	if string(method) == http.MethodGet {
		return http.MethodGet // saves the copy
	}
	return string(method)
}

// Path is the path of the request target as it was sent: nothing is decoded.
func (r *Request) Path() string {
	if string(r.target.path) == r.path {
		return r.path // saves the copy
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

// origin is the Origin header. An empty value counts as none: browsers always send one.
func (r *Request) origin() []byte {
	v, _ := headerValue(r.block, "Origin")
	return v
}

// Origin is the Origin header; empty for clients that are not browsers.
func (r *Request) Origin() string { return string(r.origin()) }

// RemoteAddr is the address of the client: the peer's, or what SetRemoteAddr stored.
func (r *Request) RemoteAddr() netip.AddrPort { return r.remote }

// SetRemoteAddr stores the address of the client. Servers call it before [Upgrader.Check], and again with the result of
// [Request.Client] behind a trusted proxy.
func (r *Request) SetRemoteAddr(a netip.AddrPort) { r.remote = a }

// Endpoint is the index of the endpoint that [Upgrader.Check] found.
func (r *Request) Endpoint() int { return r.endpoint }

// Subprotocol is the one that was chosen: the first that the client offers and that is in
// [Endpoint.Subprotocols], or empty.
func (r *Request) Subprotocol() string { return r.subprotocol }

// DeflateWindow is the LZ77 window in bits that messages to the client may use if permessage-deflate was negotiated
// (RFC 7692, section 7.1.2.1), and 0 otherwise.
func (r *Request) DeflateWindow() int { return r.window }

// SetContext stores a value for the connection that the request becomes: in netpoll Conn.Context returns it. For plain
// HTTP it has no effect.
func (r *Request) SetContext(v any) { r.context = v }

// Context is what SetContext stored.
func (r *Request) Context() any { return r.context }

// SetAffinity asks for the event loop of the connections with the same key. Messages to a topic whose members are all on
// one loop need no mailbox of another loop. It is a hint: a loop that has 1/8 more connections than the average takes
// no more for the sake of a key. The callbacks of the connection are called on that loop, except the one that decides
// about the request.
func (r *Request) SetAffinity(key string) { r.affinity = key }

// Affinity is what SetAffinity stored.
func (r *Request) Affinity() string { return r.affinity }

// SetReason sets the text of the response if [Endpoint.CheckOrigin] returns false.
func (r *Request) SetReason(text string) { r.reason = text }

// Clone is a copy that borrows nothing.
func (r *Request) Clone() *Request {
	c := *r
	c.block = bytes.Clone(r.block)
	c.host = bytes.Clone(r.host)
	c.readTarget()
	return &c
}
