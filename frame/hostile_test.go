package frame

import (
	"encoding/binary"
	"strings"
	"testing"
)

// hostile is a hostile input and the required answer.
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

// announce is a header alone, with a 64-bit length and a mask, as an attacker sends it: no payload follows.
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
		{id: "H1", in: announce(0x82, 1<<64-1), code: 1002, at: 10, noAlloc: true},
		{id: "H1 2^63", in: announce(0x81, 1<<63), code: 1002, at: 10, noAlloc: true},
		{id: "H2", in: announce(0x82, 1<<62), code: 1009, at: 10, noAlloc: true},
		{id: "H2 2^63-1", in: announce(0x82, 1<<63-1), code: 1009, at: 10, noAlloc: true},
		{id: "H3", in: announce(0x82, 1<<34), code: 1009, at: 10, noAlloc: true},
		{id: "H3 compressed", in: announce(0xC2, 1<<34), code: 1009, at: 10, noAlloc: true, deflate: true},
		{id: "H2 second fragment", in: cat(fr(0x02, "abc"), announce(0x80, 1<<63-1)), code: 1009, at: 9 + 10},
		{id: "H2 control", in: announce(0x89, 1<<62), code: 1002, at: 2, noAlloc: true},
		{id: "H4", in: []byte{0x82, 0xFE, 0x00, 0x05, 1, 2, 3, 4}, code: 1002, at: 4, noAlloc: true},
		{id: "H4 125", in: []byte{0x82, 0xFE, 0x00, 0x7D, 1, 2, 3, 4}, code: 1002, at: 4, noAlloc: true},
		{id: "H4 64 bit", in: announce(0x82, 0xFFFF), code: 1002, at: 10, noAlloc: true},
		{id: "H4 zero", in: announce(0x82, 0), code: 1002, at: 10, noAlloc: true},
	}
}

func headerRows() []hostile {
	rows := []hostile{
		{id: "H5", in: raw{b0: 0x81, payload: []byte("hello"), unmasked: true}.bytes(), code: 1002, at: 2, noAlloc: true},
		{id: "H5 ping", in: []byte{0x89, 0x00}, code: 1002, at: 2, noAlloc: true},
		{id: "H5 client", in: fr(0x81, "hello"), code: 1002, at: 2, client: true, noAlloc: true},
		{id: "H6", in: fr(0xC1, "hello"), code: 1002, at: 1, noAlloc: true},
		{id: "H6 RSV2", in: fr(0xA1, "hello"), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "H6 RSV3", in: fr(0x91, "hello"), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "H6 all", in: fr(0xF1, "hello"), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "H23", in: cat(fr(0x01, "ab"), fr(0xC0, "cd")), code: 1002, at: 9, deflate: true},
		{id: "H23 after RSV1", in: cat(fr(0x42, "ab"), fr(0x40, "cd")), code: 1002, at: 9, deflate: true},
		{id: "H24 ping", in: fr(0xC9, ""), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "H24 pong", in: fr(0xCA, ""), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "H24 close", in: fr(0xC8, ""), code: 1002, at: 1, deflate: true, noAlloc: true},
		{id: "H8 ping", in: fr(0x09, ""), code: 1002, at: 1, noAlloc: true},
		{id: "H8 pong", in: fr(0x0A, ""), code: 1002, at: 1, noAlloc: true},
		{id: "H8 close", in: fr(0x08, ""), code: 1002, at: 1, noAlloc: true},
		{id: "H9", in: fr(0x89, strings.Repeat("p", 126)), code: 1002, at: 2, noAlloc: true},
		{id: "H9 64 bit", in: fr(0x88, strings.Repeat("p", 70000)), code: 1002, at: 2, noAlloc: true},
		{id: "H10", in: fr(0x80, "x"), code: 1002, at: 1, noAlloc: true},
		{id: "H10 after a message", in: cat(fr(0x81, "x"), fr(0x00, "y")), want: texts("x"), code: 1002, at: 8},
		{id: "H10 after fragments", in: cat(fr(0x01, "x"), fr(0x80, "y"), fr(0x80, "z")), want: texts("xy"), code: 1002, at: 15},
		{id: "H11", in: cat(fr(0x01, "x"), fr(0x81, "y")), code: 1002, at: 8},
		{id: "H11 after a ping", in: cat(fr(0x02, "x"), fr(0x89, "p"), fr(0x02, "y")), want: []string{"ping:p"}, code: 1002, at: 15},
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		rows = append(rows, hostile{id: "H7", in: fr(0x80|op, "x"), code: 1002, at: 1, noAlloc: true},
			hostile{id: "H7 no FIN", in: fr(op, ""), code: 1002, at: 1, noAlloc: true})
	}
	return rows
}

func closeRows() []hostile {
	rows := []hostile{
		{id: "H12", in: fr(0x88, "\x03"), code: 1002},
		{id: "H14", in: closeFrame(1000, "\xc0\x80"), code: 1007},
		{id: "H14 cut", in: closeFrame(1000, "ok \xe2\x82"), code: 1007},
	}
	for _, code := range []uint16{0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535} {
		rows = append(rows, hostile{id: "H13", in: closeFrame(code, ""), code: 1002})
	}
	return rows
}

func textRows() []hostile {
	return []hostile{
		{id: "H15 C0 80", in: fr(0x81, "ab\xc0\x80cd"), code: 1007, at: 6 + 3},
		{id: "H15 ED A0 80", in: fr(0x81, "ab\xed\xa0\x80cd"), code: 1007, at: 6 + 4},
		{id: "H15 F4 90 80 80", in: fr(0x81, "ab\xf4\x90\x80\x80cd"), code: 1007, at: 6 + 4},
		{id: "H15 truncated", in: fr(0x81, "ab\xe2\x82"), code: 1007, at: 6 + 4},
		{id: "H15 truncated, empty end", in: cat(fr(0x01, "\xe2\x82"), fr(0x80, "")), code: 1007, at: 8 + 6},
		{id: "H15 no FIN", in: fr(0x01, "ab\xc0\x80cd"), code: 1007, at: 6 + 3},
		{id: "H16", in: cat(fr(0x01, "\xe2\x82"), fr(0x89, "p"), fr(0x80, "\xac")), want: append([]string{"ping:p"}, texts("€")...)},
		{id: "H16 then bad", in: cat(fr(0x01, "\xe2\x82"), fr(0x89, "p"), fr(0x80, "x")), want: []string{"ping:p"}, code: 1007, at: 8 + 7 + 7},
	}
}

func fragmentRows() []hostile {
	many := func(n int, p string) []byte { return cat(fr(0x02, p), repeat(n-1, fr(0x00, p))) }
	end := fr(0x80, "")
	fine := "0123456789abcdef"
	return []hostile{
		{id: "H17", in: many(2000, "x"), code: 1008, at: 7*1024 + 6},
		{id: "H18", in: many(2000, ""), code: 1008, at: 6*1024 + 6},
		{id: "H17 1024", in: cat(many(1023, "x"), end), want: []string{"binary:" + strings.Repeat("x", 1023)}},
		{id: "H17 final", in: cat(many(1024, "x"), end), code: 1008, at: 7*1024 + 6},
		{id: "H17 mean 16", in: cat(many(1100, fine), fr(0x80, fine)), want: []string{"binary:" + strings.Repeat(fine, 1101)}},
		{id: "H17 mean 15", in: many(1100, fine[1:]), code: 1008, at: 21*1024 + 6},
		{id: "H17 pings do not count", in: cat(fr(0x02, "x"), repeat(1500, fr(0x8A, "")), fr(0x80, "y")),
			want: append(strings.Split(strings.Repeat("pong:,", 1500), ",")[:1500], "binary:xy")},
		{id: "H27", in: fr(0x81, "one byte per write"), want: texts("one byte per write")},
		{id: "H29", in: cat([]byte{0x81, 0x85, 0, 0, 0, 0}, []byte("hello")), want: texts("hello")},
	}
}

// sizeRows is H28 with the default limit of 64 KiB.
func sizeRows() []hostile {
	full := strings.Repeat("s", DefaultMaxMessage)
	f := &Deflater{}
	packed := func(p string) []byte {
		whole := f.AppendFrame(nil, OpText, []byte(p))
		return raw{b0: 0xC1, payload: whole[headerSize(len(whole)-4):]}.bytes()
	}
	return []hostile{
		{id: "H28 limit", in: fr(0x81, full), want: texts(full)},
		{id: "H28 limit+1", in: fr(0x81, full+"s"), code: 1009, at: 10, noAlloc: true},
		{id: "H28 two fragments", in: cat(fr(0x01, full[1:]), fr(0x80, "s")), want: texts(full)},
		{id: "H28 two fragments+1", in: cat(fr(0x01, full), fr(0x80, "s")), code: 1009, at: 14 + len(full) + 2},
		{id: "H28 compressed", in: packed(full), want: texts(full), deflate: true},
		{id: "H28 compressed+1", in: packed(full + "s"), code: 1009, deflate: true},
	}
}

func (h hostile) parts() (*Decoder, *Config) {
	d := &Decoder{}
	if h.deflate {
		d.EnableDeflate()
	}
	return d, &Config{Pool: &Pool{}, Client: h.client}
}

func TestHostile(t *testing.T) {
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

// TestHostileAllocations: what the table refuses at once, it refuses without a single allocation.
func TestHostileAllocations(t *testing.T) {
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
