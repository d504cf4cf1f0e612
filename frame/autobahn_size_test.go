package frame

import (
	"fmt"
	"strings"
	"testing"
)

// echoAll decodes a stream and checks that it has the message want, count times.
func echoAll(t *testing.T, id string, d *Decoder, c *Config, stream []byte, want string, count int, cut func(int) int) {
	t.Helper()
	got := feed(t, d, c, stream, cut)
	if got.code != 0 || len(got.msgs) != count {
		t.Fatalf("%s: %d messages, code %d, want %d messages", id, len(got.msgs), got.code, count)
	}
	for _, m := range got.msgs {
		if m != want {
			t.Fatalf("%s: message of %d bytes differs, want %d", id, len(m), len(want))
		}
	}
	if d.Partial() || d.buf != nil {
		t.Fatalf("%s: something is left over", id)
	}
}

// fragment returns p in frames of size bytes, the first of them with b0.
func fragment(b0 byte, p []byte, size int) (out []byte) {
	for ; len(p) > size; b0, p = 0, p[size:] {
		out = append(out, raw{b0: b0, payload: p[:size]}.bytes()...)
	}
	return append(out, raw{b0: b0 | bitFin, payload: p}.bytes()...)
}

// Group 9: messages of 16 MiB, 65,536 fragments, small reads.
func TestAutobahn9Limits(t *testing.T) {
	unit := map[Op]string{OpText: "BAsd7&jh", OpBinary: "\x00\xff\xfe\xfd\xfc\xfb\x80\x7f"}
	c := &Config{Pool: &Pool{}, MaxMessage: 16 << 20}
	for g, op := range []Op{OpText, OpBinary} {
		payload := func(n int) []byte { return []byte(strings.Repeat(unit[op], n/8)) }
		b0 := byte(op)
		for i, kib := range []int{64, 256, 1024, 4096, 8192, 16384} {
			p := payload(kib << 10)
			echoAll(t, fmt.Sprintf("9.%d.%d", 1+g, i+1), &Decoder{}, c, fragment(b0, p, len(p)), note(op, p), 1, chops(64<<10))
		}
		p := payload(4 << 20)
		for i, size := range []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20} {
			echoAll(t, fmt.Sprintf("9.%d.%d", 3+g, i+1), &Decoder{}, c, fragment(b0, p, size), note(op, p), 1, chops(64<<10))
		}
		p = payload(1 << 20)
		for i, n := range []int{64, 128, 256, 512, 1024, 2048} {
			echoAll(t, fmt.Sprintf("9.%d.%d", 5+g, i+1), &Decoder{}, c, fragment(b0, p, len(p)), note(op, p), 1, chops(n))
		}
		for i, n := range []int{0, 16, 64, 256, 1024, 4096} {
			p := payload(n)
			stream := repeat(1000, fragment(b0, p, n+1))
			echoAll(t, fmt.Sprintf("9.%d.%d", 7+g, i+1), &Decoder{}, c, stream, note(op, p), 1000, chops(64<<10))
		}
	}
	if c.Pool.bytes > keepTotal {
		t.Errorf("pool keeps %d bytes after 16 MiB messages, at most %d", c.Pool.bytes, keepTotal)
	}
}

// Group 10: 65,536 bytes in fragments of 1,300.
func TestAutobahn10Autofragment(t *testing.T) {
	p := []byte(strings.Repeat("*", 65536))
	for how, cut := range map[string]func(int) int{"whole": whole, "1": bytewise, "1300": chops(1300)} {
		echoAll(t, "10.1.1 "+how, &Decoder{}, &Config{Pool: &Pool{}}, fragment(1, p, 1300), note(OpText, p), 1, cut)
	}
}
