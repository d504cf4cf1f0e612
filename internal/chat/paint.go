package chat

import (
	"hash/fnv"
	"io"
	"os"

	"golang.org/x/term"
)

// paint colours text. If false, it returns the text unchanged.
type paint bool

// paintFor depends on --color, then NO_COLOR (no-color.org: set and not empty), TERM and whether w is a terminal.
func paintFor(o Options, w io.Writer) paint {
	switch o.Color {
	case "always":
		return true
	case "never":
		return false
	}
	return paint(isTerminal(w) && o.Getenv("NO_COLOR") == "" && o.Getenv("TERM") != "dumb")
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p paint) with(sgr, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

func (p paint) dim(s string) string  { return p.with("2", s) }
func (p paint) warn(s string) string { return p.with("33", s) }

// hues are the colours of names: those of the 16 that are readable on black and on white.
var hues = [...]string{"1;31", "1;32", "1;33", "1;34", "1;35", "1;36", "31", "32", "34", "35", "36"}

// name colours a person's name, always in the same colour.
func (p paint) name(who person) string {
	h := fnv.New32a()
	_, _ = io.WriteString(h, who.key)
	return p.with(hues[h.Sum32()%uint32(len(hues))], who.name)
}
