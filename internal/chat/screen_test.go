package chat

import (
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throngd/throng/internal/terminal"
)

// desk is a screen on an emulated terminal, with a keyboard.
type desk struct {
	*screen
	t     *testing.T
	keys  *keyboard
	vt    *vt
	lines chan inputLine
}

func newDesk(t *testing.T, v *vt) *desk {
	t.Helper()
	keys := newKeyboard()
	d := &desk{t: t, keys: keys, vt: v, lines: make(chan inputLine)}
	d.screen = newScreen(keys, v, v.columns)
	v.report = func(s string) { go keys.begin(s)() }
	stop, ended := make(chan struct{}), make(chan struct{})
	d.setPrompt("room", "")
	go func() {
		d.readLines(d.lines, stop)
		close(ended)
	}()
	t.Cleanup(func() {
		d.close()
		close(stop)
		_ = keys.w.Close()
		<-ended
	})
	return d
}

// keyboard is the input of a screen. It knows when the screen has handled all typed bytes: it has read them, and reads
// again.
type keyboard struct {
	*io.PipeReader
	w *io.PipeWriter

	mu            sync.Mutex
	idle          *sync.Cond
	typed, taken  int  // bytes
	reading, done bool // done: nothing is read any more
}

func newKeyboard() *keyboard {
	k := &keyboard{}
	k.PipeReader, k.w = io.Pipe()
	k.idle = sync.NewCond(&k.mu)
	return k
}

func (k *keyboard) Read(p []byte) (int, error) {
	k.note(func() { k.reading = true })
	n, err := k.PipeReader.Read(p)
	k.note(func() { k.reading = false; k.taken += n; k.done = err != nil })
	return n, err
}

func (k *keyboard) note(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
	k.idle.Broadcast()
}

func (k *keyboard) press(s string) error { return k.begin(s)() }

// begin counts the bytes of s as typed, and returns a function that types them.
func (k *keyboard) begin(s string) (press func() error) {
	k.note(func() { k.typed += len(s) })
	return func() error {
		_, err := io.WriteString(k.w, s)
		return err
	}
}

// rest waits until the screen has handled all keys and reads again.
func (k *keyboard) rest() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for !k.done && !(k.reading && k.taken == k.typed) {
		k.idle.Wait()
	}
}

// type_ returns when the screen has handled the keys.
func (d *desk) type_(s string) {
	d.t.Helper()
	if s != "" { // a write of no bytes to a pipe causes no read
		if err := d.keys.press(s); err != nil {
			d.t.Fatal(err)
		}
	}
	d.keys.rest()
}

// enter_ may return an error: the test may end when the line has been received.
func (d *desk) enter_(s string) { _ = d.keys.press(s) }

// drafts are texts whose numbers of cells, code points and bytes differ.
var drafts = map[string]string{
	"ASCII": strings.Repeat("x", 200), "Han": strings.Repeat("你", 90), "wide punctuation": strings.Repeat("，。", 45),
	"combining": strings.Repeat("e\u0301", 90), "joined emoji": strings.Repeat("👩\u200d💻", 40), "flags": strings.Repeat("🇩🇪", 60),
	"selectors": strings.Repeat("❤\ufe0f", 70), "tabs": strings.Repeat("a\tb", 40), "mixed": strings.Repeat("a你e\u0301👨\u200d👩\u200d👧ｱ ", 20),
	"fills the row": strings.Repeat("x", 34), "fills the row with Han": strings.Repeat("你", 17), "Hangul of jamo": strings.Repeat("\u1112\u1161\u11ab", 50),
}

// otherwise are the drafts whose width differs between the emulator and package terminal.
var otherwise = map[string]bool{"joined emoji": true, "mixed": true, "selectors": true, "flags": true, "Hangul of jamo": true}

// While a line is typed and edited and messages arrive, there is one prompt below the messages, and
// the entered line is the typed one.
func TestOneDraftOnTheScreen(t *testing.T) {
	for name, text := range drafts {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, newVT(40, 24, false))
			d.type_(text)
			for _, m := range []string{"ann: one\n", "bob: two\n"} {
				_, _ = io.WriteString(d, m)
				d.type_("\x1b[D\x1b[D\x1b[C\x1b[C") // left, left, right, right
			}
			d.type_("z\x7f")
			want := []string{"ann: one", "bob: two"}
			d.check(want)
			d.type_("\x01y\x7f\x05") // home, y, backspace, end
			d.check(want)
			go d.enter_("\r")
			if l := <-d.lines; l.text != text {
				t.Errorf("typed %q, entered %q", text, l.text)
			}
			d.check(want)
		})
	}
}

// check holds that the screen shows the messages, one below the other, then one line with the prompt, and nothing else.
func (d *desk) check(messages []string) {
	d.t.Helper()
	rows := d.vt.rows()
	if len(rows) != len(messages)+1 || !strings.HasPrefix(rows[len(rows)-1], "room>") {
		d.t.Fatalf("the screen shows\n%s", strings.Join(rows, "\n"))
	}
	for i, m := range messages {
		if rows[i] != m {
			d.t.Errorf("row %d is %q, want %q", i, rows[i], m)
		}
	}
}

// No typed character is lost or split, however many code points it has.
func TestTypedLineIsEnteredWhole(t *testing.T) {
	for name, text := range drafts {
		d := newDesk(t, newVT(40, 24, false))
		go d.enter_(text + "\r")
		if l := <-d.lines; l.text != text || l.err != nil || l.abort {
			t.Errorf("%s: typed %q, got %+v", name, text, l)
		}
	}
}

// On terminals that wrap lines again and on those that cut them off, with and without a report
// of the cursor, no message is drawn over. Where the terminal says where the cursor is, no copy of the draft is left.
func TestResizeErasesNoMessage(t *testing.T) {
	for _, wraps := range []bool{true, false} {
		for _, reports := range []bool{true, false} {
			for name, text := range drafts {
				v := newVT(60, 24, wraps)
				d := newDesk(t, v)
				d.resize.patience = time.Minute // the report comes, however busy the machine is
				if v.silent = !reports; v.silent {
					d.resize.patience = time.Millisecond
				}
				_, _ = io.WriteString(d, "ann: one\nbob: two\n")
				d.type_(text)
				for _, w := range []int{50, 23, 31, 60, 20} {
					v.setWidth(w)
					_, _ = io.WriteString(d, "") // as SIGWINCH does
					d.settled()
				}
				_, _ = io.WriteString(d, "eve: end\n")
				rows := v.rows()
				if len(rows) < 4 || rows[0] != "ann: one" || rows[1] != "bob: two" || rows[len(rows)-2] != "eve: end" || !strings.HasPrefix(rows[len(rows)-1], "room>") {
					t.Errorf("%s, wraps %v, reports %v:\n%s", name, wraps, reports, strings.Join(rows, "\n"))
				}
				if (reports || !wraps) && !otherwise[name] && len(rows) != 4 {
					t.Errorf("%s, wraps %v: copies of the draft\n%s", name, wraps, strings.Join(rows, "\n"))
				}
			}
		}
	}
}

// settled waits until the position of the cursor is known, or no longer waited for.
func (d *desk) settled() {
	d.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		d.mu.Lock()
		waits := d.resize.waits()
		d.mu.Unlock()
		if !waits {
			d.keys.rest() // the report has been handled
			return
		}
	}
	d.t.Fatal("the report is waited for without end")
}

// Output that is written before the position of the line is known is shown after it, in order.
func TestWritesWaitForReport(t *testing.T) {
	v := newVT(60, 24, true)
	v.silent = true
	d := newDesk(t, v)
	_, _ = io.WriteString(d, "one\n")
	d.type_(strings.Repeat("x", 50))
	v.setWidth(30)
	_, _ = io.WriteString(d, "two\n")
	_, _ = io.WriteString(d, "three\n")
	if s := strings.Join(v.rows(), "\n"); strings.Contains(s, "two") {
		t.Errorf("not held back:\n%s", s)
	}
	d.type_("\x1b[1;27R") // of 56 cells: 26 in the second row
	d.check([]string{"one", "two", "three"})
}

// A notice does not move the prompt, the draft or the cursor.
func TestNoticeDoesNotMoveDraft(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "short": "你好", "long": strings.Repeat("x", 30), "scrolled": strings.Repeat("你", 90)} {
		v := newVT(40, 24, false)
		d := newDesk(t, v)
		d.type_(text)
		before, x, y := v.rows()[0], v.x, v.y
		d.setNotice("bob is typing")
		after := v.rows()
		if len(after) != 1 || !strings.HasPrefix(after[0], strings.TrimRight(before, " ")) || v.x != x || v.y != y {
			t.Errorf("%s: %q became %q, the cursor went from %d,%d to %d,%d", name, before, after, x, y, v.x, v.y)
		}
		if fits := terminal.Width(before) < 20; strings.HasSuffix(after[0], "bob is typing") != fits {
			t.Errorf("%s: %q", name, after[0])
		}
		if d.setNotice(""); v.rows()[0] != before {
			t.Errorf("%s: %q stays", name, v.rows()[0])
		}
	}
}

func TestScreenIsRestored(t *testing.T) {
	d := newDesk(t, newVT(80, 24, false))
	go d.enter_("abc\x03")
	if l, ok := <-d.lines; !ok || !l.abort {
		t.Errorf("Ctrl-C: %+v %v", l, ok)
	}
	if _, ok := <-d.lines; ok {
		t.Error("lines after Ctrl-C")
	}
	d = newDesk(t, newVT(80, 24, false))
	go d.enter_("\x04")
	if l, ok := <-d.lines; ok {
		t.Errorf("Ctrl-D: %+v", l)
	}
	_, _ = io.WriteString(d, "ann: one\n")
	if d.close(); strings.Join(d.vt.rows(), "|") != "ann: one" {
		t.Errorf("left behind: %q", d.vt.rows())
	}
}
