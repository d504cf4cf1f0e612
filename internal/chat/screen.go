package chat

import (
	"bytes"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/term"

	"github.com/throngd/throng/internal/terminal"
)

// screen is a terminal with an input line below everything that was written. The input line takes one row, whatever its
// length: a long draft scrolls in it (see draft.row). So it can be erased without knowing how wide this terminal shows an
// emoji, and whether it wraps lines again when its size changes.
//
// A line is erased once it is entered, because the room delivers the message, which is shown in its place.
type screen struct {
	in    io.Reader
	out   io.Writer
	size  func() int // current columns; 0: unknown
	paint paint

	mu      sync.Mutex
	draft   draft
	recall  recall
	room    string // of the prompt
	state   string // of the connection, after the room
	notice  string // at the right end of the row, if there is space
	painted string // the text before the cursor, "" if there is no input line
	width   int
	resize  resize
	closed  bool

	keys    chan struct{} // something was typed
	restore func()
}

// newScreen returns a screen on any pair of streams.
func newScreen(in io.Reader, out io.Writer, size func() int) *screen {
	sc := &screen{in: in, out: out, size: size, keys: make(chan struct{}, 1), restore: func() {}}
	sc.resize.patience = reportTime
	sc.width = sc.columns()
	return sc
}

// openScreen puts the terminal into raw mode until close. The output for out is written to shown, which does not block.
func openScreen(in, out *os.File, shown io.Writer, p paint) (*screen, error) {
	if _, _, err := term.GetSize(int(out.Fd())); err != nil {
		return nil, err
	}
	old, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	sc := newScreen(in, shown, func() int {
		w, _, _ := term.GetSize(int(out.Fd()))
		return w
	})
	sc.paint = p
	resized := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(resized, syscall.SIGWINCH)
	go sc.follow(resized, done)
	sc.restore = func() {
		signal.Stop(resized)
		close(done)
		_ = term.Restore(int(in.Fd()), old)
	}
	return sc, nil
}

// close erases the input line and restores the terminal. The conversation stays.
func (sc *screen) close() {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	sc.resize.stop()
	_, _ = sc.out.Write(append([]byte(eraseLine), sc.resize.held...))
	sc.closed = true
	sc.restore()
}

// follow adapts to changes of the window size.
func (sc *screen) follow(resized <-chan os.Signal, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-resized:
			sc.mu.Lock()
			if !sc.closed {
				sc.fit()
			}
			sc.mu.Unlock()
		}
	}
}

func (sc *screen) columns() int {
	if w := sc.size(); w > 0 {
		return w
	}
	return 80
}

// readLines sends the typed lines until the user leaves, then closes lines.
func (sc *screen) readLines(lines chan<- inputLine, stop <-chan struct{}) {
	defer close(lines)
	buf := make([]byte, 0, 4096) // the bytes of a read, after the beginning of a key from the last one
	for {
		n, err := sc.in.Read(buf[len(buf):cap(buf)])
		rest, leave := sc.take(buf[:len(buf)+n], lines, stop)
		if leave || err != nil { // io.EOF: the terminal is gone
			return
		}
		buf = append(buf[:0], rest...)
	}
}

// take executes the keys and returns the beginning of one that is not complete.
func (sc *screen) take(b []byte, lines chan<- inputLine, stop <-chan struct{}) (rest []byte, leave bool) {
	defer sc.show()
	for len(b) > 0 {
		k, n := nextKey(b)
		if n == 0 {
			break
		}
		b = b[n:]
		switch {
		case k.kind == keyInterrupt:
			sendLine(lines, inputLine{abort: true}, stop)
			return nil, true
		case k.ctrl == ctrlD && sc.blank():
			return nil, true
		case k.kind == keyEnter:
			if !sendLine(lines, inputLine{text: sc.enter()}, stop) {
				return nil, true
			}
		default:
			sc.press(k)
		}
	}
	return b, false
}

const ctrlD = 4

func (sc *screen) blank() bool {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	return sc.draft.text == ""
}

// enter erases the input line and returns it.
func (sc *screen) enter() string {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	line := sc.draft.text
	sc.recall.add(line)
	sc.draft.set("")
	sc.repaint()
	return line
}

// press executes a key that does not end the line.
func (sc *screen) press(k key) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	switch k.kind {
	case keyReport:
		sc.reported(k.col)
	case keyUp:
		sc.recall.step(&sc.draft, -1)
	case keyDown:
		sc.recall.step(&sc.draft, 1)
	case keyClear:
		sc.write("\x1b[2J\x1b[H")
	default:
		if !sc.draft.edit(k) {
			sc.write("\a")
		}
		if k.kind == keyText {
			select {
			case sc.keys <- struct{}{}:
			default:
			}
		}
	}
}

// Write shows text above the input line. While the position of that line is unknown, the text waits.
func (sc *screen) Write(b []byte) (int, error) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.closed {
		return sc.out.Write(b)
	}
	sc.fit()
	text := bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	if sc.resize.waits() {
		sc.resize.held = append(sc.resize.held, text...)
		return len(b), nil
	}
	if _, err := io.WriteString(sc.out, eraseLine+string(text)+sc.line()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// setPrompt changes the text before the draft: the room, and the state of the connection.
func (sc *screen) setPrompt(room, state string) {
	sc.change(func() { sc.room, sc.state = room, state })
}

// setNotice changes the text at the right end of the row. The rest of the row does not move.
func (sc *screen) setNotice(s string) { sc.change(func() { sc.notice = s }) }

func (sc *screen) change(f func()) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	f()
	sc.repaint()
}

// show paints the line again.
func (sc *screen) show() { sc.change(func() {}) }

func (sc *screen) repaint() {
	if sc.closed {
		return
	}
	if sc.fit(); !sc.resize.waits() {
		sc.write(eraseLine + sc.line())
	}
}

// write ignores errors: an error comes again with the next message, where it is handled.
func (sc *screen) write(s string) { _, _ = io.WriteString(sc.out, s) }

// prompt is shortened so that half of the row is left for the draft.
func (sc *screen) prompt() string {
	state := sc.state + "> "
	return terminal.Cut(sc.room, max(sc.width/2-terminal.Width(state), 4)) + state
}
