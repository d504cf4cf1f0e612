package upgrade

import (
	"net/netip"
	"slices"
	"strings"
)

// Client finds the client of a request that a trusted proxy has passed on, in the fields to which proxies append the
// address of the peer they accepted a connection from. name is "X-Forwarded-For" (also if it is empty) or "Forwarded"
// (RFC 7239); only one of them is read, since a proxy that appends to one passes the other on as the client sent it.
// trusts reports whether an address is a trusted proxy's.
//
// The client is the last address that is not trusted: a trusted proxy noted it, while the client may have forged
// everything in front of it. If all are trusted it is the first. An entry that is no address ends the search at the
// entry behind it. The zero client means that no address was named, as in a health check of the proxy itself. A
// malformed Forwarded field is rejected.
func (r *Request) Client(name string, trusts func(netip.Addr) bool) (client netip.AddrPort, reject *Reject) {
	parse := parseXForwardedFor
	if strings.EqualFold(name, "Forwarded") {
		parse = parseForwarded
	}
	hops, ok := parse(r.block)
	if !ok {
		return client, BadRequest("malformed Forwarded header")
	}
	return clientOf(hops, trusts), nil
}

// clientOf applies the rule of Client to the entries, the nearest proxy's last.
func clientOf(hops [][]byte, trusts func(netip.Addr) bool) (client netip.AddrPort) {
	for _, hop := range slices.Backward(hops) {
		a := hopAddr(string(hop))
		if !a.IsValid() {
			return client
		}
		client = a
		if !trusts(client.Addr()) {
			return client
		}
	}
	return client
}

// parseXForwardedFor lists the entries of all X-Forwarded-For fields. There is no standard:
// an address with or without a port is one, anything else is not. Quotes
// have no meaning: one that the client left open must not swallow what the proxy appended.
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
// some proxies leave them out.
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

// hopAddr reads an address with or without a port, which is 0 then. The zero value means that s is no address.
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

// plainAddr is a without an IPv6 zone, and as IPv4 if it is mapped.
func plainAddr(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
