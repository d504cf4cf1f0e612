package frame

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// benchDecode decodes a read of many frames again and again, as a busy loop does.
func benchDecode(b *testing.B, op Op, size int) {
	const frames = 64
	one := AppendMaskedFrame(nil, op, bytes.Repeat([]byte("x"), size), testMask)
	stream := bytes.Repeat(one, frames)
	buf := make([]byte, len(stream))
	var d Decoder
	c := &Config{Pool: &Pool{}, MaxMessage: 1 << 20}
	b.SetBytes(int64(len(one)))
	b.ReportAllocs()
	for i := 0; i < b.N; i += frames {
		copy(buf, stream)
		for p := buf; len(p) > 0; {
			_, n, err := d.Next(p, c)
			if err != nil {
				b.Fatal(err)
			}
			p = p[n:]
		}
	}
}

func BenchmarkDecodeText16(b *testing.B)    { benchDecode(b, OpText, 16) }
func BenchmarkDecodeText120(b *testing.B)   { benchDecode(b, OpText, 120) }
func BenchmarkDecodeBinary120(b *testing.B) { benchDecode(b, OpBinary, 120) }
func BenchmarkDecodeText4096(b *testing.B)  { benchDecode(b, OpText, 4096) }

// BenchmarkEcho is an echo server with short text: it decodes in place and encodes into one write buffer.
func BenchmarkEcho(b *testing.B) {
	one := AppendMaskedFrame(nil, OpText, bytes.Repeat([]byte("x"), 100), testMask)
	in := bytes.Repeat(one, 16)
	buf, out := make([]byte, len(in)), make([]byte, 0, 4096)
	var d Decoder
	c := &Config{Pool: &Pool{}}
	b.ReportAllocs()
	for i := 0; i < b.N; i += 16 {
		copy(buf, in)
		out = out[:0]
		for p := buf; len(p) > 0; {
			m, n, err := d.Next(p, c)
			if err != nil {
				b.Fatal(err)
			}
			out = AppendFrame(out, m.Op, m.Payload)
			p = p[n:]
		}
	}
}

// BenchmarkSplit decodes a message that arrives in two reads, with a buffer of the pool.
func BenchmarkSplit(b *testing.B) {
	in := AppendMaskedFrame(nil, OpText, bytes.Repeat([]byte("x"), 1000), testMask)
	buf := make([]byte, len(in))
	var d Decoder
	c := &Config{Pool: &Pool{}}
	b.ReportAllocs()
	for b.Loop() {
		copy(buf, in)
		_, _, _ = d.Next(buf[:500], c)
		if m, _, err := d.Next(buf[500:], c); err != nil || m.Op != OpText {
			b.Fatal(m, err)
		}
	}
}

// BenchmarkBroadcast encodes a push with the header in place.
func BenchmarkBroadcast(b *testing.B) {
	raw := make([]byte, HeaderRoom+164)
	b.ReportAllocs()
	for b.Loop() {
		if f := PutHeader(raw, OpText); len(f) != 168 {
			b.Fatal(len(f))
		}
	}
}

var benchJSON = []byte(`{"push":{"channel":"room:lobby","pub":{"data":{"user":"ada","text":"hello, everybody in the room","at":1700000000},"offset":17}}}`)

func BenchmarkDeflate(b *testing.B) {
	var d Deflater
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out = d.AppendFrame(out[:0], OpText, benchJSON)
	}
	b.ReportMetric(float64(len(out))/float64(len(benchJSON)), "ratio")
}

func BenchmarkInflate(b *testing.B) {
	var f Deflater
	p := f.AppendFrame(nil, OpText, benchJSON)
	var d Decoder
	d.EnableDeflate()
	c := &Config{Pool: &Pool{}, Client: true}
	b.ReportAllocs()
	for b.Loop() {
		if m, _, err := d.Next(p, c); err != nil || len(m.Payload) != len(benchJSON) {
			b.Fatal(m, err)
		}
	}
}

// BenchmarkFloor120 is the work of any decoder: unmasking, utf8.Valid and the benchmark's own copy.
func BenchmarkFloor120(b *testing.B) {
	const frames = 64
	one := AppendMaskedFrame(nil, OpText, bytes.Repeat([]byte("x"), 120), testMask)
	stream := bytes.Repeat(one, frames)
	buf := make([]byte, len(stream))
	for i := 0; i < b.N; i += frames {
		copy(buf, stream)
		for p := buf; len(p) > 0; p = p[len(one):] {
			ws.Cipher(p[6:126], testMask, 0)
			if !utf8.Valid(p[6:126]) {
				b.Fatal()
			}
		}
	}
}
