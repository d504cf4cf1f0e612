package edge

import (
	"cmp"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailru/easyjson/jlexer"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
)

// Authenticator decides who a connection is.
type Authenticator interface {
	// Authenticate runs on an event loop, from several at once: it must not block. The error decides what becomes of
	// the connection: a *protocol.Error is the answer to connect (ErrTokenExpired makes the SDK fetch a new token), a
	// *protocol.Disconnect closes with its code, anything else closes with 3004.
	Authenticate(r *AuthRequest) (Identity, error)
}

// AuthRequest is what an Authenticator may go by. It is valid until Authenticate returns.
type AuthRequest struct {
	Token         string
	Refresh       bool              // a refresh of a connection; only Token is set
	Data          []byte            // of the connect command: valid JSON, borrowed, or nil
	Name, Version string            // of the client's software, as it says
	Headers       map[string]string // that the client put into the command, as browsers cannot set HTTP headers
	*UpgradeRequest
}

// UpgradeRequest are what is known from the HTTP request; strings are the client's, as sent.
type UpgradeRequest struct {
	Remote       netip.AddrPort
	Path, Query  string
	Host, Origin string
	Header       map[string]string // those of Config.AuthHeaders that were there
}

// Identity is who a connection is.
type Identity struct {
	User     string    // empty: anonymous
	Info     []byte    // conn_info: nil, or valid JSON without line ends, not to be changed any more
	ExpireAt time.Time // zero: never. Told to the client as ttl; who does not refresh is closed with 3005
}

// accept puts the connection on the event loop of the room that the URL names (?affinity=ROOM), if any, and keeps the
// facts of a request when an Authenticator wants them.
func (e *Edge) onAccept(r *netpoll.Request) error {
	r.SetAffinity(affinityOf(r.Query()))
	if e.cfg.Auth == nil {
		return nil
	}
	f := &UpgradeRequest{Remote: r.RemoteAddr(), Path: r.Path(), Query: r.Query(), Host: r.Host(), Origin: r.Origin()}
	for _, name := range e.cfg.AuthHeaders {
		if v := r.Header(name); v != "" {
			if f.Header == nil {
				f.Header = make(map[string]string, len(e.cfg.AuthHeaders))
			}
			f.Header[name] = v
		}
	}
	r.SetContext(f)
	return nil
}

// affinityOf returns the parameter affinity of a query, or near, its former name. A query that cannot be parsed has
// none: affinity is a hint, and no reason to refuse a connection.
func affinityOf(query string) string {
	if !strings.Contains(query, "affinity=") && !strings.Contains(query, "near=") {
		return ""
	}
	values, _ := url.ParseQuery(query)
	return cmp.Or(values.Get("affinity"), values.Get("near"))
}

// anonymous lets people in who have no token. There are no tokens yet, so nobody's is valid.
type anonymous struct{ config.Client }

// Authenticate answers as Centrifugo does: a token that cannot be verified is invalid, and a request without
// credentials where anonymous people are not allowed is a bad one.
func (a anonymous) Authenticate(r *AuthRequest) (Identity, error) {
	switch {
	case r.Token != "":
		return Identity{}, protocol.DisconnectInvalidToken
	case !a.AllowAnonymous:
		return Identity{}, protocol.DisconnectBadRequest
	case a.NameAsInfo:
		return Identity{Info: nameInfo(r.Data)}, nil
	}
	return Identity{}, nil
}

const maxName = 128 // bytes of a name that is kept

// nameInfo makes the conn_info {"name":...} of connect's data; nil if there is no name in it.
func nameInfo(data []byte) []byte {
	name := dataName(data)
	if name == "" {
		return nil
	}
	for len(name) > maxName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	info := make([]byte, 0, len(`{"name":""}`)+len(name))
	return append(jsonwire.AppendString(append(info, `{"name":`...), name), '}')
}

func dataName(data []byte) (name string) {
	l := jlexer.Lexer{Data: data}
	if l.IsNull() || !l.IsDelim('{') {
		return ""
	}
	for l.Delim('{'); l.Ok() && !l.IsDelim('}'); l.WantComma() {
		key := l.UnsafeFieldName(false)
		l.WantColon()
		if key == "name" {
			name, _ = l.Interface().(string)
		} else {
			l.SkipRecursive()
		}
	}
	return name
}
