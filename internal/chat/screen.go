package chat

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is a terminal with a line to type in at its bottom. x/term's Terminal moves that line out of the way of
// everything that is written; what is added here is that a typed line is taken off the screen once it is entered,
// because the room gives the message back in its place.
//
// Lock order: mu, then the Terminal's own lock. mu is held from reading the Enter key until the line is off the screen,
// so that nothing is written in between and rows are counted right.
type screen struct {
	*term.Terminal
	in      io.Reader
	pending []byte // read, but not yet given to the Terminal
	mu      sync.Mutex
	locked  bool // by the reading goroutine
	width   int
	prompt  string
	types   atomic.Bool // the line is not empty
	aborted bool        // Ctrl-C
	keys    chan struct{}
	restore func()
}

const ctrlC = 3

// newScreen works on any pair of streams; openScreen on real terminals.
func newScreen(in io.Reader, out io.Writer, width, height int) *screen {
	sc := &screen{in: in, width: width, keys: make(chan struct{}, 1), restore: func() {}}
	sc.Terminal = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{readerFunc(sc.feed), out}, "")
	_ = sc.SetSize(width, height)
	sc.AutoCompleteCallback = func(string, int, rune) (string, int, bool) {
		sc.types.Store(true)
		select {
		case sc.keys <- struct{}{}:
		default:
		}
		return "", 0, false
	}
	return sc
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// openScreen takes over the terminal until close. What is shown on out is written to shown, which does not wait.
func openScreen(in, out *os.File, shown io.Writer) (*screen, error) {
	w, h, err := term.GetSize(int(out.Fd()))
	if err != nil {
		return nil, err
	}
	old, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	sc := newScreen(in, shown, w, h)
	resized := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(resized, syscall.SIGWINCH)
	go sc.follow(out, resized, done)
	sc.restore = func() {
		signal.Stop(resized)
		close(done)
		_, _ = io.WriteString(shown, "\r\x1b[J") // the prompt goes, the conversation stays
		_ = term.Restore(int(in.Fd()), old)
	}
	return sc, nil
}

// close gives the terminal back as it was.
func (sc *screen) close() { sc.restore() }

// follow keeps up with the size of the window.
func (sc *screen) follow(out *os.File, resized <-chan os.Signal, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-resized:
			if w, h, err := term.GetSize(int(out.Fd())); err == nil {
				sc.mu.Lock()
				sc.width = w
				_ = sc.SetSize(w, h)
				sc.mu.Unlock()
			}
		}
	}
}

// feed gives the Terminal what was typed, one line at a time.
func (sc *screen) feed(b []byte) (int, error) {
	if len(sc.pending) == 0 {
		buf := make([]byte, 1024)
		n, err := sc.in.Read(buf)
		if n == 0 {
			return 0, err
		}
		sc.pending = buf[:n]
	}
	chunk := sc.pending
	if i := bytes.IndexAny(chunk, "\r\n\x03"); i >= 0 {
		chunk = chunk[:i+1]
	}
	n := copy(b, chunk)
	sc.pending = sc.pending[n:]
	switch b[n-1] {
	case ctrlC:
		sc.aborted = true
	case '\r', '\n':
		sc.lock()
	}
	return n, nil
}

func (sc *screen) lock() {
	sc.mu.Lock()
	sc.locked = true
}

func (sc *screen) unlock() {
	if sc.locked {
		sc.locked = false
		sc.mu.Unlock()
	}
}

// readLines sends typed lines until the person leaves, then closes lines.
func (sc *screen) readLines(lines chan<- typed, stop <-chan struct{}) {
	defer close(lines)
	for {
		line, err := sc.ReadLine()
		if err == nil || errors.Is(err, term.ErrPasteIndicator) {
			sc.erase(line)
			err = nil
		}
		sc.types.Store(false)
		sc.unlock()
		switch {
		case sc.aborted:
			give(lines, typed{abort: true}, stop)
			return
		case err != nil: // io.EOF: Ctrl-D, or the terminal is gone
			return
		case !give(lines, typed{text: line}, stop):
			return
		}
	}
}

// erase takes the line that was just entered off the screen, counting rows as the Terminal does.
func (sc *screen) erase(line string) {
	if sc.width <= 0 {
		return
	}
	rows := (utf8.RuneCountInString(sc.prompt)+utf8.RuneCountInString(line))/sc.width + 1
	_, _ = fmt.Fprintf(sc.Terminal, "\x1b[%dA\x1b[J", rows)
}

// Write shows text above the line that is being typed.
func (sc *screen) Write(b []byte) (int, error) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return sc.Terminal.Write(b)
}

// setPrompt changes the prompt and shows it at once.
func (sc *screen) setPrompt(p string) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if p == sc.prompt {
		return
	}
	sc.prompt = p
	sc.SetPrompt(p)
	_, _ = sc.Terminal.Write(nil)
}

// composing says whether a line has been begun.
func (sc *screen) composing() bool { return sc.types.Load() }
