package upgrade

import "bytes"

// target is a request target (RFC 9112, section 3.2).
type target struct{ authority, path, query []byte }

// parseTarget splits the target of a well-formed block. It accepts the origin form, and
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

// readTarget splits the target, and takes one of another form as it is. ok is false then.
func (r *Request) readTarget() (ok bool) {
	if r.target, ok = parseTarget(r.block); !ok {
		r.target = target{path: rawTarget(r.block)}
	}
	return ok
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

// requestedHost is the authority of a target in absolute form, which replaces Host, or Host
// (RFC 9112, section 3.2.2). An empty port counts as none (RFC 3986, section 3.2.3).
func (r *Request) requestedHost() []byte {
	host := r.target.authority
	if host == nil {
		host, _ = headerValue(r.block, "Host")
	}
	return bytes.TrimSuffix(host, []byte(":"))
}
