package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/throngd/throng/internal/clierr"
)

// TestLogEscapesControlCharacters: control characters in errors, names and other values
// are escaped, so that the log cannot send commands to a terminal.
func TestLogEscapesControlCharacters(t *testing.T) {
	const hostile = "\x1b[2J\u009b31m\u202eevil\r\nlevel=ERROR \u2066x\x9b"
	for name, format := range map[string]logFormat{"json": formatFor(&bytes.Buffer{}), "text": textFormat} {
		var b bytes.Buffer
		log := slog.New(format(&b, &slog.HandlerOptions{ReplaceAttr: cleanAttr}))
		log.Error(hostile, "text", hostile, "error", errors.New(hostile), "hint", clierr.Errorf(hostile, hostile), "names", []string{hostile}, "n", 3, "d", time.Second)
		line := strings.TrimSuffix(b.String(), "\n")
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !strings.Contains(line, "evil") || !strings.Contains(line, "1s") && !strings.Contains(line, "1000000000") {
			t.Errorf("%s, at %d: %q", name, i, line)
		}
	}
}

// TestGapHasFormatOfLog: the line for dropped lines has the format of the log.
func TestGapHasFormatOfLog(t *testing.T) {
	for name, c := range map[string]struct {
		format logFormat
		want   string
	}{
		"json": {formatFor(&bytes.Buffer{}), `"level":"WARN","msg":"log lines were dropped: they were not read in time","lines":7}`},
		"text": {textFormat, `level=WARN msg="log lines were dropped: they were not read in time" lines=7`},
	} {
		if got := string(c.format.gap(7)); !strings.HasSuffix(got, c.want+"\n") || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
}
