package frame

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// The fuzz targets of the package: FuzzFrames, FuzzInflate.

// FuzzFrames compares the Decoder with the reference: the stream in one piece, byte by byte and in random pieces. Bit 0 of
// how is the role, bit 1 permessage-deflate, and the rest selects the pieces.
func FuzzFrames(f *testing.F) {
	for _, row := range hostileRows() {
		if len(row.in) < 4096 {
			f.Add(row.in, uint16(0))
			f.Add(row.in, uint16(2))
		}
	}
	for _, rows := range [][]autobahn{pings(), reserved(), fragments(), closes(), utf8Rows()} {
		for _, row := range rows {
			if len(row.in) < 1024 {
				f.Add(row.in, uint16(0))
			}
		}
	}
	for i := range 20 {
		g := newGenerator(7, i)
		g.f = &Deflater{}
		how := uint16(i << 2)
		if g.client {
			how |= 1
		}
		if g.deflate {
			how |= 2
		}
		f.Add(g.stream(), how)
	}
	f.Fuzz(func(t *testing.T, s []byte, how uint16) {
		if len(s) > 16<<10 {
			t.Skip()
		}
		g := generator{client: how&1 != 0, deflate: how&2 != 0, r: rand.New(rand.NewPCG(9, uint64(how)))}
		for _, cut := range []func(int) int{whole, bytewise, randomly(g.r)} {
			d, c, ref := g.pair()
			got, want := feed(t, d, c, s, cut), ref.decode(s)
			if got.code != want.code || !same(got.msgs, want.msgs) {
				t.Fatalf("%d %s, want %d %s", got.code, short(got.msgs), want.code, short(want.msgs))
			}
			d.Release(c)
			if d.Partial() || c.Pool.bytes > keepTotal {
				t.Fatal("memory is kept")
			}
		}
	})
}

// FuzzInflate decompresses p and compares with the standard library, and compresses p and decompresses the result.
func FuzzInflate(f *testing.F) {
	for _, row := range deflateRows() {
		f.Add(row.in[6:])
	}
	for kind := 1; kind <= 5; kind++ {
		_, p := pmdData(kind, 600)
		f.Add(p)
		for level := 0; level <= 9; level += 3 {
			f.Add(stdDeflate(f, p, level))
		}
	}
	f.Add(stdDeflate(f, make([]byte, 1<<20), 9))
	c, out := &Config{Pool: &Pool{}, MaxMessage: 4000}, &Config{Pool: &Pool{}, Client: true, MaxMessage: 1 << 20}
	deflaters := []Deflater{{}, {Window: 8}}
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) > 4000 {
			t.Skip()
		}
		got := feed(t, deflating(), c, raw{b0: 0xC2, payload: p}.bytes(), whole)
		want, code := slowInflate(p, c.MaxMessage)
		if got.code != code || code == 0 && !same(got.msgs, []string{note(OpBinary, want)}) {
			t.Fatalf("%d %s, want %d %q", got.code, short(got.msgs), code, want)
		}
		for i := range deflaters {
			z := deflaters[i].AppendFrame(nil, OpBinary, p)
			if m, n, err := deflating().Next(z, out); err != nil || n != len(z) || !bytes.Equal(m.Payload, p) {
				t.Fatalf("there and back: %d bytes, %v, from %d", len(m.Payload), err, len(p))
			}
		}
	})
}
