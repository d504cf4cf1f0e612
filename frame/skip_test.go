package frame

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// After a random byte of a random stream only the control frames are returned, those that would be returned without
// SkipData.
func TestSkipDataReturnsControlFrames(t *testing.T) {
	f, c := &Deflater{}, &Config{Pool: &Pool{}, MaxMessage: 4096}
	for i := range streams() {
		g := newGenerator(3, i)
		g.f, g.client = f, false
		s := g.stream()
		d, _, ref := g.pair()
		ref.limit, ref.frags = 4096, 1024
		k := g.r.IntN(len(s) + 1)
		before := feed(t, d, c, s[:k], randomly(g.r))
		d.SkipData()
		got := feed(t, d, c, s[k:], randomly(g.r))
		want := slices.DeleteFunc(ref.decode(s).msgs[len(before.msgs):], func(m string) bool {
			return strings.HasPrefix(m, "text:") || strings.HasPrefix(m, "binary:")
		})
		if before.code != 0 || got.code != 0 || !same(got.msgs, want) {
			t.Fatalf("stream %d, skipping from byte %d of %d: %d %s, want %s\n%x", i, k, len(s), got.code, short(got.msgs), short(want), s)
		}
		if d.Partial() {
			t.Fatalf("stream %d: Partial after its end", i)
		}
		d.Release(c)
	}
}

// The discarded payload is not checked and takes no memory. Headers are checked as before.
func TestSkipDataChecksHeaders(t *testing.T) {
	large := strings.Repeat("x", 60_000)
	for _, row := range []struct {
		name string
		in   []byte
		msgs []string
		code CloseCode
	}{
		{"text that is not UTF-8", cat(fr(0x81, "\xff"), fr(0x89, "p")), []string{"ping:p"}, 0},
		{"what cannot be inflated", cat(fr(0xC1, "\xff\xff\xff"), fr(0x89, "p")), []string{"ping:p"}, 0},
		{"more than a message may have", cat(fr(0x82, large), fr(0x89, "p")), []string{"ping:p"}, 0},
		{"more fragments than a message may have", cat(fr(0x02, ""), repeat(2000, fr(0x00, "")), fr(0x80, ""), fr(0x89, "p")), []string{"ping:p"}, 0},
		{"a close frame between fragments", cat(fr(0x02, "a"), closeFrame(1000, "bye"), fr(0x80, "b")), []string{"close:\x03\xe8bye"}, 0},
		{"a reserved opcode", fr(0x83, ""), nil, 1002},
		{"no mask", raw{b0: 0x81, payload: []byte("x"), unmasked: true}.bytes(), nil, 1002},
		{"a new message inside one", cat(fr(0x01, "a"), fr(0x81, "b")), nil, 1002},
		{"a broken close frame", fr(0x88, "x"), nil, 1002},
	} {
		for name, cut := range chunkings(4) {
			d, c := deflating(), &Config{Pool: &Pool{}, MaxMessage: 1000}
			d.SkipData()
			got := feed(t, d, c, row.in, cut)
			if got.code != row.code || !same(got.msgs, row.msgs) {
				t.Errorf("%s, %s: %d %s, want %d %s", row.name, name, got.code, short(got.msgs), row.code, short(row.msgs))
			}
			if c.Pool.bytes > 0 || c.Pool.inflater.r != nil {
				t.Errorf("%s, %s: payload is kept", row.name, name)
			}
		}
	}
}

func TestSkipDataReleasesMessage(t *testing.T) {
	d, c := &Decoder{}, &Config{Pool: &Pool{}}
	stream := fr(0x81, strings.Repeat("x", 60_000))
	if got := feed(t, d, c, stream[:50_000], chops(1000)); got.code != 0 || len(d.buf.msg) == 0 {
		t.Fatal(got.code)
	}
	d.SkipData()
	if cap(d.buf.msg) != 0 {
		t.Errorf("%d bytes are kept", cap(d.buf.msg))
	}
	rest := bytes.Join([][]byte{stream[50_000:], fr(0x89, "p")}, nil)
	if got := feed(t, d, c, rest, chops(1000)); !same(got.msgs, []string{"ping:p"}) || d.Partial() {
		t.Errorf("%s, partial %v", short(got.msgs), d.Partial())
	}
}
