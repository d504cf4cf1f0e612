package frame

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// generator makes random streams as a correct client might send them. mutate changes bytes of one.
type generator struct {
	r       *rand.Rand
	deflate bool
	client  bool
	f       *Deflater
}

var runes = []rune{'a', 'b', ' ', 'µ', 'ß', '€', 'κ', 0xFFFD, 0x10FFFF, 0x10000, 0x1F600, 0xD7FF, 0xE000}

func (g *generator) text(n int) []byte {
	var b []byte
	for range n {
		b = append(b, string(runes[g.r.IntN(len(runes))])...)
	}
	return b
}

func (g *generator) binary(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.r.Uint32())
	}
	return b
}

func (g *generator) size() int {
	switch g.r.IntN(12) {
	case 0:
		return 0
	case 1:
		return 100 + g.r.IntN(60)
	case 2:
		return g.r.IntN(700)
	default:
		return g.r.IntN(40)
	}
}

func (g *generator) frame(b0 byte, p []byte) []byte {
	var mask [4]byte
	if g.r.IntN(8) > 0 {
		mask = [4]byte(g.binary(4))
	}
	if g.client {
		return raw{b0: b0, payload: p, unmasked: true}.bytes()
	}
	return raw{b0: b0, payload: p, mask: mask}.bytes()
}

func (g *generator) control() []byte {
	return g.frame(bitFin|byte(OpPing)+byte(g.r.IntN(2)), g.binary(g.r.IntN(126)))
}

// message returns one message in one or more fragments, with control frames between them.
func (g *generator) message() []byte {
	b0, p := byte(OpBinary), []byte(nil)
	if g.r.IntN(3) > 0 {
		b0, p = byte(OpText), g.text(g.size())
	} else {
		p = g.binary(g.size())
	}
	if g.deflate && g.r.IntN(2) == 0 {
		b0 |= bitRSV1
		f := g.f.AppendFrame(nil, OpBinary, p)
		p = f[headerSize(len(f)-2):]
		if len(f)-2 > 125 {
			p = f[4:]
		}
	}
	var out []byte
	for g.r.IntN(3) == 0 {
		k := g.r.IntN(len(p) + 1)
		out = append(out, g.frame(b0, p[:k])...)
		if g.r.IntN(3) == 0 {
			out = append(out, g.control()...)
		}
		b0, p = 0, p[k:]
	}
	return append(out, g.frame(b0|bitFin, p)...)
}

func (g *generator) stream() []byte {
	var out []byte
	for range 1 + g.r.IntN(6) {
		if g.r.IntN(5) == 0 {
			out = append(out, g.control()...)
		}
		out = append(out, g.message()...)
	}
	if g.r.IntN(4) == 0 {
		b0, body := byte(0x88), append([]byte{3, 0xE8 + byte(g.r.IntN(4))}, g.text(g.r.IntN(20))...)
		out = append(append(out, g.frame(b0, body)...), g.message()...)
	}
	return out
}

func (g *generator) mutate(s []byte) {
	for range 1 + g.r.IntN(3) {
		i := g.r.IntN(len(s))
		switch g.r.IntN(3) {
		case 0:
			s[i] ^= 1 << g.r.IntN(8)
		case 1:
			s[i] = byte(g.r.Uint32())
		case 2:
			copy(s[i:], s[g.r.IntN(len(s)):])
		}
	}
}

// streams returns the number of random streams for a test: fewer with -short, as under the race detector.
func streams() int {
	if testing.Short() {
		return 2000
	}
	return 20000
}

func newGenerator(seed uint64, i int) *generator {
	r := rand.New(rand.NewPCG(seed, uint64(i)))
	return &generator{r: r, deflate: i%3 == 0, client: i%11 == 0}
}

// diffRef has limits that random streams reach.
var diffRef = reference{limit: 600, frags: 4}

func (g *generator) pair() (*Decoder, *Config, reference) {
	ref := diffRef
	ref.client, ref.deflate = g.client, g.deflate
	d := &Decoder{}
	if g.deflate {
		d.EnableDeflate()
	}
	return d, &Config{Pool: &Pool{}, Client: g.client, MaxMessage: ref.limit, MaxFragments: ref.frags}, ref
}

// 20,000 correct streams, each in random pieces, are decoded like the reference does.
func TestRandomPiecesMatchReference(t *testing.T) {
	f := &Deflater{}
	shared := map[bool]*Config{} // one per role, as a loop has it: buffers are reused
	for i := range streams() {
		g := newGenerator(1, i)
		g.f = f
		s := g.stream()
		d, c, ref := g.pair()
		if shared[g.client] == nil {
			shared[g.client] = c
		}
		c = shared[g.client]
		c.MaxMessage, ref.limit = 4096, 4096
		c.MaxFragments, ref.frags = 1024, 1024
		got, want := feed(t, d, c, s, randomly(g.r)), ref.decode(s)
		if want.code != 0 {
			t.Fatalf("stream %d is meant to be valid, the reference says %d: %x", i, want.code, s)
		}
		if got.code != 0 || !same(got.msgs, want.msgs) {
			t.Fatalf("stream %d: %d %s, want %s\n%x", i, got.code, short(got.msgs), short(want.msgs), s)
		}
		if d.Partial() {
			t.Fatalf("stream %d: Partial after its end", i)
		}
		d.Release(c)
	}
}

// Mutated streams end with the reference's close code, in one piece and in random ones.
func TestMutatedStreamsMatchReference(t *testing.T) {
	f := &Deflater{}
	for i := range streams() {
		g := newGenerator(2, i)
		g.f = f
		s := g.stream()
		g.mutate(s)
		for _, cut := range []func(int) int{whole, randomly(g.r)} {
			d, c, ref := g.pair()
			got, want := feed(t, d, c, s, cut), ref.decode(s)
			if got.code != want.code || !same(got.msgs, want.msgs) {
				t.Fatalf("stream %d: %d %s, want %d %s\n%x", i, got.code, short(got.msgs), want.code, short(want.msgs), s)
			}
		}
	}
}

// Byte by byte the Decoder has the result of the reference for each prefix, so it detects each violation at the first byte
// that shows it.
func TestViolationsAreDetectedAtTheEarliestByte(t *testing.T) {
	f := &Deflater{}
	for i := range 400 {
		g := newGenerator(3, i)
		g.f = f
		s := g.stream()
		if i%4 > 0 {
			g.mutate(s)
		}
		s = s[:min(len(s), 400)]
		d, c, ref := g.pair()
		got := feed(t, d, c, s, bytewise)
		end := len(s)
		if got.code != 0 {
			end = got.at
			if before := ref.decode(s[:end-1]); before.code != 0 {
				t.Fatalf("stream %d: %d noticed at byte %d, late\n%x", i, got.code, end, s)
			}
		}
		if now := ref.decode(s[:end]); now.code != got.code || !same(now.msgs, got.msgs) {
			t.Fatalf("stream %d: %d at byte %d, want %d\n%x", i, got.code, end, now.code, s)
		}
	}
}

// The streams are valid and without extensions, where wsutil is correct.
func TestValidStreamsMatchWsutil(t *testing.T) {
	for i := range 2000 {
		g := newGenerator(4, i)
		g.deflate, g.client = false, false
		s := g.stream()
		d, c, _ := g.pair()
		c.MaxMessage, c.MaxFragments = 0, 0
		got, want := feed(t, d, c, s, randomly(g.r)), wsutilRead(t, s)
		if got.code != 0 || !same(got.msgs, want) {
			t.Fatalf("stream %d: %d %s, wsutil %s", i, got.code, short(got.msgs), short(want))
		}
	}
}

func wsutilRead(t *testing.T, s []byte) (msgs []string) {
	t.Helper()
	rd := &wsutil.Reader{Source: bytes.NewReader(s), State: ws.StateServerSide, CheckUTF8: true}
	rd.OnIntermediate = func(h ws.Header, r io.Reader) error {
		p, err := io.ReadAll(r)
		msgs = append(msgs, note(Op(h.OpCode), p))
		return err
	}
	for {
		h, err := rd.NextFrame()
		if err == io.EOF {
			return msgs
		}
		if err != nil {
			t.Fatal("wsutil:", err)
		}
		p, err := io.ReadAll(rd)
		if err != nil {
			t.Fatal("wsutil:", err)
		}
		msgs = append(msgs, note(Op(h.OpCode), p))
		if h.OpCode == ws.OpClose {
			return msgs
		}
	}
}
