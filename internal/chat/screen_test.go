package chat

import (
	"io"
	"strings"
	"testing"
)

// tty is a screen on pipes, and what is typed at it.
func tty(t *testing.T, width int) (*screen, *io.PipeWriter, *transcript, <-chan typed) {
	t.Helper()
	in, keys := io.Pipe()
	out := newTranscript()
	sc := newScreen(in, out, width, 24)
	lines, stop := make(chan typed), make(chan struct{})
	sc.setPrompt("room> ")
	go sc.readLines(lines, stop)
	t.Cleanup(func() {
		close(stop)
		_ = keys.Close()
	})
	return sc, keys, out, lines
}

func TestScreenTakesTypedLinesOff(t *testing.T) {
	for _, c := range []struct {
		line, up string
	}{
		{"hello", "\x1b[1A\x1b[J"},
		{strings.Repeat("x", 13), "\x1b[1A\x1b[J"},
		{strings.Repeat("x", 14), "\x1b[2A\x1b[J"}, // with the prompt it fills the row: the cursor is on the next one
		{strings.Repeat("x", 30), "\x1b[2A\x1b[J"},
		{strings.Repeat("x", 40), "\x1b[3A\x1b[J"},
	} {
		_, keys, out, lines := tty(t, 20)
		_, _ = io.WriteString(keys, c.line+"\r")
		if l := <-lines; l.text != c.line || l.err != nil || l.abort {
			t.Fatalf("typed %q, got %+v", c.line, l)
		}
		out.wait(t, c.up)
	}
}

func TestScreenKeepsTheTypedLine(t *testing.T) {
	sc, keys, out, lines := tty(t, 80)
	_, _ = io.WriteString(keys, "half")
	out.wait(t, "half")
	if !sc.composing() {
		t.Error("somebody types")
	}
	_, _ = io.WriteString(sc, "bob: hi\n")
	if s := out.String(); !strings.HasSuffix(s, "bob: hi\r\nroom> half") {
		t.Errorf("the line is torn: %q", s)
	}
	_, _ = io.WriteString(keys, " more\rnext\r")
	if a, b := <-lines, <-lines; a.text != "half more" || b.text != "next" {
		t.Errorf("typed %q and %q", a.text, b.text)
	}
}

func TestScreenLeaving(t *testing.T) {
	_, keys, _, lines := tty(t, 80)
	_, _ = io.WriteString(keys, "abc\x03")
	if l, ok := <-lines; !ok || !l.abort {
		t.Errorf("Ctrl-C: %+v %v", l, ok)
	}
	if _, ok := <-lines; ok {
		t.Error("lines after Ctrl-C")
	}
	_, keys, _, lines = tty(t, 80)
	_, _ = io.WriteString(keys, "\x04")
	if l, ok := <-lines; ok {
		t.Errorf("Ctrl-D: %+v", l)
	}
}
