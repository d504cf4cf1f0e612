package main

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// newLogger writes text on a terminal and JSON elsewhere. The level can change.
func newLogger(w io.Writer, level *slog.LevelVar) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if onTerminal(w) {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// setLevel takes a level that the configuration has checked.
func setLevel(v *slog.LevelVar, level string) {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level))
	v.Set(l)
}

func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// hangUp tells whether the terminal that w was is gone: the kernel answers no
// question about it any more (tty_ioctl(4), EIO).
func hangUp(w io.Writer) func() bool {
	before := onTerminal(w)
	return func() bool { return before && !onTerminal(w) }
}
