package jsonwire

import (
	"bytes"
	"slices"
	"unicode/utf16"

	"github.com/throngd/throng/internal/protocol"
)

// str scans a string from quote to quote (RFC 8259 section 7).
func (s *scanner) str() bool {
	s.i++
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return true
		case c < ' ':
			return false
		case c == '\\':
			if !s.escape() {
				return false
			}
		default:
			s.i++
		}
	}
	return false
}

// escape scans one escape, or two that form a surrogate pair.
func (s *scanner) escape() bool {
	if s.i+1 >= len(s.b) {
		return false
	}
	switch s.b[s.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i += 2
		return true
	case 'u':
		return s.unicode()
	}
	return false
}

// unicode scans \uXXXX and refuses characters that receivers read differently: NUL and surrogates without a partner.
func (s *scanner) unicode() bool {
	r, ok := hex4(s.b[s.i:])
	if !ok {
		return false
	}
	s.i += 6
	switch {
	case r == 0:
		s.refuse(protocol.ErrNUL)
	case utf16.IsSurrogate(r):
		low, ok := hex4(s.b[s.i:])
		if !ok || utf16.DecodeRune(r, low) == '\uFFFD' {
			s.refuse(protocol.ErrSurrogate) // a second escape is scanned on its own
			return true
		}
		s.i += 6
	}
	return true
}

// hex4 parses \uXXXX at the beginning of b.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// duplicates reports whether two keys are equal, byte for byte. Few keys are compared in pairs; many are sorted first,
// because ten thousand keys would make fifty million pairs.
func duplicates(b []byte, keys []span) bool {
	if len(keys) > 16 {
		return duplicatesSorted(b, keys)
	}
	for i, k := range keys {
		for _, o := range keys[:i] {
			if k.to-k.from == o.to-o.from && bytes.Equal(b[k.from:k.to], b[o.from:o.to]) {
				return true
			}
		}
	}
	return false
}

func duplicatesSorted(b []byte, keys []span) bool {
	slices.SortFunc(keys, func(x, y span) int { return bytes.Compare(b[x.from:x.to], b[y.from:y.to]) })
	for i := 1; i < len(keys); i++ {
		x, y := keys[i-1], keys[i]
		if bytes.Equal(b[x.from:x.to], b[y.from:y.to]) {
			return true
		}
	}
	return false
}
