package frame

import (
	"fmt"
	"strings"
)

const (
	kosme  = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5" // 11 bytes, five code points
	edited = "edited"
	latin  = "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!"
)

// octets returns each byte of s as a fragment, and an empty final one.
func octets(s string) []byte {
	var out []byte
	for i := range len(s) {
		b0 := byte(0)
		if i == 0 {
			b0 = byte(OpText)
		}
		out = append(out, fr(b0, s[i:i+1])...)
	}
	return append(out, fr(0x80, "")...)
}

// utf8Rows returns group 6.
func utf8Rows() []autobahn {
	rows := []autobahn{
		{id: "6.1.1", in: fr(0x81, ""), want: texts("")},
		{id: "6.1.2", in: cat(fr(0x01, ""), fr(0x00, ""), fr(0x80, "")), want: texts("")},
		{id: "6.1.3", in: cat(fr(0x01, ""), fr(0x00, "middle frame payload"), fr(0x80, "")), want: texts("middle frame payload")},
		{id: "6.2.1", in: fr(0x81, latin), want: texts(latin)},
		{id: "6.2.2", in: cat(fr(0x01, latin[:12]), fr(0x80, latin[12:])), want: texts(latin)},
		{id: "6.2.3", in: octets(latin), want: texts(latin)},
		{id: "6.2.4", in: octets(kosme), want: texts(kosme)},
		// The surrogate ED A0 80: A0 is the offending byte.
		{id: "6.3.1", in: fr(0x81, kosme+"\xed\xa0\x80"+edited), code: 1007, at: 6 + 13},
		{id: "6.3.2", in: octets(kosme + "\xed\xa0\x80" + edited), code: 1007, at: 13 * 7},
	}
	rows = append(rows, failFast()...)
	group := 5
	for _, g := range utf8Groups {
		for i, s := range g.seqs {
			rows = append(rows, utf8Row(fmt.Sprintf("6.%d.%d", group, i+1), s, g.valid))
		}
		group++
		if group == 6 { // 6.6: every prefix of a text with multi-byte code points
			for n := range len(kosme) {
				p := kosme[:n+1]
				rows = append(rows, utf8Row(fmt.Sprintf("6.6.%d", n+1), p, strings.Contains(" 2 5 7 9 11 ", fmt.Sprintf(" %d ", n+1))))
			}
			group = 7
		}
	}
	return append(rows, boundaries()...)
}

// failFast returns 6.4: F4 90 is above U+10FFFF, which the byte 90 shows, wherever the frames end.
func failFast() []autobahn {
	bad := "\xf4\x90\x80\x80"
	first := fr(0x01, kosme)
	return []autobahn{
		{id: "6.4.1", in: cat(first, fr(0x00, bad), fr(0x80, edited)), code: 1007, at: len(first) + 6 + 2},
		{id: "6.4.2", in: cat(fr(0x01, kosme+"\xf4"), fr(0x00, "\x90"), fr(0x80, "\x80\x80"+edited)), code: 1007, at: len(first) + 1 + 7},
		{id: "6.4.3 6.4.4", in: fr(0x81, kosme+bad+edited), code: 1007, at: 6 + len(kosme) + 2},
	}
}

func utf8Row(id, s string, valid bool) autobahn {
	if valid {
		return autobahn{id: id, in: fr(0x81, s), want: texts(s)}
	}
	return autobahn{id: id, in: fr(0x81, s), code: 1007}
}

// boundaries returns 6.11.
func boundaries() (rows []autobahn) {
	for i, s := range []string{"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80"} {
		rows = append(rows, utf8Row(fmt.Sprintf("6.11.%d", i+1), s, i < 4))
	}
	return rows
}

// utf8Groups are 6.5 and then 6.7 and those after it, in order. 6.11 is in boundaries.
var utf8Groups = []struct {
	valid bool
	seqs  []string
}{
	{true, []string{"hello$world", "hello\xc2\xa2world", "hello\xe2\x82\xacworld", "hello\xf0\xa4\xad\xa2world", kosme}}, // 6.5
	{true, []string{"\x00", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}},                                             // 6.7
	{false, []string{"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"}},                                                // 6.8
	{true, []string{"\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}},                                             // 6.9
	{false, []string{"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}},                            // 6.10
	{}, // 6.11
	{false, []string{"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80",
		"\x80\xbf\x80\xbf\x80\xbf", span(0x80, 0xBF, "")}}, // 6.12
	{false, []string{span(0xC0, 0xDF, " "), span(0xE0, 0xEF, " "), span(0xF0, 0xF7, " "), span(0xF8, 0xFB, " "), span(0xFC, 0xFD, " ")}}, // 6.13
	{false, incomplete},                                   // 6.14
	{false, []string{strings.Join(incomplete, "")}},       // 6.15
	{false, []string{"\xfe", "\xff", "\xfe\xfe\xff\xff"}}, // 6.16
	{false, []string{"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"}},             // 6.17
	{false, []string{"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"}},             // 6.18
	{false, []string{"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"}},             // 6.19
	{false, []string{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"}}, // 6.20
	{false, []string{"\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80", "\xed\xad\xbf\xed\xbf\xbf",
		"\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf", "\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf"}}, // 6.21
	{true, nonCharacters()}, // 6.22
	{true, []string{"\xef\xbf\xb9", "\xef\xbf\xba", "\xef\xbf\xbb", "\xef\xbf\xbc", "\xef\xbf\xbd", "\xef\xbf\xbe", "\xef\xbf\xbf"}}, // 6.23
}

// incomplete are sequences of 2 to 6 bytes without the last one.
var incomplete = []string{"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
	"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"}

// span returns every byte from lo to hi, each followed by sep.
func span(lo, hi int, sep string) string {
	var b strings.Builder
	for c := lo; c <= hi; c++ {
		b.WriteByte(byte(c))
		b.WriteString(sep)
	}
	return b.String()
}

// nonCharacters returns the last two code points of the 17 planes, which are valid UTF-8.
func nonCharacters() (out []string) {
	for plane := range rune(17) {
		out = append(out, string(plane<<16|0xFFFE), string(plane<<16|0xFFFF))
	}
	return out
}
