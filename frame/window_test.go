package frame

import (
	"bytes"
	"fmt"
	"math/bits"
	"testing"

	"github.com/gobwas/ws"
)

// A message refers no further back than the window, and every client can read it. So one Deflater with the smallest window
// serves all clients with a limit.
func TestDeflaterStaysWithinWindow(t *testing.T) {
	c := &Config{Pool: &Pool{}, Client: true, MaxMessage: 1 << 20}
	for window := minWindowBits; window <= maxWindowBits; window++ {
		f := Deflater{Window: window}
		most := 0
		for kind := 1; kind <= 5; kind++ {
			for _, n := range []int{0, 1, 255, 256, 257, 513, 3000, 70_000, 150_000} {
				op, p := pmdData(kind, n)
				z := f.AppendFrame(nil, op, p)
				echoAll(t, fmt.Sprint("window ", window), deflating(), c, z, note(op, p), 1, whole)
				most = max(most, farthest(t, z))
			}
		}
		if limit := 1 << window; most > limit || most < limit/2 {
			t.Errorf("window of %d bits: refers %d bytes back, want nearly %d", window, most, limit)
		}
	}
}

// farthest returns the largest distance that the compressed frame z refers back.
func farthest(t *testing.T, z []byte) int {
	t.Helper()
	r := bytes.NewReader(z)
	if _, err := ws.ReadHeader(r); err != nil {
		t.Fatal(err)
	}
	d := distances{in: append(z[len(z)-r.Len():len(z):len(z)], inflateTail...)}
	for final := false; !final; {
		final = d.bits(1) == 1
		switch d.bits(2) {
		case 0:
			d.stored()
		case 1:
			d.codes(fixedCodes())
		case 2:
			d.codes(d.dynamic())
		default:
			t.Fatal("a reserved type of block")
		}
	}
	return d.most
}

// distances reads the distances in valid DEFLATE data (RFC 1951).
type distances struct {
	in   []byte
	at   int // bits
	most int
}

func (d *distances) bits(n int) (v int) {
	for i := range n {
		v |= int(d.in[d.at/8]>>(d.at%8)&1) << i
		d.at++
	}
	return v
}

func (d *distances) stored() {
	d.at = (d.at + 7) / 8 * 8
	n := d.bits(16)
	d.at += 16 + 8*n
}

// codes reads a block to its end (section 3.2.5).
func (d *distances) codes(literals, far prefixes) {
	for {
		switch s := literals.read(d); {
		case s == 256:
			return
		case s > 256:
			if s -= 257; s >= 8 && s < 28 {
				d.bits((s - 4) / 4)
			}
			s = far.read(d)
			base, extra := s+1, 0
			if s >= 4 {
				extra = s/2 - 1
				base = (2+s%2)<<extra + 1
			}
			d.most = max(d.most, base+d.bits(extra))
		}
	}
}

// dynamic reads the codes of a block (section 3.2.7).
func (d *distances) dynamic() (literals, far prefixes) {
	nlit, ndist, nlen := d.bits(5)+257, d.bits(5)+1, d.bits(4)+4
	var order [19]int
	for _, i := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:nlen] {
		order[i] = d.bits(3)
	}
	lengths, of := []int(nil), newPrefixes(order[:])
	for len(lengths) < nlit+ndist {
		again, what := 1, 0
		switch s := of.read(d); s {
		case 16:
			again, what = 3+d.bits(2), lengths[len(lengths)-1]
		case 17:
			again = 3 + d.bits(3)
		case 18:
			again = 11 + d.bits(7)
		default:
			what = s
		}
		for range again {
			lengths = append(lengths, what)
		}
	}
	return newPrefixes(lengths[:nlit]), newPrefixes(lengths[nlit:])
}

// fixedCodes are those of section 3.2.6.
func fixedCodes() (literals, far prefixes) {
	var lit [288]int
	for i := range lit {
		switch {
		case i < 144 || i >= 280:
			lit[i] = 8
		case i < 256:
			lit[i] = 9
		default:
			lit[i] = 7
		}
	}
	var dist [30]int
	for i := range dist {
		dist[i] = 5
	}
	return newPrefixes(lit[:]), newPrefixes(dist[:])
}

// prefixes is a Huffman code: symbols by their codes with a 1 in front (section 3.2.2).
type prefixes map[int]int

func newPrefixes(lengths []int) prefixes {
	p, code := prefixes{}, 0
	for n := 1; n <= 15; n++ {
		for symbol, l := range lengths {
			if l == n {
				p[1<<n|code] = symbol
				code++
			}
		}
		code <<= 1
	}
	return p
}

func (p prefixes) read(d *distances) int {
	for code := 1; bits.Len(uint(code)) <= 16; {
		code = code<<1 | d.bits(1)
		if s, ok := p[code]; ok {
			return s
		}
	}
	panic("no code")
}
