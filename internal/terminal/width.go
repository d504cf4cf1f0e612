package terminal

import (
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/mattn/go-runewidth"
)

// condition takes characters of ambiguous width as narrow (Unicode TR 11, section 5), whatever the locale is, which is
// the default of terminals.
var condition = &runewidth.Condition{StrictEmojiNeutral: true}

// Clusters yields the extended grapheme clusters of a text (Unicode TR 29).
func Clusters(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for g := graphemes.FromString(s); g.Next(); {
			if !yield(g.Value()) {
				return
			}
		}
	}
}

// Width is how many cells of a row a clean line takes. Terminals do not agree about emoji of several characters, so what
// must not leave its row needs more than this: see ECMA-48 and DECAWM.
func Width(s string) int {
	n := 0
	for c := range Clusters(s) {
		n += clusterWidth(c)
	}
	return n
}

// clusterWidth adds to the library that a flag, and what a variation selector makes an emoji, are as wide as emoji.
func clusterWidth(c string) int {
	n := condition.StringWidth(c)
	if n == 1 && (strings.Contains(c, "\ufe0f") || flag(c)) {
		return 2
	}
	return n
}

// flag reports whether a cluster begins with two regional indicators.
func flag(c string) bool {
	first, n := utf8.DecodeRuneInString(c)
	second, _ := utf8.DecodeRuneInString(c[n:])
	return regional(first) && regional(second)
}

func regional(r rune) bool { return r >= '\U0001F1E6' && r <= '\U0001F1FF' }

// runesPerCell bounds what a line of a few cells may hold: an emoji of a family has seven characters in two cells, but
// joiners could chain any number.
const runesPerCell = 4

// Cut makes a clean line at most n cells wide, with "…" for the rest. It never cuts through a character.
func Cut(s string, n int) string {
	head, rest := Split(s, n)
	if rest == "" {
		return head
	}
	head, _ = Split(head, n-1)
	return head + "…"
}

// Split returns the first n cells of a clean line, or one less before a wide character, and the rest.
func Split(s string, n int) (head, rest string) {
	cells, runes, end := 0, 0, 0
	for c := range Clusters(s) {
		cells += clusterWidth(c)
		runes += utf8.RuneCountInString(c)
		if cells > n || runes > runesPerCell*n {
			break
		}
		end += len(c)
	}
	return s[:end], s[end:]
}
