package frame

import (
	"encoding/binary"
	"strings"
	"testing"
)

// hostile is an input of an attacker and the required result.
type hostile struct {
	id      string
	in      []byte
	want    []string
	code    CloseCode
	at      int // bytes after which the code must be known, "at once"; 0 = not asked
	deflate bool
	client  bool
	noAlloc bool // the refusal takes no memory
}

// announce returns a header with a 64-bit length and a mask, without payload.
func announce(b0 byte, n uint64) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{b0, 0xFF}, n), testMask[:]...)
}

func hostileRows() []hostile {
	var rows []hostile
	for _, part := range [][]hostile{lengthRows(), headerRows(), closeRows(), textRows(), fragmentRows(), deflateRows(), sizeRows()} {
		rows = append(rows, part...)
	}
	return rows
}

func lengthRows() []hostile {
	return []hostile{
		{id: "length with the top bit set", in: announce(0x82, 1<<64-1), code: 1002, at: 10, noAlloc: true},
		{id: "length with the top bit set, 2^63", in: announce(0x81, 1<<63), code: 1002, at: 10, noAlloc: true},
		{id: "length of 2^62", in: announce(0x82, 1<<62), code: 1009, at: 10, noAlloc: true},
		{id: "length of 2^62, 2^63-1", in: announce(0x82, 1<<63-1), code: 1009, at: 10, noAlloc: true},
		{id: "length of 16 GiB", in: announce(0x82, 1<<34), code: 1009, at: 10, noAlloc: true},
		{id: "length of 16 GiB, compressed", in: announce(0xC2, 1<<34), code: 1009, at: 10, noAlloc: true, deflate: true},
		{id: "length of 2^62, second fragment", in: cat(fr(0x02, "abc"), announce(0x80, 1<<63-1)), code: 1009, at: 9 + 10},
		{id: "length of 2^62, control", in: announce(0x89, 1<<62), code: 1002, at: 2, noAlloc: true},
		{id: "length not minimal", in: []byte{0x82, 0xFE, 0x00, 0x05, 1, 2, 3, 4}, code: 1002, at: 4, noAlloc: true},
		{id: "length not minimal, 125", in: []byte{0x82, 0xFE, 0x00, 0x7D, 1, 2, 3, 4}, code: 1002, at: 4, noAlloc: true},
		{id: "length not minimal, 64 bit", in: announce(0x82, 0xFFFF), code: 1002, at: 10, noAlloc: true},
		{id: "length not minimal, zero", in: announce(0x82, 0), code: 1002, at: 10, noAlloc: true},
	}
}

func headerRows() []hostile {
	rows := []hostile{
		{id: "wrong mask bit", in: raw{b0: 0x81, payload: []byte("hello"), unmasked: true}.bytes(), code: 1002, at: 2, noAlloc: true},
		{id: "wrong mask bit, ping", in: []byte{0x89, 0x00}, code: 1002, at: 2, noAlloc: true},
		{id: "wrong mask bit, client", in: fr(0x81, "hello"), code: 1002, at: 2, client: true, noAlloc: true},
		{id: "reserved bit", in: fr(0xC1, "hello"), code: 1002, at: 1, noAlloc: true},
		{id: "reserved bit, RSV2", in: fr(0xA1, "hello"), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "reserved bit, RSV3", in: fr(0x91, "hello"), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "reserved bit, all", in: fr(0xF1, "hello"), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "RSV1 inside a message", in: cat(fr(0x01, "ab"), fr(0xC0, "cd")), code: 1002, at: 9, deflate: true},
		{id: "RSV1 inside a message, after RSV1", in: cat(fr(0x42, "ab"), fr(0x40, "cd")), code: 1002, at: 9, deflate: true},
		{id: "RSV1 on a control frame, ping", in: fr(0xC9, ""), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "RSV1 on a control frame, pong", in: fr(0xCA, ""), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "RSV1 on a control frame, close", in: fr(0xC8, ""), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "control frame without FIN, ping", in: fr(0x09, ""), code: 1002, at: 1, noAlloc: true},
		{id: "control frame without FIN, pong", in: fr(0x0A, ""), code: 1002, at: 1, noAlloc: true},
		{id: "control frame without FIN, close", in: fr(0x08, ""), code: 1002, at: 1, noAlloc: true},
		{id: "control frame too long", in: fr(0x89, strings.Repeat("p", 126)), code: 1002, at: 2, noAlloc: true},
		{id: "control frame too long, 64 bit", in: fr(0x88, strings.Repeat("p", 70000)), code: 1002, at: 2, noAlloc: true},
		{id: "continuation without a start", in: fr(0x80, "x"), code: 1002, at: 1, noAlloc: true},
		{id: "continuation without a start, after a message", in: cat(fr(0x81, "x"), fr(0x00, "y")), want: texts("x"), code: 1002, at: 8},
		{id: "continuation without a start, after fragments", in: cat(fr(0x01, "x"), fr(0x80, "y"), fr(0x80, "z")), want: texts("xy"), code: 1002, at: 15},
		{id: "message inside a message", in: cat(fr(0x01, "x"), fr(0x81, "y")), code: 1002, at: 8},
		{id: "message inside a message, after a ping", in: cat(fr(0x02, "x"), fr(0x89, "p"), fr(0x02, "y")), want: []string{"ping:p"}, code: 1002, at: 15},
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		rows = append(rows, hostile{id: "reserved opcode", in: fr(0x80|op, "x"), code: 1002, at: 1, noAlloc: true},
			hostile{id: "reserved opcode, no FIN", in: fr(op, ""), code: 1002, at: 1, noAlloc: true})
	}
	return rows
}

func closeRows() []hostile {
	rows := []hostile{
		{id: "close body of one byte", in: fr(0x88, "\x03"), code: 1002},
		{id: "close reason not UTF-8", in: closeFrame(1000, "\xc0\x80"), code: 1007},
		{id: "close reason not UTF-8, cut", in: closeFrame(1000, "ok \xe2\x82"), code: 1007},
	}
	for _, code := range []uint16{0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535} {
		rows = append(rows, hostile{id: "invalid close code", in: closeFrame(code, ""), code: 1002})
	}
	return rows
}

func textRows() []hostile {
	return []hostile{
		{id: "invalid text, C0 80", in: fr(0x81, "ab\xc0\x80cd"), code: 1007, at: 6 + 3},
		{id: "invalid text, ED A0 80", in: fr(0x81, "ab\xed\xa0\x80cd"), code: 1007, at: 6 + 4},
		{id: "invalid text, F4 90 80 80", in: fr(0x81, "ab\xf4\x90\x80\x80cd"), code: 1007, at: 6 + 4},
		{id: "invalid text, truncated", in: fr(0x81, "ab\xe2\x82"), code: 1007, at: 6 + 4},
		{id: "invalid text, truncated, empty end", in: cat(fr(0x01, "\xe2\x82"), fr(0x80, "")), code: 1007, at: 8 + 6},
		{id: "invalid text, no FIN", in: fr(0x01, "ab\xc0\x80cd"), code: 1007, at: 6 + 3},
		{id: "code point split by a ping", in: cat(fr(0x01, "\xe2\x82"), fr(0x89, "p"), fr(0x80, "\xac")), want: append([]string{"ping:p"}, texts("€")...)},
		{id: "code point split by a ping, then bad", in: cat(fr(0x01, "\xe2\x82"), fr(0x89, "p"), fr(0x80, "x")), want: []string{"ping:p"}, code: 1007, at: 8 + 7 + 7},
	}
}

func fragmentRows() []hostile {
	many := func(n int, p string) []byte { return cat(fr(0x02, p), repeat(n-1, fr(0x00, p))) }
	end := fr(0x80, "")
	fine := "0123456789abcdef"
	return []hostile{
		{id: "many small fragments", in: many(2000, "x"), code: 1008, at: 7*1024 + 6},
		{id: "many empty fragments", in: many(2000, ""), code: 1008, at: 6*1024 + 6},
		{id: "many small fragments, 1024", in: cat(many(1023, "x"), end), want: []string{"binary:" + strings.Repeat("x", 1023)}},
		{id: "many small fragments, final", in: cat(many(1024, "x"), end), code: 1008, at: 7*1024 + 6},
		{id: "many small fragments, mean 16", in: cat(many(1100, fine), fr(0x80, fine)), want: []string{"binary:" + strings.Repeat(fine, 1101)}},
		{id: "many small fragments, mean 15", in: many(1100, fine[1:]), code: 1008, at: 21*1024 + 6},
		{id: "many small fragments, pings do not count", in: cat(fr(0x02, "x"), repeat(1500, fr(0x8A, "")), fr(0x80, "y")),
			want: append(strings.Split(strings.Repeat("pong:,", 1500), ",")[:1500], "binary:xy")},
		{id: "one byte per read", in: fr(0x81, "one byte per write"), want: texts("one byte per write")},
		{id: "mask of zeros", in: cat([]byte{0x81, 0x85, 0, 0, 0, 0}, []byte("hello")), want: texts("hello")},
	}
}

// sizeRows returns messages around the default limit of 64 KiB.
func sizeRows() []hostile {
	full := strings.Repeat("s", DefaultMaxMessage)
	f := &Deflater{}
	packed := func(p string) []byte {
		whole := f.AppendFrame(nil, OpText, []byte(p))
		return raw{b0: 0xC1, payload: whole[headerSize(len(whole)-4):]}.bytes()
	}
	return []hostile{
		{id: "message limit, limit", in: fr(0x81, full), want: texts(full)},
		{id: "message limit, limit+1", in: fr(0x81, full+"s"), code: 1009, at: 10, noAlloc: true},
		{id: "message limit, two fragments", in: cat(fr(0x01, full[1:]), fr(0x80, "s")), want: texts(full)},
		{id: "message limit, two fragments+1", in: cat(fr(0x01, full), fr(0x80, "s")), code: 1009, at: 14 + len(full) + 2},
		{id: "message limit, compressed", in: packed(full), want: texts(full), deflate: true},
		{id: "message limit, compressed+1", in: packed(full + "s"), code: 1009, deflate: true},
	}
}

func (h hostile) parts() (*Decoder, *Config) {
	d := &Decoder{}
	if h.deflate {
		d.EnableDeflate()
	}
	return d, &Config{Pool: &Pool{}, Client: h.client}
}

func TestHostileInput(t *testing.T) {
	for i, row := range hostileRows() {
		cuts := chunkings(uint64(i))
		for how, cut := range cuts {
			d, c := row.parts()
			got := feed(t, d, c, row.in, cut)
			if got.code != row.code || !same(got.msgs, row.want) {
				t.Errorf("%s %s: %d %s, want %d %s", row.id, how, got.code, short(got.msgs), row.code, short(row.want))
			}
			if how == "bytewise" && row.at > 0 && got.at != row.at {
				t.Errorf("%s: known after %d bytes, want %d", row.id, got.at, row.at)
			}
			if d.buf != nil {
				t.Errorf("%s %s: holds memory at the end", row.id, how)
			}
			for _, b := range c.Pool.free { // a header in pieces takes one; what it announces is not made room for
				if row.noAlloc && (how == "whole" || cap(b.msg) > 0) {
					t.Errorf("%s %s: a buffer of %d bytes was taken", row.id, how, cap(b.msg))
				}
			}
		}
	}
}

func TestHostileInputIsRefusedWithoutAllocation(t *testing.T) {
	for _, row := range hostileRows() {
		if !row.noAlloc {
			continue
		}
		_, c := row.parts()
		buf := make([]byte, len(row.in))
		n := testing.AllocsPerRun(20, func() {
			var d Decoder
			if row.deflate {
				d.EnableDeflate()
			}
			copy(buf, row.in)
			if _, _, err := d.Next(buf, c); err == nil {
				t.Fatal(row.id, "accepted")
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", row.id, n)
		}
	}
}
