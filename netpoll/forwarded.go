//go:build !windows

package netpoll

import (
	"net/netip"
	"slices"
)

// clientOf is who a request comes from, by the hops that proxies noted, nearest last: the
// nearest one that is not trusted, since it was noted by one that is. Everything before it may
// be invented. The zero value: nobody was named.
func clientOf(hops [][]byte, trusts func(netip.Addr) bool) (client netip.AddrPort) {
	for _, hop := range slices.Backward(hops) {
		a := hopAddr(string(hop))
		if !a.IsValid() {
			return client // unknown: the proxy that noted it is the last one known
		}
		client = a
		if !trusts(client.Addr()) {
			return client
		}
	}
	return client
}

// parseXForwardedFor lists the hops of all X-Forwarded-For fields. There is no standard:
// an address with or without a port is one, anything else is a hop that is not known. Quotes
// mean nothing: one that the client left open must not swallow what the proxy appended.
func parseXForwardedFor(block []byte) (hops [][]byte, ok bool) {
	for hop := range fieldElements(block, "X-Forwarded-For") {
		hops = append(hops, hop)
	}
	return hops, true
}

// parseForwarded lists the for= of all elements of the Forwarded fields (RFC 7239, section 4).
// It is strict: a quote that the client left open must not swallow what the proxy appended.
func parseForwarded(block []byte) (hops [][]byte, ok bool) {
	ok = readElements(block, "Forwarded", func(v []byte) (rest []byte, ok bool) {
		hop, rest, ok := forwardedElement(v)
		if ok {
			hops = append(hops, hop)
		}
		return rest, ok
	})
	return hops, ok
}

// forwardedElement reads [pair] *(";" [pair]) up to a comma or the end.
func forwardedElement(v []byte) (hop, rest []byte, ok bool) {
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
				seen, hop = true, value
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
	return quotedString(v)
}

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
