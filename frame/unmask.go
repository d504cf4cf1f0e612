package frame

import (
	"encoding/binary"
	"math/bits"

	"github.com/gobwas/ws"
)

// unmask unmasks p, the next piece of the payload (RFC 6455 section 5.3).
func (r *rest) unmask(p []byte, c *Config) {
	r.n -= len(p)
	if c.Client {
		return
	}
	ws.Cipher(p, r.mask, 0)
	if r.n > 0 {
		m := r.mask
		for i := range m {
			r.mask[i] = m[(len(p)+i)%len(m)]
		}
	}
}

// unmaskASCII unmasks a whole payload in place and reports whether all of it is ASCII, and therefore UTF-8. For short
// payloads the two passes of ws.Cipher and utf8.Valid take three times as long; from about a thousand bytes on the vector
// instructions of ws.Cipher are faster.
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
	// The last eight bytes overlap those before them: they are read first and written last, so no loop over single bytes
	// is needed.
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
