package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gobwas/ws"
)

// raw is one frame of a peer, valid or not.
type raw struct {
	b0       byte // FIN, RSV and opcode as they stand
	payload  []byte
	unmasked bool
	mask     [4]byte
}

var testMask = [4]byte{0x37, 0xFA, 0x21, 0x3D}

func (r raw) bytes() []byte {
	mask := byte(bitMask)
	if r.unmasked {
		mask = 0
	}
	out := appendHeader(nil, r.b0, len(r.payload), mask)
	if r.unmasked {
		return append(out, r.payload...)
	}
	m := r.mask
	if m == ([4]byte{}) {
		m = testMask
	}
	p := bytes.Clone(r.payload)
	ws.Cipher(p, m, 0)
	return append(append(out, m[:]...), p...)
}

// fr returns a masked frame with the first byte b0, as 81 for text or 01 for text without FIN.
func fr(b0 byte, payload string) []byte { return raw{b0: b0, payload: []byte(payload)}.bytes() }

func closeFrame(code uint16, reason string) []byte {
	return fr(0x88, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func repeat(n int, b []byte) []byte { return bytes.Repeat(b, n) }

// result has the messages of a stream, and the close code that ended it (0 = none).
type result struct {
	msgs []string
	code CloseCode
	at   int // bytes fed when the code came
}

func note(op Op, p []byte) string { return op.String() + ":" + string(p) }

// feed decodes the stream in the pieces that cut returns, as a loop does: each piece is copied into one read buffer, which
// is overwritten afterwards.
func feed(t testing.TB, d *Decoder, c *Config, stream []byte, cut func(left int) int) (r result) {
	t.Helper()
	buf := make([]byte, 0, min(len(stream), 1<<20))
	for at := 0; at < len(stream); {
		k := cut(len(stream) - at)
		buf = append(buf[:0], stream[at:at+k]...)
		at += k
		for b := buf; len(b) > 0; {
			m, n, err := d.Next(b, c)
			if err != nil {
				var e *Error
				if !errors.As(err, &e) || m.Op != 0 {
					t.Fatalf("Next = %v, %v: want an *Error alone", m, err)
				}
				r.code, r.at = e.Code, at
				return r
			}
			if n > len(b) || m.Op == 0 && n != len(b) {
				t.Fatalf("Next used %d of %d bytes, op %v", n, len(b), m.Op)
			}
			if m.Op != 0 {
				r.msgs = append(r.msgs, note(m.Op, m.Payload))
			}
			b = b[n:]
		}
		for i := range buf {
			buf[i] = 0xEE
		}
	}
	return r
}

func whole(left int) int        { return left }
func bytewise(int) int          { return 1 }
func chops(n int) func(int) int { return func(left int) int { return min(n, left) } }
func randomly(r *rand.Rand) func(int) int {
	return func(left int) int { return min(left, 1+r.IntN(1+r.IntN(40))) }
}

// chunkings returns functions for feed: one piece, single bytes, random pieces.
func chunkings(seed uint64) map[string]func(int) int {
	m := map[string]func(int) int{"whole": whole, "bytewise": bytewise}
	for i := range uint64(20) {
		m[fmt.Sprint("random", i)] = randomly(rand.New(rand.NewPCG(seed, i)))
	}
	return m
}

func same(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func short(msgs []string) string {
	s := fmt.Sprintf("%q", msgs)
	if len(s) > 200 {
		s = s[:200] + fmt.Sprintf("... (%d messages)", len(msgs))
	}
	return s
}
