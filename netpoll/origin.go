//go:build !windows

package netpoll

import (
	"bytes"
	"slices"
	"strings"
)

// origins is the compiled rule of one endpoint for the Origin header.
type origins struct {
	sameHost bool     // no list: the origin's host and port are those of Host
	any      bool     // "*" is in the list
	opaque   bool     // "null" is in the list: sandboxed frames, files
	allowed  []origin // the list
}

// origin is scheme, host and port of an Origin header (RFC 6454, section 7). The port is
// empty where it is the scheme's own.
type origin struct {
	scheme, host, port []byte
	anyPort            bool // of an entry of the list
}

// anyPort is the end of an entry that allows every port of its host.
const anyPort = ":*"

// Origins is a compiled allow-list, as of [Endpoint.Origins], for those whose list changes
// while they serve: let Endpoint.Origins be "*" and Accept decide. It is immutable, so any
// goroutine may use it.
type Origins struct{ rule origins }

// CompileOrigins reads an allow-list.
func CompileOrigins(list []string) *Origins { return &Origins{compileOrigins(list)} }

// Allow judges the Origin of a request to host. A request without one is allowed.
func (o *Origins) Allow(r *Request) bool {
	value := r.originValue()
	return len(value) == 0 || o.rule.allow(value, r.host)
}

// compileOrigins reads an allow-list. Its entries are brought into the form in which
// browsers send origins: lower case. What is no origin allows nothing.
func compileOrigins(list []string) origins {
	rule := origins{sameHost: len(list) == 0}
	for _, entry := range list {
		host, wild := strings.CutSuffix(strings.ToLower(entry), anyPort)
		o, ok := parseOrigin([]byte(host))
		o.anyPort = wild
		switch {
		case entry == "*":
			rule.any = true
		case entry == "null":
			rule.opaque = true
		case ok && (!wild || host == string(o.scheme)+"://"+string(o.host)): // one port or all, not both
			rule.allowed = append(rule.allowed, o)
		}
	}
	return rule
}

// allow judges the value of an Origin header. Without a list the scheme does not count,
// because TLS may end in front of us, and case does not either. With a list scheme, host
// and port must be equal, byte by byte; an entry may allow every port.
func (rule *origins) allow(value, host []byte) bool {
	if rule.any || rule.opaque && string(value) == "null" {
		return true
	}
	o, ok := parseOrigin(value)
	if !ok {
		return false
	}
	if rule.sameHost {
		return o.sameHost(host)
	}
	return slices.ContainsFunc(rule.allowed, func(entry origin) bool { return entry.admits(o) })
}

// admits reports whether p is what the entry o stands for.
func (o origin) admits(p origin) bool {
	return bytes.Equal(o.scheme, p.scheme) && bytes.Equal(o.host, p.host) && (o.anyPort || bytes.Equal(o.port, p.port))
}

// sameHost compares with the value of a Host header. That has no scheme: a port that is
// not there is the default of the origin's scheme.
func (o origin) sameHost(hostport []byte) bool {
	host, port, ok := splitHostPort(hostport)
	return ok && equalFold(o.host, string(host)) && bytes.Equal(o.port, normalPort(o.scheme, port))
}

// parseOrigin splits scheme://host[:port]. Nothing may follow, no path, no user.
func parseOrigin(v []byte) (o origin, ok bool) {
	var rest []byte
	if o.scheme, rest, ok = bytes.Cut(v, []byte("://")); !ok || len(o.scheme) == 0 {
		return o, false
	}
	o.host, o.port, ok = splitHostPort(rest)
	o.port = normalPort(o.scheme, o.port)
	return o, ok
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
