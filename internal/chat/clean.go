package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What other people send is never trusted with the terminal: escape sequences could move the cursor, change the title
// or answer queries on the person's behalf, and bidirectional overrides could make a line read differently from what
// was sent. Whatever is not printable becomes U+FFFD, so that a reader sees that something was there.

const (
	maxNameRunes = 32
	maxMarks     = 8 // combining marks on one letter: enough for every script, too few to climb over the lines above
)

// cleanText makes text safe to print. Line ends of every kind become \n, a tab becomes four spaces.
func cleanText(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	marks := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == '\r' && strings.HasPrefix(s[i+n:], "\n") {
			n++
		}
		i += n
		if !unicode.Is(unicode.M, r) {
			marks = 0
		} else if marks++; marks > maxMarks {
			continue
		}
		writeClean(&b, r)
	}
	return b.String()
}

func writeClean(b *strings.Builder, r rune) {
	switch {
	case r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029', r == '\v', r == '\f':
		b.WriteByte('\n')
	case r == '\t':
		b.WriteString("    ")
	case r == '\u200c', r == '\u200d': // joiners: Persian and emoji need them
		b.WriteRune(r)
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), !unicode.IsGraphic(r) && !unicode.Is(unicode.Co, r):
		b.WriteRune(utf8.RuneError)
	default:
		b.WriteRune(r)
	}
}

// cleanLine is cleanText on one line: line ends become spaces and the ends are trimmed.
func cleanLine(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(cleanText(s), "\n", " "))
}

// cleanName is cleanLine for the name of a person or a room: without joiners, runs of spaces made one, and short.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\u200c' || r == '\u200d' {
			return -1
		}
		return r
	}, cleanLine(s))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= maxNameRunes {
		return s
	}
	return string([]rune(s)[:maxNameRunes-1]) + "…"
}
