package frame

import (
	"fmt"
	"strings"
	"testing"
)

// The cases of the Autobahn test suite that concern a frame parser, by their numbers. A result that the suite calls
// non-strict is a failure here. Answers to pings and close frames are tested in netpoll.

type autobahn struct {
	id   string
	in   []byte
	want []string  // messages and control frames that come out
	code CloseCode // how it ends; 0 = the connection goes on
	at   int       // fail fast: bytes after which the code is known, 0 = not asked
}

func texts(s ...string) (out []string) {
	for _, x := range s {
		out = append(out, note(OpText, []byte(x)))
	}
	return out
}

// framing returns group 1: sizes around each form of a length. 1.x.8 is 1.x.7 in reads of 997 bytes.
func framing() (rows []autobahn) {
	for g, op := range []Op{OpText, OpBinary} {
		for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} {
			p := strings.Repeat("*", n)
			if op == OpBinary {
				p = strings.Repeat("\xFE", n)
			}
			rows = append(rows, autobahn{id: fmt.Sprintf("1.%d.%d", g+1, i+1),
				in: fr(bitFin|byte(op), p), want: []string{note(op, []byte(p))}})
		}
	}
	return rows
}

// pings returns group 2.
func pings() []autobahn {
	bin, long := "\x00\xff\xfe\xfd\xfc\xfb\x00\xff", strings.Repeat("\xfe", 125)
	ten, pings10 := []byte(nil), []string(nil)
	for i := range 10 {
		p := fmt.Sprintf("payload-%d", i)
		ten, pings10 = append(ten, fr(0x89, p)...), append(pings10, "ping:"+p)
	}
	return []autobahn{
		{id: "2.1", in: fr(0x89, ""), want: []string{"ping:"}},
		{id: "2.2", in: fr(0x89, "Hello, world!"), want: []string{"ping:Hello, world!"}},
		{id: "2.3", in: fr(0x89, bin), want: []string{"ping:" + bin}},
		{id: "2.4 2.6", in: fr(0x89, long), want: []string{"ping:" + long}},
		{id: "2.5", in: fr(0x89, long+"\xfe"), code: 1002, at: 2},
		{id: "2.7", in: fr(0x8A, ""), want: []string{"pong:"}},
		{id: "2.8", in: fr(0x8A, "unsolicited"), want: []string{"pong:unsolicited"}},
		{id: "2.9", in: cat(fr(0x8A, "unsolicited"), fr(0x89, "ping")), want: []string{"pong:unsolicited", "ping:ping"}},
		{id: "2.10 2.11", in: ten, want: pings10},
	}
}

// reserved returns groups 3 (bits) and 4 (opcodes).
func reserved() (rows []autobahn) {
	hello, ping := fr(0x81, "Hello, world!"), fr(0x89, "")
	first := texts("Hello, world!")
	after := func(id string, bad []byte) autobahn {
		return autobahn{id: id, in: cat(hello, bad, ping), want: first, code: 1002, at: len(hello) + 1}
	}
	rows = []autobahn{
		{id: "3.1", in: fr(0x91, "Hello, world!"), code: 1002, at: 1},
		after("3.2", fr(0xA1, "Hello, world!")),
		after("3.3", fr(0xB1, "Hello, world!")),
		after("3.4", fr(0xC1, "Hello, world!")),
		{id: "3.5", in: fr(0xD2, "\x00\xff"), code: 1002, at: 1},
		{id: "3.6", in: fr(0xE9, "Hello, world!"), code: 1002, at: 1},
		{id: "3.7", in: fr(0xF8, "\x03\xe8"), code: 1002, at: 1},
	}
	for g, base := range []byte{0x83, 0x8B} {
		for i := range byte(5) {
			id, bad := fmt.Sprintf("4.%d.%d", g+1, i+1), fr(base+i, strings.Repeat("p", int(i%2)*20))
			if i < 2 {
				rows = append(rows, autobahn{id: id, in: bad, code: 1002, at: 1})
			} else {
				rows = append(rows, after(id, bad))
			}
		}
	}
	return rows
}

// fragments returns group 5. Cases that differ only in the reads are one row.
func fragments() []autobahn {
	f1, f2 := fr(0x01, "fragment1"), fr(0x80, "fragment2")
	both := texts("fragment1fragment2")
	ping, text := fr(0x89, "ping"), fr(0x81, "Hello, world!")
	return []autobahn{
		{id: "5.1", in: cat(fr(0x09, "fragment1"), f2), code: 1002, at: 1},
		{id: "5.2", in: cat(fr(0x0A, "fragment1"), f2), code: 1002, at: 1},
		{id: "5.3 5.4 5.5", in: cat(f1, f2), want: both},
		{id: "5.6 5.7 5.8", in: cat(f1, ping, f2), want: append([]string{"ping:ping"}, both...)},
		{id: "5.9 5.10 5.11", in: cat(fr(0x80, "non-continuation payload"), text), code: 1002, at: 1},
		{id: "5.12 5.13 5.14", in: cat(fr(0x00, "non-continuation payload"), text), code: 1002, at: 1},
		{id: "5.15", in: cat(f1, f2, fr(0x00, "fragment3"), fr(0x81, "fragment4")), want: both, code: 1002, at: len(f1) + len(f2) + 1},
		{id: "5.16", in: repeat(2, cat(fr(0x00, "fragment1"), fr(0x01, "fragment2"), fr(0x80, "fragment3"))), code: 1002, at: 1},
		{id: "5.17", in: repeat(2, cat(fr(0x80, "fragment1"), fr(0x01, "fragment2"), fr(0x80, "fragment3"))), code: 1002, at: 1},
		{id: "5.18", in: cat(f1, fr(0x81, "fragment2")), code: 1002, at: len(f1) + 1},
		{id: "5.19 5.20", in: cat(fr(0x01, "fragment1"), fr(0x00, "fragment2"), fr(0x89, "ping1"), fr(0x00, "fragment3"),
			fr(0x00, "fragment4"), fr(0x89, "ping2"), fr(0x80, "fragment5")),
			want: append([]string{"ping:ping1", "ping:ping2"}, texts("fragment1fragment2fragment3fragment4fragment5")...)},
	}
}

// closes returns group 7. After a close frame nothing is parsed.
func closes() (rows []autobahn) {
	normal, hello := closeFrame(1000, ""), fr(0x81, "Hello World!")
	gone := "close:\x03\xe8"
	big := strings.Repeat("BAsd7&jh23", 26214)
	rows = []autobahn{
		{id: "7.1.1", in: cat(hello, normal), want: append(texts("Hello World!"), gone)},
		{id: "7.1.2", in: cat(normal, normal), want: []string{gone}},
		{id: "7.1.3", in: cat(normal, fr(0x89, "")), want: []string{gone}},
		{id: "7.1.4", in: cat(normal, hello), want: []string{gone}},
		{id: "7.1.5", in: cat(fr(0x01, "fragment1"), normal, fr(0x80, "fragment2")), want: []string{gone}},
		{id: "7.1.6", in: cat(fr(0x81, big), normal, fr(0x89, "")), want: append(texts(big), gone)},
		{id: "7.3.1", in: fr(0x88, ""), want: []string{"close:"}},
		{id: "7.3.2", in: fr(0x88, "a"), code: 1002},
		{id: "7.3.3", in: normal, want: []string{gone}},
		{id: "7.3.4", in: closeFrame(1000, "Hello World!"), want: []string{gone + "Hello World!"}},
		{id: "7.3.5", in: closeFrame(1000, strings.Repeat("*", 123)), want: []string{gone + strings.Repeat("*", 123)}},
		{id: "7.3.6", in: closeFrame(1000, strings.Repeat("*", 124)), code: 1002, at: 2},
		{id: "7.5.1", in: closeFrame(1000, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64"), code: 1007},
		{id: "7.13.1", in: closeFrame(5000, ""), code: 1002},
		{id: "7.13.2", in: closeFrame(65535, ""), code: 1002},
	}
	valid := []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}
	for i, c := range valid {
		row := autobahn{id: fmt.Sprintf("7.7.%d", i+1), in: closeFrame(c, "")}
		row.want = []string{note(OpClose, []byte{byte(c >> 8), byte(c)})}
		rows = append(rows, row)
	}
	for i, c := range []uint16{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999} {
		rows = append(rows, autobahn{id: fmt.Sprintf("7.9.%d", i+1), in: closeFrame(c, ""), code: 1002})
	}
	return rows
}

func runAutobahn(t *testing.T, rows []autobahn) {
	t.Helper()
	for i, row := range rows {
		cuts := chunkings(uint64(i))
		if len(row.in) > 4096 {
			cuts = map[string]func(int) int{"whole": whole, "997": chops(997), "64": chops(64)}
		}
		for how, cut := range cuts {
			d, c := &Decoder{}, &Config{Pool: &Pool{}, MaxMessage: 16 << 20}
			got := feed(t, d, c, row.in, cut)
			if got.code != row.code || !same(got.msgs, row.want) {
				t.Errorf("%s %s: %d %s, want %d %s", row.id, how, got.code, short(got.msgs), row.code, short(row.want))
			}
			if how == "bytewise" && row.at > 0 && got.at != row.at {
				t.Errorf("%s: known after %d bytes, want %d", row.id, got.at, row.at)
			}
		}
	}
}

func TestAutobahn1Framing(t *testing.T)   { runAutobahn(t, framing()) }
func TestAutobahn2Pings(t *testing.T)     { runAutobahn(t, pings()) }
func TestAutobahn34Reserved(t *testing.T) { runAutobahn(t, reserved()) }
func TestAutobahn5Fragments(t *testing.T) { runAutobahn(t, fragments()) }
func TestAutobahn6UTF8(t *testing.T)      { runAutobahn(t, utf8Rows()) }
func TestAutobahn7Close(t *testing.T)     { runAutobahn(t, closes()) }
