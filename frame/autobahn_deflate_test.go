package frame

import (
	"bytes"
	"compress/flate"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// pmdSizes are the cases of each sub-group of 12 and 13: message size and size of fragments, 0 = one frame.
var pmdSizes = [18][2]int{{16, 0}, {64, 0}, {256, 0}, {1024, 0}, {4096, 0}, {8192, 0}, {16384, 0}, {32768, 0},
	{65536, 0}, {131072, 0}, {8192, 256}, {16384, 256}, {32768, 256}, {65536, 256}, {131072, 256}, {131072, 1024},
	{131072, 4096}, {131072, 32768}}

// pmdData returns a payload like those of 12.1 to 12.5: JSON, a picture, prose, large JSON, Markov prose.
func pmdData(kind, n int) (Op, []byte) {
	r := rand.New(rand.NewPCG(uint64(kind), 7))
	var b []byte
	for len(b) < n {
		switch kind {
		case 1, 4:
			b = fmt.Appendf(b, `{"AutobahnPython":{"id":%d,"name":"näme %d","list":[%d,%d,true,null]}},`, r.IntN(1e6), r.IntN(50), r.IntN(9), r.IntN(99))
		case 2:
			b = append(b, byte(r.Uint32()), byte(r.Uint32()), 0, byte(r.IntN(8)))
		default:
			b = append(append(b, []string{"Alice", "was", "beginning", "to", "get", "very", "tired"}[r.IntN(7)]...), ' ')
		}
	}
	if kind == 2 {
		return OpBinary, b[:n]
	}
	b = b[:n]
	for len(b) > 0 && cutOff(b) > 0 { // a code point cut in two becomes blanks
		for i := range cutOff(b) {
			b[len(b)-1-i] = ' '
		}
	}
	return OpText, b
}

// stdDeflate returns the payload that a client sends: compressed by the standard library, without the flush marker.
func stdDeflate(t testing.TB, p []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(p)
	_ = w.Flush()
	out, ok := bytes.CutSuffix(b.Bytes(), []byte(flushTail))
	if !ok {
		t.Fatal("no flush marker")
	}
	return out
}

func deflating() *Decoder {
	d := &Decoder{}
	d.EnableDeflate()
	return d
}

// Group 12, with 3 messages for each case instead of 1,000, since no state is kept between messages. A client decoder reads
// the same messages from the Deflater.
func TestAutobahn12Deflate(t *testing.T) {
	// The picture does not compress: deflated it is a little longer than 131,072 bytes.
	c, client, f := &Config{Pool: &Pool{}, MaxMessage: 132000}, &Config{Pool: &Pool{}, Client: true, MaxMessage: 132000}, &Deflater{}
	for kind := 1; kind <= 5; kind++ {
		for i, s := range pmdSizes {
			id := fmt.Sprintf("12.%d.%d", kind, i+1)
			op, p := pmdData(kind, s[0])
			frag := s[1]
			if frag == 0 {
				frag = 1 << 20
			}
			stream := repeat(3, fragment(byte(op)|bitRSV1, stdDeflate(t, p, 1+i%9), frag))
			echoAll(t, id, deflating(), c, stream, note(op, p), 3, chops(1+64<<(i%10)))
			echoAll(t, id+" echo", deflating(), client, repeat(3, f.AppendFrame(nil, op, p)), note(op, p), 3, chops(4096))
		}
	}
	if cap(c.Pool.inflater.out) > keepBuffer {
		t.Errorf("%d bytes of output are kept, at most %d", cap(c.Pool.inflater.out), keepBuffer)
	}
}

// The offers of the seven sub-groups of group 13.
func TestAutobahn13Negotiation(t *testing.T) {
	base := "permessage-deflate; client_no_context_takeover; client_max_window_bits"
	rows := []struct {
		id, offers string
		accepted   int // which of the offers, from 1
		window     int
	}{
		{"13.1", base, 1, 15},
		{"13.2", base + "; server_no_context_takeover", 1, 15},
		{"13.3", base + "; server_max_window_bits=9", 1, 9},
		{"13.4", base + "; server_max_window_bits=15", 1, 15},
		{"13.5", base + "; server_no_context_takeover; server_max_window_bits=9", 1, 9},
		{"13.6", base + "; server_no_context_takeover; server_max_window_bits=15", 1, 15},
		{"13.7", base + "; server_no_context_takeover; server_max_window_bits=9, " + base + "; server_no_context_takeover, " + base, 1, 9},
	}
	for _, row := range rows {
		number, window := 0, 0
		for i, offer := range strings.Split(row.offers, ", ") {
			if response, w := accepted(t, offer); response != "" && number == 0 {
				number, window = i+1, w
			}
		}
		if number != row.accepted || window != row.window {
			t.Errorf("%s: offer %d accepted, window %d, want %d, %d", row.id, number, window, row.accepted, row.window)
		}
	}
}

// All sub-groups of group 13 result in messages without context takeover, so they are one test: the sizes of group 12 with
// different messages, in both roles, with uncompressed ones between them. The messages of 13.3 and 13.5 keep to their
// window.
func TestAutobahn13Messages(t *testing.T) {
	c, client, f := &Config{Pool: &Pool{}, MaxMessage: 132000}, &Config{Pool: &Pool{}, Client: true, MaxMessage: 132000}, &Deflater{Window: 9}
	for i, s := range pmdSizes {
		frag := s[1]
		if frag == 0 {
			frag = 1 << 20
		}
		var stream []byte
		var want []string
		for kind := 1; kind <= 5; kind++ {
			op, p := pmdData(kind, s[0])
			stream = append(stream, fragment(byte(op)|bitRSV1, stdDeflate(t, p, 6), frag)...)
			stream = append(stream, fragment(byte(op), p, frag)...) // RSV1=0 stays legal
			want = append(want, note(op, p), note(op, p))
			answer := f.AppendFrame(nil, op, p)
			echoAll(t, fmt.Sprint("13.3.", i+1), deflating(), client, answer, note(op, p), 1, chops(4096))
			if far := farthest(t, answer); far > 1<<9 {
				t.Errorf("13.3.%d: refers %d bytes back", i+1, far)
			}
		}
		got := feed(t, deflating(), c, stream, chops(1000))
		if got.code != 0 || !same(got.msgs, want) {
			t.Errorf("13.1.%d: code %d, %d messages, want %d", i+1, got.code, len(got.msgs), len(want))
		}
	}
}

func despace(s string) string { return string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)) }
