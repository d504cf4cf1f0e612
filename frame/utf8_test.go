package frame

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

func stepAll(p []byte) (s utf8State, ok bool) {
	for _, c := range p {
		if s, ok = s.next(c); !ok {
			return s, false
		}
	}
	return s, true
}

// All sequences of one to three bytes, and those of four bytes with the first and last bytes of each range.
func TestUTF8OfUpToFourBytes(t *testing.T) {
	ends := []byte{0, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF}
	check := func(p []byte) {
		if s, ok := stepAll(p); (ok && s == 0) != utf8.Valid(p) {
			t.Fatalf("% x: state %#x, %v", p, s, ok)
		}
	}
	for i := range 1 << 16 {
		check([]byte{byte(i >> 8)})
		check([]byte{byte(i >> 8), byte(i)})
		for _, c := range ends {
			check([]byte{byte(i >> 8), byte(i), c})
		}
	}
	for i := range len(ends) * len(ends) {
		for j := range len(ends) * len(ends) {
			check([]byte{ends[i/len(ends)], ends[i%len(ends)], ends[j/len(ends)], ends[j%len(ends)]})
		}
	}
}

// The fast path has the results of the byte-wise one in any pieces, and fails in the same piece.
func TestUTF8InPieces(t *testing.T) {
	for i := range streams() {
		g := newGenerator(6, i)
		p := g.text(g.size())
		if len(p) > 0 && i%2 == 0 {
			p[g.r.IntN(len(p))] = byte(g.r.Uint32())
		}
		checkPieces(t, p, g.r)
	}
}

func checkPieces(t *testing.T, p []byte, r *rand.Rand) {
	t.Helper()
	var s utf8State
	for at := 0; at < len(p); {
		k := min(len(p)-at, 1+r.IntN(9))
		next, ok := s.validate(p[at : at+k])
		at += k
		slow, slowOK := stepAll(p[:at])
		if ok != slowOK || ok && next != slow {
			t.Fatalf("% x at %d: %#x %v, want %#x %v", p, at, next, ok, slow, slowOK)
		}
		if ok != validPrefix(bytes.Clone(p[:at])) {
			t.Fatalf("% x at %d: %v, but a continuation says otherwise", p, at, ok)
		}
		if s = next; !ok {
			return
		}
	}
}
