package frame

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"unsafe"
)

func TestDecoderSize(t *testing.T) {
	if n := unsafe.Sizeof(Decoder{}); n > 16 {
		t.Errorf("a Decoder is %d bytes, 16 are budgeted for each idle connection", n)
	}
}

func next(t *testing.T, d *Decoder, c *Config, b []byte) Message {
	t.Helper()
	m, n, err := d.Next(b, c)
	if err != nil || n != len(b) {
		t.Fatalf("Next used %d of %d, %v", n, len(b), err)
	}
	return m
}

func TestWholeFrameIsReturnedInPlace(t *testing.T) {
	var d Decoder
	c := &Config{Pool: &Pool{}}
	for _, b := range [][]byte{fr(0x81, "text"), fr(0x82, strings.Repeat("b", 5000)), fr(0x89, "ping"), fr(0x88, "\x03\xe8bye")} {
		m := next(t, &d, c, b)
		if &m.Payload[0] != &b[len(b)-len(m.Payload)] {
			t.Errorf("%v was copied", m.Op)
		}
		if d.buf != nil || len(c.Pool.free) > 0 {
			t.Errorf("%v took a buffer", m.Op)
		}
		d.Release(c)
	}
}

func TestPayloadBehindReadWithHeaderIsReturnedInPlace(t *testing.T) {
	var d Decoder
	c := &Config{Pool: &Pool{}}
	b := fr(0x81, "text")
	next(t, &d, c, b[:6])
	if m := next(t, &d, c, b[6:]); &m.Payload[0] != &b[6] {
		t.Error("copied")
	}
}

// An incomplete header takes one small buffer, wherever it is split, and releases it.
func TestSplitHeaderTakesOneBuffer(t *testing.T) {
	const endless = -1
	for _, tt := range []struct {
		in      []byte
		payload int
	}{
		{fr(0x81, "text"), 4}, {fr(0x81, ""), 0}, {fr(0x89, "ping"), 4}, {fr(0x82, strings.Repeat("b", 70000)), 70000}, {announce(0x82, 65536), endless},
	} {
		for at := 1; at < min(len(tt.in), 16); at++ {
			var d Decoder
			c := &Config{Pool: &Pool{}, MaxMessage: 1 << 20}
			if m := next(t, &d, c, bytes.Clone(tt.in[:at])); m.Op != 0 || d.buf == nil || cap(d.buf.msg) > 8 || !d.Partial() {
				t.Fatalf("%x: message %v, buffer %v", tt.in[:at], m, d.buf)
			}
			m := next(t, &d, c, bytes.Clone(tt.in[at:]))
			if done := tt.payload != endless; (m.Op != 0) != done || d.Partial() == done || done && (len(m.Payload) != tt.payload || len(c.Pool.free) != 1) {
				t.Fatalf("%x: %v with %d bytes, partial %v, %d free buffers", tt.in[:at], m.Op, len(m.Payload), d.Partial(), len(c.Pool.free))
			}
			d.Release(c)
			if d.Partial() || len(c.Pool.free) != 1 {
				t.Fatalf("%x: %d free buffers after Release", tt.in[:at], len(c.Pool.free))
			}
			if b := c.Pool.take(); b.nhdr != 0 || b.nctl != 0 || b.frags != 0 || len(b.msg) != 0 {
				t.Fatalf("not empty: %+v", b)
			}
		}
	}
}

func TestBufferGrowsWithArrivedBytes(t *testing.T) {
	var d Decoder
	c := &Config{Pool: &Pool{}, MaxMessage: 1 << 30}
	b := append(announce(0x82, 1<<30), make([]byte, 1<<16)...)
	next(t, &d, c, b[:14+10])
	if n := cap(d.buf.msg); n > 64 {
		t.Errorf("%d bytes held for 10", n)
	}
	for at := 14 + 10; at < len(b); at += 100 {
		next(t, &d, c, b[at:min(at+100, len(b))])
		if have, n := len(d.buf.msg), cap(d.buf.msg); n > have*5/2+1024 { // twofold, and the allocator rounds up
			t.Fatalf("%d bytes held for %d", n, have)
		}
	}
}

func TestBufferGrowthStaysBelowLimit(t *testing.T) {
	var d Decoder
	c := &Config{Pool: &Pool{}, MaxMessage: 100_000}
	b := fr(0x82, strings.Repeat("x", 100_000))
	for at := 0; at < len(b)-1; at += 1000 {
		next(t, &d, c, b[at:min(at+1000, len(b)-1)])
	}
	if n := cap(d.buf.msg); n > 100_000*5/4 { // a slice grows by a quarter at least
		t.Errorf("%d bytes for a message of 100,000", n)
	}
}

// A large buffer is not kept, the number and size of all is bounded, and those kept hold no messages.
func TestPoolIsBounded(t *testing.T) {
	c := &Config{Pool: &Pool{}, MaxMessage: 8 << 20}
	big := fragment(2, make([]byte, 4<<20), 1<<20)
	feed(t, &Decoder{}, c, big, chops(64<<10))
	if c.Pool.bytes > keepBuffer {
		t.Errorf("%d bytes kept after a message of 4 MiB", c.Pool.bytes)
	}
	feed(t, &Decoder{}, c, fragment(2, make([]byte, 300<<10), 1<<20), chops(64<<10))
	if c.Pool.bytes > keepBuffer {
		t.Errorf("%d bytes kept after a message of 300 KiB", c.Pool.bytes)
	}
	many := make([]Decoder, 1000)
	part := fragment(2, make([]byte, 50_000), 50_000)
	for i := range many {
		next(t, &many[i], c, bytes.Clone(part[:40_000]))
	}
	for i := range many {
		many[i].Release(c)
	}
	if c.Pool.bytes > keepTotal || len(c.Pool.free) > keepBuffers {
		t.Errorf("%d bytes in %d buffers kept, at most %d in %d", c.Pool.bytes, len(c.Pool.free), keepTotal, keepBuffers)
	}
	sum := 0
	for _, b := range c.Pool.free {
		sum += cap(b.msg)
		if len(b.msg) != 0 || b.frags != 0 || b.nctl != 0 {
			t.Fatal("a kept buffer is not empty")
		}
	}
	if sum != c.Pool.bytes {
		t.Errorf("the pool counts %d bytes, it has %d", c.Pool.bytes, sum)
	}
}

// The input is one fragmented message with a ping inside, byte by byte.
func TestPartialDuringFragmentedMessage(t *testing.T) {
	var d Decoder
	c := &Config{Pool: &Pool{}}
	b := cat(fr(0x01, "ab"), fr(0x89, "p"), fr(0x80, "cd"))
	if d.Partial() {
		t.Error("partial before the first byte")
	}
	for i := range b {
		m := next(t, &d, c, b[i:i+1])
		last := i == len(b)-1
		if d.Partial() == last || (m.Op == OpText) != last {
			t.Fatalf("byte %d: Partial = %v, message %v", i, d.Partial(), m.Op)
		}
	}
	if d.buf != nil || len(c.Pool.free) != 1 {
		t.Errorf("left over: %+v", d)
	}
}

func TestReleaseReturnsBuffer(t *testing.T) {
	c := &Config{Pool: &Pool{}}
	d := deflating()
	next(t, d, c, fr(0x41, "ab"))
	next(t, d, c, fr(0x89, "half a ping")[:9])
	d.Release(c)
	if *d != (Decoder{}) || len(c.Pool.free) != 1 {
		t.Errorf("%+v, %d buffers in the pool", *d, len(c.Pool.free))
	}
	d.Release(c) // nothing twice
	if len(c.Pool.free) != 1 {
		t.Error("a buffer was given back twice")
	}
}

func TestBytesAfterCloseOrErrorAreDiscarded(t *testing.T) {
	for _, end := range [][]byte{closeFrame(1000, "bye"), fr(0x83, "bad")} {
		d, c := deflating(), &Config{Pool: &Pool{}}
		next(t, d, c, fr(0x01, "unfinished"))
		_, _, _ = d.Next(end, c)
		for _, b := range [][]byte{fr(0x81, "text"), closeFrame(1000, ""), fr(0x83, ""), {0xFF}} {
			if m := next(t, d, c, b); m.Op != 0 {
				t.Errorf("%v after the end", m.Op)
			}
		}
		if d.Partial() || d.buf != nil || !d.Deflate() {
			t.Errorf("after the end: %+v", d)
		}
	}
}

// The messages include split, fragmented and small compressed ones. The standard library allocates two small tables for
// each compressed block with codes of more than nine bits.
func TestDecodingDoesNotAllocate(t *testing.T) {
	_, p := pmdData(1, 3000)
	stream := cat(fr(0x81, string(p)), fragment(2, p, 500), fr(0x89, "ping"),
		fragment(0x41, stdDeflate(t, p[:200], 5), 20), fragment(0xC1, stdDeflate(t, p[:200], 1), 10000))
	if n := allocations(t, stream); n != 0 {
		t.Errorf("%v allocations per stream", n)
	}
	if n := allocations(t, fragment(0xC1, stdDeflate(t, p, 1), 10000)); n > 2 {
		t.Errorf("%v allocations for a large compressed message", n)
	}
}

func allocations(t *testing.T, stream []byte) float64 {
	d, c := deflating(), &Config{Pool: &Pool{}}
	buf := make([]byte, len(stream))
	run := func() {
		copy(buf, stream)
		for at := 0; at < len(buf); {
			for b := buf[at:min(at+700, len(buf))]; len(b) > 0; {
				_, n, err := d.Next(b, c)
				if err != nil {
					t.Fatal(err)
				}
				b, at = b[n:], at+n
			}
		}
	}
	return testing.AllocsPerRun(50, run)
}

func TestPoolDoesNotKeepLargeMessages(t *testing.T) {
	d, c := deflating(), &Config{Pool: &Pool{}, MaxMessage: 32 << 20}
	b := raw{b0: 0xC2, payload: stdDeflate(t, make([]byte, 32<<20), 1)}.bytes()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	feed(t, d, c, b, chops(4096))
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("%d bytes stay after a message of 32 MiB", grown)
	}
	if n := c.Pool.inflater.in.Size(); n > 0 {
		t.Errorf("the decompressor still refers to %d bytes of input", n)
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(b)
}

func TestLargestLimitsDoNotOverflow(t *testing.T) {
	c := &Config{Pool: &Pool{}, MaxMessage: int(^uint(0) >> 1), MaxFragments: int(^uint(0) >> 1)}
	got := feed(t, deflating(), c, cat(fr(0x81, "x"), fr(0xC1, "\x00"), fr(0x01, "y"), announce(0x80, 1<<63-1)), whole)
	if got.code != CloseTooBig || !same(got.msgs, texts("x", "")) {
		t.Errorf("%+v", got)
	}
}

// A Config without a Pool decodes the same messages.
func TestDecoderWithoutPool(t *testing.T) {
	p := bytes.Repeat([]byte("text "), 100)
	stream := cat(fr(0x01, "fragm"), fr(0x89, "ping"), fr(0x80, "ented"), raw{b0: 0xC1, payload: stdDeflate(t, p, 6)}.bytes(), closeFrame(1000, ""))
	want := []string{"ping:ping", "text:fragmented", note(OpText, p), "close:\x03\xe8"}
	for name, cut := range chunkings(7) {
		for _, c := range []*Config{{}, {Pool: &Pool{}}} {
			if got := feed(t, deflating(), c, stream, cut); got.code != 0 || !same(got.msgs, want) {
				t.Errorf("%s, pool %v: code %d, %s", name, c.Pool != nil, got.code, short(got.msgs))
			}
		}
	}
}
