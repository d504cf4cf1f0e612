package upgrade

import (
	"bytes"
	"net/netip"
	"slices"
)

// originList is an allow-list for the Origin header. It is immutable.
type originList struct {
	any         bool // "*" is in the list
	opaque      bool // "null" is in the list: sandboxed frames, files
	sameHost    bool // no list, or SameHost is in it: host and port are those of Host
	sameAddress bool // SameAddress is in the list
	allowed     []originEntry
}

// origin is scheme, host and port of an Origin header (RFC 6454, section 7). The port is
// empty where it is the scheme's own.
type origin struct{ scheme, host, port []byte }

// AllowOrigins makes an [Endpoint.CheckOrigin] of an allow-list. An entry is scheme://host[:port], compared exactly; the
// port may be "*", and a host of http or https may begin with "*." for every name below it. Other schemes are those of
// applications: capacitor://localhost, file://, moz-extension://* for every host. "null" is the origin of sandboxed
// frames and of files, "*" alone every origin, [SameHost] and [SameAddress] compare with the Host header. No entry at
// all is SameHost. An entry that no browser's origin can ever match is an error, see [NormalOrigin]. A request without
// Origin (no browser) is allowed. Any goroutine may call the function.
func AllowOrigins(entries ...string) (func(*Request) bool, error) {
	list, err := parseOriginList(entries)
	if err != nil {
		return nil, err
	}
	return list.allowRequest, nil
}

// sameHostOnly is AllowOrigins without an entry.
func sameHostOnly(r *Request) bool {
	list := originList{sameHost: true}
	return list.allowRequest(r)
}

func (rule *originList) allowRequest(r *Request) bool {
	value := r.origin()
	return len(value) == 0 || rule.allow(value, r.host)
}

// allow decides about the value of an Origin header. In the comparison with the Host header the scheme is ignored,
// because TLS may end at a proxy in front, and so is case.
func (rule *originList) allow(value, host []byte) bool {
	if rule.any || rule.opaque && string(value) == "null" {
		return true
	}
	o, ok := parseOrigin(value)
	switch {
	case !ok:
		return false
	case rule.sameHost && o.sameHost(host), rule.sameAddress && o.isAddress() && o.sameHost(host):
		return true
	}
	return slices.ContainsFunc(rule.allowed, func(e originEntry) bool { return e.matches(o) })
}

// sameHost compares with the value of a Host header, which has no scheme: a missing port is the default of the origin's
// scheme.
func (o origin) sameHost(hostport []byte) bool {
	if !ofWeb(o.scheme) {
		return len(o.host) > 0 && equalFold(o.host, string(hostport))
	}
	host, port, ok := splitHostPort(hostport)
	return ok && equalFold(o.host, string(host)) && bytes.Equal(o.port, normalPort(o.scheme, port))
}

// isAddress reports whether the host is an IP address and not a name, which its owner could point to
// other addresses, one after the other (DNS rebinding).
func (o origin) isAddress() bool {
	_, err := netip.ParseAddr(string(bytes.Trim(o.host, "[]")))
	return err == nil
}

// parseOrigin splits scheme://host[:port]; path and user are not allowed. Schemes other than http and https may have no
// host (file://), and any text as host.
func parseOrigin(v []byte) (o origin, ok bool) {
	var rest []byte
	if o.scheme, rest, ok = bytes.Cut(v, []byte("://")); !ok || len(o.scheme) == 0 {
		return o, false
	}
	if !ofWeb(o.scheme) {
		o.host = rest
		return o, validScheme(o.scheme) && validOpaqueHost(rest)
	}
	o.host, o.port, ok = splitHostPort(rest)
	o.port = normalPort(o.scheme, o.port)
	return o, ok
}

// ofWeb reports whether the hosts of this scheme are names or addresses of the internet.
func ofWeb(scheme []byte) bool { return equalFold(scheme, "http") || equalFold(scheme, "https") }

// validScheme checks the syntax of RFC 3986, section 3.1.
func validScheme(s []byte) bool {
	for i, c := range s {
		c = lower(c)
		if letter := 'a' <= c && c <= 'z'; !letter && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return len(s) > 0
}

// validOpaqueHost reports whether h may stand behind a scheme of an application, as the
// serialization of an opaque host and a port do (URL Standard, sections 3.5 and 4.5): visible
// ASCII that does not end it.
func validOpaqueHost(h []byte) bool {
	for _, c := range h {
		if c <= ' ' || c > '~' || bytes.IndexByte([]byte("/?#@\\"), c) >= 0 {
			return false
		}
	}
	return true
}

// normalPort is the port as browsers write it: empty if it is the scheme's own.
func normalPort(scheme, port []byte) []byte {
	switch {
	case string(port) == "80" && equalFold(scheme, "http"),
		string(port) == "443" && equalFold(scheme, "https"):
		return nil
	}
	return port
}

// splitHostPort splits host[:port], the host being a name, an IPv4 address or an IPv6
// address in brackets. It is stricter than RFC 3986, section 3.2: no user, no
// percent-encoding, no empty port.
func splitHostPort(v []byte) (host, port []byte, ok bool) {
	host = v
	if i := bytes.LastIndexByte(v, ':'); i > bytes.LastIndexByte(v, ']') {
		host, port = v[:i], v[i+1:]
		if !validPort(port) {
			return nil, nil, false
		}
	}
	return host, port, validHost(host)
}

func validPort(p []byte) bool {
	for _, c := range p {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(p) >= 1 && len(p) <= 5
}

func validHost(h []byte) bool {
	if len(h) > 2 && h[0] == '[' && h[len(h)-1] == ']' {
		return len(bytes.Trim(h[1:len(h)-1], "0123456789abcdefABCDEF:.")) == 0
	}
	for _, c := range h {
		c = lower(c)
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return len(h) > 0
}
