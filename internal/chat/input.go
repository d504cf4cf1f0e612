package chat

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// source is the kind of input. Much of the client's behaviour depends on it.
type source int

const (
	unknownSource source = iota
	fromTerminal         // a user types: commands work, and the user's own messages are shown when the room delivers them
	fromPipe             // every line is a message, whatever it begins with; the client leaves when all are acknowledged
	fromNowhere          // /dev/null or closed (the runtime opens /dev/null then): the client only listens, until interrupted
)

// sourceOf examines standard input, or the reader of a test.
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
type inputLine struct {
	text  string
	err   error // reading has failed
	abort bool  // Ctrl-C: leave now, without waiting for acknowledgements
}

// maxInputLine is the longest line from a pipe, in bytes. The server has its own, smaller limit (--max-message).
const maxInputLine = 16 << 20

var errLongLine = errors.New("a line of the input is longer than 16 MiB")

// readLines sends the lines of r until its end, then closes lines. It returns early when stop is closed, unless a read
// blocks.
func readLines(r io.Reader, lines chan<- inputLine, stop <-chan struct{}) {
	defer close(lines)
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4096), maxInputLine)
	for sc.Scan() {
		if !sendLine(lines, inputLine{text: strings.TrimSuffix(sc.Text(), "\r")}, stop) {
			return
		}
	}
	err := sc.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = errLongLine
	}
	if err != nil {
		sendLine(lines, inputLine{err: err}, stop)
	}
}

func sendLine(lines chan<- inputLine, t inputLine, stop <-chan struct{}) bool {
	select {
	case lines <- t:
		return true
	case <-stop:
		return false
	}
}
