//go:build !windows

package netpoll

import (
	"bytes"
	"net/http"
)

// answerHTTP decides whether the request u.req.block, which asks for no WebSocket, is net/http's to answer.
func (u *upgrader) answerHTTP(dst []byte) (verdict, []byte) {
	deny := u.decideHTTP()
	if deny == nil {
		return verdict{kind: plainHTTP}, dst
	}
	from := len(dst)
	dst = deny.append(dst)
	if u.req.Method() == http.MethodHead { // RFC 9110, section 9.3.2: no content
		dst = dst[:from+bytes.Index(dst[from:], []byte("\r\n\r\n"))+4]
	}
	return verdict{kind: rejected, cause: deny.cause}, dst
}

// decideHTTP asks the limits of the address that a trusted proxy names, then the application. What is wrong with the
// target or with Host is net/http's to judge.
func (u *upgrader) decideHTTP() *refusal {
	r, ok := &u.req, false
	if r.target, ok = parseTarget(r.block); !ok {
		r.target = target{path: rawTarget(r.block)}
	}
	r.host = r.requestedHost()
	if u.admit != nil {
		if deny := u.admit(r); deny != nil {
			return deny
		}
	}
	if u.plain != nil {
		if err := u.plain(r); err != nil {
			return u.reject("Server.AcceptHTTP", err)
		}
	}
	return nil
}

// requestedHost is the authority of a target in absolute form, which replaces Host, or Host
// (RFC 9112, section 3.2.2). An empty port is none (RFC 3986, section 3.2.3).
func (r *Request) requestedHost() []byte {
	host := r.target.authority
	if host == nil {
		host, _ = headerValue(r.block, "Host")
	}
	return bytes.TrimSuffix(host, []byte(":"))
}
