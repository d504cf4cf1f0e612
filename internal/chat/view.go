package chat

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/throngd/throng/internal/terminal"
)

// view formats the output. Every call is one Write, so that lines stay whole in a pipe and on a terminal. A Write neither
// blocks nor fails (see output).
type view struct {
	out      io.Writer // messages, joins and leaves
	notes    io.Writer // everything about the connection; the same as out on a terminal
	paint    paint
	tty      bool // short times, a line for a new day, long messages cut
	now      func() time.Time
	day      string // of the last line shown
	noReader bool   // the output has failed: nothing is written
}

const (
	plainTime = "2006-01-02 15:04:05"
	shortTime = "15:04"
	dayFormat = "Monday 2 January 2006"

	maxShownCells = 4000 // of one message on a terminal
)

// newView returns a view that announces the day only if it is not today.
func newView(out, notes io.Writer, p paint, tty bool) *view {
	return &view{out: out, notes: notes, paint: p, tty: tty, now: time.Now, day: time.Now().Format(dayFormat)}
}

// message shows one message; further lines of it are indented.
func (v *view) message(m message) {
	text := terminal.Text(m.text)
	if v.tty {
		text = shorten(text)
	}
	text = strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+v.indent())
	v.write(v.out, v.stamp(m.at)+v.paint.name(m.from)+": "+text+"\n")
}

// event shows a join or a leave.
func (v *view) event(who person, what string) {
	v.write(v.out, v.stamp(v.now())+v.paint.dim("* "+who.name+" "+what)+"\n")
}

// note shows a text about the connection, or the result of a command. Values from outside must be safe to print.
func (v *view) note(format string, args ...any) {
	v.write(v.notes, v.paint.dim("* "+fmt.Sprintf(format, args...))+"\n")
}

// warn is a note in another colour.
func (v *view) warn(format string, args ...any) {
	v.write(v.notes, v.paint.warn("* "+fmt.Sprintf(format, args...))+"\n")
}

func (v *view) write(w io.Writer, s string) {
	if !v.noReader {
		_, _ = io.WriteString(w, s)
	}
}

// stamp is the time before a line. On a terminal a line with the date comes before it when the day changes.
func (v *view) stamp(at time.Time) string {
	if !v.tty {
		if at.IsZero() {
			return "- - "
		}
		return v.paint.dim(at.Local().Format(plainTime)) + " "
	}
	if at.IsZero() {
		return strings.Repeat(" ", len(shortTime)+1)
	}
	at = at.Local()
	head := ""
	if day := at.Format(dayFormat); day != v.day {
		v.day = day
		head = v.paint.dim("-- "+day+" --") + "\n"
	}
	return head + v.paint.dim(at.Format(shortTime)) + " "
}

func (v *view) indent() string {
	if v.tty {
		return strings.Repeat(" ", len(shortTime)+3)
	}
	return "    "
}

// shorten cuts a long message, so that it does not push all others off the screen.
func shorten(s string) string {
	head, rest := terminal.Split(s, maxShownCells)
	if rest == "" {
		return s
	}
	n := 0
	for range terminal.Clusters(rest) {
		n++
	}
	return head + fmt.Sprintf("\n(%d more characters)", n)
}
