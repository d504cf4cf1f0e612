package frame

import (
	"encoding/binary"
	"math/bits"
)

// unmaskASCII unmasks a whole payload in place (RFC 6455 section 5.3) and reports whether all of it is ASCII, which is valid
// UTF-8 without another look. For the short payloads of a chat the two passes of ws.Cipher and utf8.Valid take three times as
// long; from about a thousand bytes on the vector instructions of ws.Cipher are faster.
func unmaskASCII(p []byte, mask [4]byte) bool {
	const highBits = 0x8080808080808080
	word := binary.LittleEndian
	if len(p) < 8 {
		var seen byte
		for i := range p {
			p[i] ^= mask[i%4]
			seen |= p[i]
		}
		return seen < 0x80
	}
	m := uint64(word.Uint32(mask[:]))
	m |= m << 32
	// The last eight bytes overlap what stands before them: they are unmasked first and written last, so that no byte is
	// left for a loop of its own.
	end := len(p) - 8
	last := word.Uint64(p[end:]) ^ bits.RotateLeft64(m, -8*(end%4))
	seen := last
	q := p
	for ; len(q) >= 32; q = q[32:] {
		q0, q1, q2, q3 := word.Uint64(q)^m, word.Uint64(q[8:])^m, word.Uint64(q[16:])^m, word.Uint64(q[24:])^m
		word.PutUint64(q, q0)
		word.PutUint64(q[8:], q1)
		word.PutUint64(q[16:], q2)
		word.PutUint64(q[24:], q3)
		seen |= q0 | q1 | q2 | q3
	}
	for ; len(q) >= 8; q = q[8:] {
		x := word.Uint64(q) ^ m
		word.PutUint64(q, x)
		seen |= x
	}
	word.PutUint64(p[end:], last)
	return seen&highBits == 0
}
