package edge

import (
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/mailru/easyjson/jlexer"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
)

// Authenticator determines the identity of a connection.
type Authenticator interface {
	// Authenticate runs on the event loops, on several at the same time, and must not block. A *protocol.Error is the
	// error reply to connect (ErrTokenExpired makes the SDK fetch a new token), a *protocol.Disconnect closes the
	// connection with its code, any other error closes it with 3004.
	Authenticate(r *AuthRequest) (Identity, error)
}

// AuthRequest contains the credentials of a connection. It is valid until Authenticate returns.
type AuthRequest struct {
	Token         string
	Refresh       bool              // a refresh of a connection; only Token is set
	Data          []byte            // of the connect command: nil, or valid JSON that aliases the frame
	Name, Version string            // of the client's software, as the client states them
	Headers       map[string]string // in the connect command, since browsers cannot set HTTP headers
	*UpgradeRequest
}

// UpgradeRequest is the HTTP request that opened the connection. Its strings are as the client sent them.
type UpgradeRequest struct {
	Remote       netip.AddrPort
	Path, Query  string
	Host, Origin string
	Header       map[string]string // those of Config.AuthHeaders that the request has
}

// Identity is the identity of a connection.
type Identity struct {
	User     string    // "": anonymous
	Info     []byte    // conn_info: nil, or valid JSON without line ends; must not be modified
	ExpireAt time.Time // zero: never. The client gets it as ttl, and is closed with 3005 unless it refreshes
}

// onAccept assigns the connection to the event loop of the room in the URL (?affinity=ROOM), if there is one, and keeps the
// request for an Authenticator.
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
	return queryValue(query, "affinity", "near")
}

// anonymous is the Authenticator for connections without a token. It cannot verify tokens.
type anonymous struct{ config.Client }

// Authenticate returns the errors of Centrifugo: a token that cannot be verified is invalid, and a request without
// credentials is a bad request where anonymous clients are not allowed.
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

const maxName = 128 // bytes of the name in conn_info

// nameInfo returns the conn_info {"name":...} for the data of connect, nil if the data has no name.
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
