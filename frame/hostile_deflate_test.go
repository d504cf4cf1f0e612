package frame

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// deflateRows returns invalid compressed messages, and valid ones. The compressed bytes are those of RFC 7692 section
// 7.2.3 where it has any.
func deflateRows() []hostile {
	pmd := func(p string) []byte { return fr(0xC1, p) }
	hello := "\xf2\x48\xcd\xc9\xc9\x07\x00"
	long := hello[:5]
	stored := "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"
	two := "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"
	final := "\xf3\x48\xcd\xc9\xc9\x07\x00"
	again := "\xf2\x00\x11\x00\x00" // section 7.2.3.2: "Hello" as a reference to the one before
	ok := func(id, p, want string) hostile {
		return hostile{id: id, in: pmd(p), want: texts(want), deflate: true}
	}
	bad := func(id, p string) hostile { return hostile{id: id, in: pmd(p), code: 1007, deflate: true} }
	return []hostile{
		ok("7.2.3.1", hello, "Hello"),
		ok("7.2.3.3 stored", stored, "Hello"),
		ok("7.2.3.4 BFINAL", final+"\x00", "Hello"),
		ok("BFINAL without the padding block", final, "Hello"),
		ok("7.2.3.5 two blocks", two, "Hello"),
		ok("BFINAL, then a block that refers back", final+again, "HelloHello"),
		ok("empty", "\x00", ""),
		ok("empty, fixed Huffman", "\x02\x00", ""),
		ok("empty, nothing at all", "", ""),
		{id: "7.2.3.1 in fragments", in: cat(fr(0x41, hello[:3]), fr(0x89, "p"), fr(0x80, hello[3:])),
			want: []string{"ping:p", "text:Hello"}, deflate: true},
		{id: "plain after negotiation", in: cat(fr(0x81, "plain"), pmd(hello), fr(0x81, "plain")),
			want: texts("plain", "Hello", "plain"), deflate: true},
		bad("invalid deflate data, garbage", "\xff\xff\xff\xff\x00garbage"),
		bad("invalid deflate data, reserved block type", "\x07"),
		bad("invalid deflate data, context takeover", again),
		bad("invalid deflate data, truncated", long),
		bad("invalid deflate data, truncated by one", hello[:6]),
		bad("invalid deflate data, stored, truncated", stored[:8]),
		bad("invalid deflate data, garbage after BFINAL", final+"\xff\xff\xff"),
		bad("invalid deflate data, streams without end", strings.Repeat("\x03\x00", 1000)),
		bad("inflated text not UTF-8", "\x00\x02\x00\xfd\xff\xc0\x80\x00"),
		bad("inflated text not UTF-8, truncated sequence", "\x00\x02\x00\xfd\xff\xe2\x82\x00"),
	}
}

// The tail that the decoder appends does not complete a message that is cut at any byte.
func TestTruncatedDeflateIsRefused(t *testing.T) {
	_, p := pmdData(1, 3000)
	for level := 1; level <= 9; level += 4 {
		z := stdDeflate(t, p, level)
		for n := 1; n < len(z); n++ {
			got := feed(t, deflating(), &Config{Pool: &Pool{}}, fr(0xC2, string(z[:n])), whole)
			if got.code != CloseInvalidData {
				t.Fatalf("level %d cut at %d of %d: code %d, %d messages", level, n, len(z), got.code, len(got.msgs))
			}
		}
	}
}

// A message below the limit inflates to 64 MiB of zeros. The output of the decompressor is bounded by the limit and the
// window, and so is the memory.
func TestDeflateBombIsBounded(t *testing.T) {
	z := stdDeflate(t, make([]byte, 64<<20), 9)
	c := &Config{Pool: &Pool{}, MaxMessage: len(z)}
	if c.MaxMessage > 128<<10 {
		t.Fatal("the bomb is", len(z), "bytes")
	}
	stream := raw{b0: 0xC2, payload: z}.bytes()
	feed(t, deflating(), c, stream, whole) // the decompressor's own memory
	before := allocated()
	got := feed(t, deflating(), c, stream, whole)
	if got.code != CloseTooBig {
		t.Fatalf("code %d, want 1009", got.code)
	}
	// feed's read buffer and the received message take one MaxMessage each, and growing by doubling two.
	if n := allocated() - before; n > uint64(8*c.MaxMessage) {
		t.Errorf("%d bytes allocated, the limit is %d", n, c.MaxMessage)
	}
}

// The decompressor reads no more than the limit and the window. Stored blocks show it, since their input and output are
// equal.
func TestInflateStopsAtLimit(t *testing.T) {
	const limit = 64 << 10
	z := stdDeflate(t, make([]byte, 1<<20), 0)
	var f inflater
	f.in.Reset(z)
	f.reset(nil)
	if out, bad := f.read(nil, limit); bad != errTooBig || out != nil {
		t.Fatalf("%d bytes, %v, want errTooBig", len(out), bad)
	}
	const headers = 64 // of the blocks
	if did := len(z) - f.in.Len(); did > limit+window+headers {
		t.Errorf("inflated %d bytes, the limit is %d", did, limit)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// The next message, of another connection, is not affected.
func TestInflaterWorksAfterErrors(t *testing.T) {
	c := &Config{Pool: &Pool{}}
	r := rand.New(rand.NewPCG(5, 5))
	_, p := pmdData(3, 2000)
	good := raw{b0: 0xC1, payload: stdDeflate(t, p, 5)}.bytes()
	for range 300 {
		junk := make([]byte, 1+r.IntN(200))
		for i := range junk {
			junk[i] = byte(r.Uint32())
		}
		feed(t, deflating(), c, fr(0xC2, string(junk)), whole)
		got := feed(t, deflating(), c, good, randomly(r))
		if got.code != 0 || !same(got.msgs, []string{note(OpText, p)}) {
			t.Fatalf("after % x: code %d, %d messages", junk, got.code, len(got.msgs))
		}
	}
}
