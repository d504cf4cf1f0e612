package upgrade

import "bytes"

// Classes of bytes.
const (
	// classToken is a character of a token (RFC 9110, section 5.6.2).
	classToken byte = 1 << iota
	// classTarget is a character of a request target: those of a URI (RFC 3986) and those that clients send unescaped,
	// as net/http accepts them. A fragment is not allowed (RFC 6455, section 3).
	classTarget
	// classValue is a character of a field value: visible characters, white space and obs-text (RFC 9110, section 5.5).
	classValue
)

var classes = func() (t [256]byte) {
	for c := range t {
		if c > ' ' && c != 0x7F {
			t[c] |= classValue
			if c != '#' {
				t[c] |= classTarget
			}
		}
	}
	t[' '] |= classValue
	t['\t'] |= classValue
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for i := range len(token) {
		t[token[i]] |= classToken
	}
	return t
}()

// trim removes optional white space (RFC 9110, section 5.6.3).
func trim(b []byte) []byte { return bytes.Trim(b, " \t") }

func trimLeft(v []byte) []byte { return bytes.TrimLeft(v, " \t") }

// equalFold compares ASCII without regard to case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower(c) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
