package frame

import "unicode/utf8"

// utf8State is the state of a validation between two bytes: 0 between code points, otherwise the low nibble is the number
// of continuation bytes that are missing and the high nibble is the range of the next one (RFC 3629 section 4). With it a
// code point may be split over reads, fragments and interleaved control frames.
type utf8State byte

// Ranges of a second byte that is narrower than 80-BF.
const (
	afterE0 utf8State = 1 << 4 // A0-BF: no overlong three-byte forms
	afterED utf8State = 2 << 4 // 80-9F: no surrogates
	afterF0 utf8State = 3 << 4 // 90-BF: no overlong four-byte forms
	afterF4 utf8State = 4 << 4 // 80-8F: nothing above U+10FFFF
)

// validate continues with p. It reports false at the first byte after which the text cannot be valid, and not at the end
// of the frame (Autobahn cases 6.3 and 6.4).
func (s utf8State) validate(p []byte) (utf8State, bool) {
	var ok bool
	for s != 0 && len(p) > 0 {
		if s, ok = s.next(p[0]); !ok {
			return s, false
		}
		p = p[1:]
	}
	if len(p) == 0 {
		return s, true
	}
	// utf8.Valid is faster than next, which is needed only for an incomplete code point at the end.
	whole := len(p) - cutOff(p)
	if !utf8.Valid(p[:whole]) {
		return s, false
	}
	for _, c := range p[whole:] {
		if s, ok = s.next(c); !ok {
			return s, false
		}
	}
	return s, true
}

// cutOff returns the length of the incomplete code point at the end of p, 0 to 3. utf8.FullRune reports true for an
// invalid beginning, which utf8.Valid then refuses.
func cutOff(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if utf8.RuneStart(p[len(p)-n]) {
			if utf8.FullRune(p[len(p)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}

// next validates one byte.
func (s utf8State) next(c byte) (utf8State, bool) {
	if s == 0 {
		return lead(c)
	}
	lo, hi := byte(0x80), byte(0xBF)
	switch s & 0xF0 {
	case afterE0:
		lo = 0xA0
	case afterED:
		hi = 0x9F
	case afterF0:
		lo = 0x90
	case afterF4:
		hi = 0x8F
	}
	return s&0x0F - 1, lo <= c && c <= hi
}

// lead validates the first byte of a code point.
func lead(c byte) (utf8State, bool) {
	switch {
	case c < 0x80:
		return 0, true
	case c < 0xC2: // a stray continuation byte, or an overlong two-byte form
		return 0, false
	case c < 0xE0:
		return 1, true
	case c == 0xE0:
		return afterE0 | 2, true
	case c == 0xED:
		return afterED | 2, true
	case c < 0xF0:
		return 2, true
	case c == 0xF0:
		return afterF0 | 3, true
	case c < 0xF4:
		return 3, true
	case c == 0xF4:
		return afterF4 | 3, true
	}
	return 0, false
}
