package frame

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/gobwas/ws"
)

// The results are compared with package ws, for every length and every place of a byte that is not ASCII.
func TestUnmaskASCII(t *testing.T) {
	for n := range 140 {
		plain := make([]byte, n)
		for i := range plain {
			plain[i] = byte(rand.IntN(0x80))
		}
		checkUnmask(t, plain, true)
		for i := range plain {
			plain[i] |= 0x80
			checkUnmask(t, plain, false)
			plain[i] &^= 0x80
		}
	}
}

func checkUnmask(t *testing.T, plain []byte, ascii bool) {
	t.Helper()
	mask := [4]byte{byte(rand.Uint32()), byte(rand.Uint32()), byte(rand.Uint32()), byte(rand.Uint32())}
	// It stands between other bytes, as in a read.
	room := bytes.Repeat([]byte{0xA5}, len(plain)+16)
	p := room[8 : 8+len(plain)]
	copy(p, plain)
	ws.Cipher(p, mask, 0)
	if got := unmaskASCII(p, mask); got != ascii || !bytes.Equal(p, plain) {
		t.Fatalf("%d bytes: ASCII %v, want %v; %x, want %x", len(plain), got, ascii, p, plain)
	}
	if !bytes.Equal(room[:8], bytes.Repeat([]byte{0xA5}, 8)) || !bytes.Equal(room[8+len(plain):], bytes.Repeat([]byte{0xA5}, 8)) {
		t.Fatalf("%d bytes: wrote beside them", len(plain))
	}
}
