package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCleanText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "hello, wörld 你好", "hello, wörld 你好"},
		{"escape sequence", "\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"},
		{"title", "\x1b]0;x\a", "\ufffd]0;x\ufffd"},
		{"C1 as UTF-8", "\u009b2J", "\ufffd2J"},
		{"C1 as a byte", "\x9b2J", "\ufffd2J"},
		{"backspaces", "ab\b\bcd\x7f", "ab\ufffd\ufffdcd\ufffd"},
		{"NUL", "a\x00b", "a\ufffdb"},
		{"line ends", "a\r\nb\rc\nd\u2028e\u2029f\u0085g\vh\fi", "a\nb\nc\nd\ne\nf\ng\nh\ni"},
		{"tab", "a\tb", "a    b"},
		{"bidi override", "a\u202eb\u202c", "a\ufffdb\ufffd"},
		{"bidi isolate", "\u2066a\u2069", "\ufffda\ufffd"},
		{"marks of direction", "\u200ea\u200fb\u061c", "\ufffda\ufffdb\ufffd"},
		{"zero width", "a\u200bb\ufeffc\u2060", "a\ufffdb\ufffdc\ufffd"},
		{"emoji of several", "👩\u200d💻", "👩\u200d💻"},
		{"tags", "a\U000e0041", "a\ufffd"},
		{"not assigned", "a\U000e0fff", "a\ufffd"},
		{"invalid", "a\xffb", "a\ufffdb"},
		{"a pile of marks", "a" + strings.Repeat("\u0301", 50), "a" + strings.Repeat("\u0301", maxMarks)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Text(c.in); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestCleanName(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{" ann ", "ann"},
		{"a\nb\r\n  c", "a b c"},
		{"a\u200db", "ab"},
		{"\x1b[1m", "\ufffd[1m"},
		{"\u3000 \t", ""},
		{strings.Repeat("x", 40), strings.Repeat("x", 31) + "…"},
		{strings.Repeat("你", 40), strings.Repeat("你", 15) + "…"},
		{strings.Repeat("e\u0301", 32), strings.Repeat("e\u0301", 32)},
	} {
		if got := Name(c.in); got != c.want {
			t.Errorf("Name(%q): %q, want %q", c.in, got, c.want)
		}
	}
}

// The result has no control characters, for every input.
func TestCleanProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		for _, out := range []string{Text(s), Line(s), Name(s)} {
			if !utf8.ValidString(out) {
				t.Fatalf("%q is not UTF-8", out)
			}
			for _, r := range out {
				if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
					t.Fatalf("%q keeps %U", out, r)
				}
			}
		}
		if strings.ContainsAny(Line(s)+Name(s), "\r\n") {
			t.Fatal("a line end in a line")
		}
	})
}
