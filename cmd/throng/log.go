package main

import (
	"bytes"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"

	"github.com/throngd/throng/internal/spool"
	"github.com/throngd/throng/internal/terminal"
)

// logFormat returns the handler of a log: text on a terminal, JSON elsewhere.
type logFormat func(io.Writer, *slog.HandlerOptions) slog.Handler

func formatFor(w io.Writer) logFormat {
	if onTerminal(w) {
		return textFormat
	}
	return jsonFormat
}

func textFormat(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) }
func jsonFormat(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) }

// gap returns the line of a log that replaces n missing lines. It has no level by which it could be filtered.
func (f logFormat) gap(n int64) []byte {
	var b bytes.Buffer
	slog.New(f(&b, nil)).Warn("log lines were dropped: they were not read in time", "lines", n)
	return b.Bytes()
}

// openLog detaches the streams and returns a log on the error stream, which never blocks. Its level can change. The standard
// library (net/http) logs there too.
func openLog(s *streams, queue int, level *slog.LevelVar) *slog.Logger {
	format := formatFor(s.err)
	s.detach(spool.Options{Limit: queue, Gap: format.gap})
	log := slog.New(format(s.err, &slog.HandlerOptions{Level: level, ReplaceAttr: cleanAttr}))
	slog.SetDefault(log)
	return log
}

// cleanAttr makes texts safe for a terminal. slog escapes quotes, line ends and the control characters of ASCII, but not
// those of eight bits, nor the characters that change the direction of text.
func cleanAttr(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(terminal.Line(v))
	case error:
		a.Value = slog.StringValue(terminal.Line(v.Error()))
	case []string:
		clean := make([]string, len(v))
		for i, s := range v {
			clean[i] = terminal.Line(s)
		}
		a.Value = slog.AnyValue(clean)
	}
	return a
}

// setLevel sets a level that the configuration has validated.
func setLevel(v *slog.LevelVar, level string) {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level))
	v.Set(l)
}

func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// hangUp reports whether the terminal of w is gone: the kernel then fails every ioctl on it (tty_ioctl(4), EIO).
func hangUp(w io.Writer) func() bool {
	before := onTerminal(w)
	return func() bool { return before && !onTerminal(w) }
}
