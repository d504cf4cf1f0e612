package chat

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// source is what the lines come from; much of how the client behaves follows from it.
type source int

const (
	unknownSource source = iota
	fromTerminal         // a person types: commands work, one's own messages are shown as the room gives them back
	fromPipe             // every line is a message, whatever it starts with; leave when all are acknowledged
	fromNowhere          // /dev/null or closed (the runtime opens /dev/null then): only listen, until interrupted
)

// sourceOf looks at standard input, or at what a test gave instead.
func sourceOf(r io.Reader) source {
	f, ok := r.(*os.File)
	if !ok {
		return fromPipe
	}
	if term.IsTerminal(int(f.Fd())) {
		return fromTerminal
	}
	if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
		return fromNowhere
	}
	return fromPipe
}

// typed is one line of input.
type typed struct {
	text  string
	err   error // the input cannot be read further
	abort bool  // Ctrl-C: leave now, without waiting for what is not acknowledged
}

// maxInputLine bounds what a piped line may take here. The server has its own, smaller limit (--max-message).
const maxInputLine = 16 << 20

var errLongLine = errors.New("a line of the input is longer than 16 MiB")

// readLines sends the lines of r until its end, then closes lines. stop ends it early; a read that blocks outlives it.
func readLines(r io.Reader, lines chan<- typed, stop <-chan struct{}) {
	defer close(lines)
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4096), maxInputLine)
	for sc.Scan() {
		if !give(lines, typed{text: strings.TrimSuffix(sc.Text(), "\r")}, stop) {
			return
		}
	}
	err := sc.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = errLongLine
	}
	if err != nil {
		give(lines, typed{err: err}, stop)
	}
}

func give(lines chan<- typed, t typed, stop <-chan struct{}) bool {
	select {
	case lines <- t:
		return true
	case <-stop:
		return false
	}
}
