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

// logFormat makes the handler of a log: text on a terminal, JSON elsewhere.
type logFormat func(io.Writer, *slog.HandlerOptions) slog.Handler

func formatFor(w io.Writer) logFormat {
	if onTerminal(w) {
		return textFormat
	}
	return jsonFormat
}

func textFormat(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) }
func jsonFormat(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) }

// gap is the line of a log that stands where n lines are missing. It has no
// level that could silence it.
func (f logFormat) gap(n int64) []byte {
	var b bytes.Buffer
	slog.New(f(&b, nil)).Warn("log lines were dropped: they were not read in time", "lines", n)
	return b.Bytes()
}

// openLog detaches the streams and makes a log of the error stream. Nobody who
// logs waits for whoever reads the log. The level can change. What the standard
// library logs (net/http) goes there too.
func openLog(s *streams, queue int, level *slog.LevelVar) *slog.Logger {
	format := formatFor(s.err)
	s.detach(spool.Options{Limit: queue, Gap: format.gap})
	log := slog.New(format(s.err, &slog.HandlerOptions{Level: level, ReplaceAttr: cleanAttr}))
	slog.SetDefault(log)
	return log
}

// cleanAttr makes texts safe for a terminal that shows the log: slog escapes
// quotes, line ends and the control characters of ASCII, but not those of eight
// bits, nor the characters that change the direction of text.
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
