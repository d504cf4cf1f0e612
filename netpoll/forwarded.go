//go:build !windows

package netpoll

import (
	"bytes"
	"net/netip"
)

// clientOf is who a request comes from, by the hops that proxies noted, nearest last: the
// nearest one that is not trusted, since it was noted by one that is. Everything before it may
// be invented. The zero value: nobody was named.
func clientOf(hops []netip.AddrPort, trusts func(netip.Addr) bool) (client netip.AddrPort) {
	for i := len(hops) - 1; i >= 0; i-- {
		if !hops[i].IsValid() {
			return client // unknown: the proxy that noted it is the last one known
		}
		client = hops[i]
		if !trusts(client.Addr()) {
			return client
		}
	}
	return client
}

// eachHeader calls f with the values of all fields with that name, in order, until it says no.
func eachHeader(block []byte, name string, f func(value []byte) bool) bool {
	for {
		i := bytes.IndexByte(block, '\n')
		if i < 0 {
			return true
		}
		block = block[i+1:]
		if len(block) > len(name) && block[len(name)] == ':' && equalFold(block[:len(name)], name) {
			line := block[len(name)+1:]
			if !f(trim(line[:bytes.IndexByte(line, '\r')])) {
				return false
			}
		}
	}
}

// parseXForwardedFor reads the addresses of all X-Forwarded-For fields. There is no standard:
// an address with or without a port is one, anything else is a hop that is not known.
func parseXForwardedFor(block []byte) (hops []netip.AddrPort, ok bool) {
	eachHeader(block, "X-Forwarded-For", func(v []byte) bool {
		for hop := range bytes.SplitSeq(v, []byte(",")) {
			hops = append(hops, hopAddr(string(trim(hop))))
		}
		return true
	})
	return hops, true
}

// parseForwarded reads the for= of all elements of the Forwarded fields (RFC 7239, section 4).
// It is strict: a quote that the client left open must not swallow what the proxy appended.
func parseForwarded(block []byte) (hops []netip.AddrPort, ok bool) {
	ok = eachHeader(block, "Forwarded", func(v []byte) bool {
		for {
			hop, rest, ok := forwardedElement(v)
			if !ok {
				return false
			}
			hops = append(hops, hop)
			if len(rest) == 0 {
				return true
			}
			v = rest[1:] // behind the comma
		}
	})
	return hops, ok
}

// forwardedElement reads [pair] *(";" [pair]) up to a comma or the end.
func forwardedElement(v []byte) (hop netip.AddrPort, rest []byte, ok bool) {
	seen := false
	for {
		v = trimLeft(v)
		if n := tokenLen(v); n > 0 {
			name := v[:n]
			if n == len(v) || v[n] != '=' {
				return hop, nil, false
			}
			var value []byte
			if value, v, ok = forwardedValue(v[n+1:]); !ok {
				return hop, nil, false
			}
			if equalFold(name, "for") {
				if seen { // once in an element
					return hop, nil, false
				}
				seen, hop = true, hopAddr(string(value))
			}
			v = trimLeft(v)
		}
		switch {
		case len(v) == 0 || v[0] == ',':
			return hop, v, true
		case v[0] != ';':
			return hop, nil, false
		}
		v = v[1:]
	}
}

// forwardedValue reads a token or a quoted string. Ports and IPv6 addresses need quotes, but
// not everybody writes them.
func forwardedValue(v []byte) (value, rest []byte, ok bool) {
	if len(v) == 0 || v[0] != '"' {
		n := 0
		for n < len(v) && (classes[v[n]]&classToken != 0 || v[n] == ':' || v[n] == '[' || v[n] == ']') {
			n++
		}
		return v[:n], v[n:], n > 0
	}
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '"':
			return v[1:i], v[i+1:], true
		case '\\': // nothing that is an address needs it
			return nil, nil, false
		}
	}
	return nil, nil, false
}

func tokenLen(v []byte) (n int) {
	for n < len(v) && classes[v[n]]&classToken != 0 {
		n++
	}
	return n
}

func trimLeft(v []byte) []byte { return bytes.TrimLeft(v, " \t") }

// hopAddr reads an address with or without a port; port 0 then. The zero value is no address.
func hopAddr(s string) netip.AddrPort {
	if a, err := netip.ParseAddr(s); err == nil {
		return plainAddr(netip.AddrPortFrom(a, 0))
	}
	if a, err := netip.ParseAddrPort(s); err == nil {
		return plainAddr(a)
	}
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		if a, err := netip.ParseAddr(s[1 : n-1]); err == nil && a.Is6() {
			return plainAddr(netip.AddrPortFrom(a, 0))
		}
	}
	return netip.AddrPort{}
}

func plainAddr(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
