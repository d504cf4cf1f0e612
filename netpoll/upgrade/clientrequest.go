package upgrade

import (
	"cmp"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/gobwas/ws"
)

// ClientRequest is what a [Client] asks for.
type ClientRequest struct {
	// Host is the Host header.
	Host string
	// Path is the target of the request: path and query. Empty means "/".
	Path string
	// Header are further headers of the request. Those of the handshake itself are an error, and so are names that are no
	// tokens and values with control characters, a line end among them (RFC 9110, section 5).
	Header http.Header
	// Subprotocols are offered in this order.
	Subprotocols []string
}

// Check returns an error if the request can never be sent.
func (r ClientRequest) Check() error {
	_, err := r.check()
	return err
}

func (r ClientRequest) check() (target *url.URL, err error) {
	if strings.ContainsFunc(r.Host, notInHost) {
		return nil, fmt.Errorf("Host %q is no host", r.Host)
	}
	for name, values := range r.Header {
		switch {
		case name == "" || tokenLen([]byte(name)) != len(name):
			return nil, fmt.Errorf("Header has %q, which is no field name", name)
		case ofHandshake(name):
			return nil, fmt.Errorf("Header has %s, which is the handshake's", name)
		case slices.ContainsFunc(values, notFieldValue):
			return nil, fmt.Errorf("Header has a value of %s that is no field value: %q", name, values)
		}
	}
	for _, p := range r.Subprotocols {
		if p == "" || tokenLen([]byte(p)) != len(p) {
			return nil, fmt.Errorf("the subprotocol %q is no token", p)
		}
	}
	target, err = url.ParseRequestURI(cmp.Or(r.Path, "/"))
	if err != nil || target.Scheme != "" || strings.Contains(r.Path, "#") {
		return nil, fmt.Errorf("Path %q is no path and query", r.Path)
	}
	return target, nil
}

func notInHost(r rune) bool { return r <= ' ' || r > '~' || r == '/' || r == '@' }

// notFieldValue reports whether a field would end in the middle of v, or be refused for a control character
// (RFC 9110, section 5.5).
func notFieldValue(v string) bool {
	for i := range len(v) {
		if classes[v[i]]&classValue == 0 {
			return true
		}
	}
	return false
}

// ofHandshake reports whether only the handshake may set the field with that name.
func ofHandshake(name string) bool {
	switch name = textproto.CanonicalMIMEHeaderKey(name); name {
	case "Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding":
		return true
	}
	return strings.HasPrefix(name, "Sec-Websocket-")
}

// dialer is the request as gobwas/ws makes it.
func (r ClientRequest) dialer() ws.Dialer {
	d := ws.Dialer{Host: r.Host, Protocols: r.Subprotocols}
	if len(r.Header) > 0 {
		d.Header = ws.HandshakeHeaderHTTP(r.Header)
	}
	return d
}
