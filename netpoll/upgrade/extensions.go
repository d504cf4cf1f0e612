package upgrade

import "github.com/gobwas/httphead"

// extensionOffers calls f for each offer of the Sec-WebSocket-Extensions fields (RFC 6455, section 9.1),
// in their order. It reports whether all are well formed.
func extensionOffers(block []byte, f func(httphead.Option)) bool {
	return readElements(block, "Sec-WebSocket-Extensions", func(v []byte) (rest []byte, ok bool) {
		offer, rest, ok := extension(v)
		if ok {
			f(offer)
		}
		return rest, ok
	})
}

// extension reads token *(";" [token ["=" (token / quoted-string)]]) up to a comma or the end.
// White space may stand around the separators, as in HTTP when RFC 6455 was written.
func extension(v []byte) (offer httphead.Option, rest []byte, ok bool) {
	n := tokenLen(v)
	if n == 0 {
		return offer, nil, false
	}
	offer.Name, v = v[:n], trimLeft(v[n:])
	for len(v) > 0 && v[0] == ';' {
		v = trimLeft(v[1:])
		if n = tokenLen(v); n == 0 {
			continue
		}
		var value []byte
		name := v[:n]
		if v = trimLeft(v[n:]); len(v) > 0 && v[0] == '=' {
			if value, v, ok = extensionValue(trimLeft(v[1:])); !ok {
				return offer, nil, false
			}
			v = trimLeft(v)
		}
		offer.Parameters.Set(name, value)
	}
	return offer, v, len(v) == 0 || v[0] == ','
}

// extensionValue reads a token, or a quoted string whose text is a token (RFC 6455, section 9.1).
func extensionValue(v []byte) (value, rest []byte, ok bool) {
	if len(v) > 0 && v[0] == '"' {
		value, rest, ok = quotedString(v)
		return value, rest, ok && len(value) > 0 && tokenLen(value) == len(value)
	}
	n := tokenLen(v)
	return v[:n], v[n:], n > 0
}
