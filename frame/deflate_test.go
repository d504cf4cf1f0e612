package frame

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The sizes are around those where the form of the header changes, with data that compresses and data that does not, behind
// bytes that are already in the buffer.
func TestDeflaterFramesAreReadBack(t *testing.T) {
	var f Deflater
	r := rand.New(rand.NewPCG(8, 8))
	c, server := &Config{Pool: &Pool{}, Client: true, MaxMessage: 1 << 20}, &Config{MaxMessage: 1 << 20}
	for _, n := range []int{0, 1, 100, 119, 120, 121, 125, 126, 127, 128, 200, 252, 253, 300, 5000, 65000, 65520, 65535, 65536, 131073, 200000} {
		noise := make([]byte, n)
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		for _, p := range [][]byte{noise, bytes.Repeat([]byte("a"), n)} {
			before := bytes.Clone(p)
			got := f.AppendFrame([]byte("before"), OpBinary, p)
			if !bytes.HasPrefix(got, []byte("before")) || !bytes.Equal(p, before) {
				t.Fatalf("%d: what was there is gone", n)
			}
			echoAll(t, "deflater", deflating(), c, got[6:], note(OpBinary, p), 1, whole)
			got = f.AppendMaskedFrame([]byte("before"), OpBinary, p, testMask)
			if !bytes.HasPrefix(got, []byte("before")) || !bytes.Equal(p, before) {
				t.Fatalf("%d, masked: what was there is gone", n)
			}
			echoAll(t, "masked deflater", deflating(), server, got[6:], note(OpBinary, p), 1, whole)
		}
	}
}

// Each frame is the same from a new Deflater.
func TestDeflaterKeepsNoContext(t *testing.T) {
	var used Deflater
	for kind := 1; kind <= 5; kind++ {
		op, p := pmdData(kind, 3000)
		for range 3 {
			var fresh Deflater
			if a, b := used.AppendFrame(nil, op, p), fresh.AppendFrame(nil, op, p); !bytes.Equal(a, b) {
				t.Fatalf("kind %d: %d bytes, a fresh one %d", kind, len(a), len(b))
			}
		}
	}
}

// klauspost/compress v1.20.3 decodes a block without distance codes with those of an earlier message, which may be another
// connection's.
func TestInflateKeepsNoTables(t *testing.T) {
	corrupt := corpus(t, "testdata/fuzz/FuzzInflate/1a3c5c23bf1bb629")
	text, r := []byte(nil), rand.New(rand.NewPCG(1, 2))
	for range 300 {
		text = fmt.Appendf(text, `{"id":%d,"name":"n%d","list":[1,2,%d]}`, r.IntN(1e6), r.IntN(90), r.IntN(9))
	}
	c := &Config{Pool: &Pool{}}
	for _, before := range [][]byte{nil, stdDeflate(t, text, 9), stdDeflate(t, text[:600], 6)} {
		if got := feed(t, deflating(), c, raw{b0: 0xC1, payload: before}.bytes(), whole); got.code != 0 {
			t.Fatal(got.code)
		}
		if got := feed(t, deflating(), c, raw{b0: 0xC2, payload: corrupt}.bytes(), whole); got.code != CloseInvalidData {
			t.Errorf("after %d bytes: %d %s", len(before), got.code, short(got.msgs))
		}
	}
}

// corpus returns the []byte of a file in the fuzzing corpus.
func corpus(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Split(string(b), "\n")[1]
	s, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(line, "[]byte("), ")"))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(s)
}
