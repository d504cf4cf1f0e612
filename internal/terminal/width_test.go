package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestWidth(t *testing.T) {
	for _, c := range []struct {
		name, text      string
		cells, clusters int
	}{
		{"nothing", "", 0, 0},
		{"ASCII", "hello", 5, 5},
		{"Han", "你好", 4, 2},
		{"wide punctuation", "，。！", 6, 3},
		{"ideographic space", "\u3000", 2, 1},
		{"fullwidth Latin", "ＡＢ", 4, 2},
		{"halfwidth Katakana", "ｱｲ", 2, 2},
		{"Hangul syllables", "한글", 4, 2},
		{"Hangul of jamo", "\u1112\u1161\u11ab", 2, 1},
		{"combining mark", "e\u0301", 1, 1},
		{"a pile of marks", "e\u0301\u0302\u0303\u0304", 1, 1},
		{"a mark alone", "\u0301", 0, 1},
		{"Thai", "น้ำ", 1, 1},
		{"Devanagari", "क्षि", 1, 1},
		{"Arabic with vowels", "مَ", 1, 1},
		{"ambiguous", "…·±", 3, 3},
		{"emoji", "😀", 2, 1},
		{"emoji by selector", "❤\ufe0f", 2, 1},
		{"keycap", "1\ufe0f\u20e3", 2, 1},
		{"skin", "👍🏽", 2, 1},
		{"joined", "👩\u200d💻", 2, 1},
		{"family", "👨\u200d👩\u200d👧\u200d👦", 2, 1},
		{"flag", "🇩🇪", 2, 1},
		{"two flags", "🇩🇪🇫🇷", 4, 2},
		{"half a flag", "\U0001F1E9", 1, 1},
		{"replacement", "\ufffd", 1, 1},
	} {
		n := 0
		for range Clusters(c.text) {
			n++
		}
		if got := Width(c.text); got != c.cells || n != c.clusters {
			t.Errorf("%s: %d cells, %d clusters, want %d and %d", c.name, got, n, c.cells, c.clusters)
		}
	}
}

func TestCut(t *testing.T) {
	family := "👨\u200d👩\u200d👧\u200d👦"
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"你好", 4, "你好"},
		{"你好吗", 5, "你好…"},
		{"你好吗", 4, "你…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{family + family + family, 5, family + family + "…"},
		{"👩" + strings.Repeat("\u200d👩", 100), 4, "…"},
		{"", 1, ""},
	} {
		if got := Cut(c.in, c.n); got != c.want {
			t.Errorf("Cut(%q, %d): %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

// A cut line is within its bounds, for every input.
func TestCutProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n := Line(rapid.String().Draw(t, "text")), rapid.IntRange(1, 20).Draw(t, "cells")
		got := Cut(s, n)
		if Width(got) > n || utf8.RuneCountInString(got) > runesPerCell*n+1 || !utf8.ValidString(got) {
			t.Fatalf("Cut(%q, %d): %q", s, n, got)
		}
		if head, rest := Split(s, n); head+rest != s {
			t.Fatalf("Split(%q, %d) loses text", s, n)
		}
	})
}
