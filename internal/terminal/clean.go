package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxNameCells = 32
	maxMarks     = 8 // combining marks on one letter: enough for every script, too few to climb over the lines above
)

// Text makes text of several lines safe to print. Line ends of every kind become \n, a tab becomes four spaces.
func Text(s string) string {
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

// Line is Text on one line: line ends become spaces and the ends are trimmed.
func Line(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(Text(s), "\n", " "))
}

// Short is Line, cut to n cells with "…" at the end, for text of any length.
func Short(s string, n int) string {
	const most = 4 * utf8.UTFMax // bytes of s for a cell of the line: joiners, marks and tabs aside, one rune is enough
	if len(s) > n*most {
		s = s[:n*most]
	}
	return Cut(Line(s), n)
}

// Name is Line for the name of a user or a room: without joiners, with single spaces, and short.
func Name(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\u200c' || r == '\u200d' {
			return -1
		}
		return r
	}, Short(s, 8*maxNameCells))
	return Cut(strings.Join(strings.Fields(s), " "), maxNameCells)
}
