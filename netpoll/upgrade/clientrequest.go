package upgrade

import (
	"cmp"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/gobwas/ws"
)

// ClientRequest is what a [Client] asks for.
type ClientRequest struct {
	// Host is the Host header.
	Host string
	// Path is the target of the request: path and query. Empty means "/".
	Path string
	// Header are further headers of the request. Those of the handshake itself are an error.
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
	for name := range r.Header {
		if ofHandshake(name) {
			return nil, fmt.Errorf("Header has %s, which is the handshake's", name)
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
