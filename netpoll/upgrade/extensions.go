package upgrade

import "github.com/throngd/throng/frame"

// extensionOffers calls f for each offer of the Sec-WebSocket-Extensions fields (RFC 6455, section 9.1),
// in their order. It reports whether all are well formed.
func extensionOffers(block []byte, f func(name []byte, params []frame.Param)) bool {
	var room [8]frame.Param
	params := room[:0]
	return readElements(block, "Sec-WebSocket-Extensions", func(v []byte) (rest []byte, ok bool) {
		name, rest, ok := extension(v, &params)
		if ok {
			f(name, params)
		}
		return rest, ok
	})
}

// extension reads the name and the parameters of an offer:
// token *(";" [token ["=" (token / quoted-string)]]) up to a comma or the end.
// White space may stand around the separators, as in HTTP when RFC 6455 was written.
func extension(v []byte, params *[]frame.Param) (name, rest []byte, ok bool) {
	*params = (*params)[:0]
	n := tokenLen(v)
	if n == 0 {
		return nil, nil, false
	}
	name, v = v[:n], trimLeft(v[n:])
	for len(v) > 0 && v[0] == ';' {
		v = trimLeft(v[1:])
		if n = tokenLen(v); n == 0 {
			continue
		}
		p := frame.Param{Name: v[:n]}
		if v = trimLeft(v[n:]); len(v) > 0 && v[0] == '=' {
			if p.Value, v, ok = extensionValue(trimLeft(v[1:])); !ok {
				return nil, nil, false
			}
			v = trimLeft(v)
		}
		*params = append(*params, p)
	}
	return name, v, len(v) == 0 || v[0] == ','
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
