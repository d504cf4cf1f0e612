package chat

import (
	"fmt"
	"time"

	"github.com/throngd/throng/internal/terminal"
)

// resize is the state after the window has become narrower than the text before the cursor. Some terminals wrap that
// text to further rows, others cut it off. With the former the cursor must be moved up before the row is erased; with the
// latter that would erase a message. The column of the cursor shows which it is, so the terminal is asked for it
// (ECMA-48, DSR).
type resize struct {
	asked    int // reports that have not arrived
	patience time.Duration
	timer    *time.Timer
	held     []byte // output that waits for the report
}

// reportTime is the longest wait for a report. Terminals that send none are assumed to have cut the text off.
const reportTime = 300 * time.Millisecond

func (r *resize) waits() bool { return r.asked > 0 }

func (r *resize) stop() {
	r.asked = 0
	if r.timer != nil {
		r.timer.Stop()
	}
}

// fit adapts to a change of the width. If the text before the cursor still fits, the cursor is in the row in which the
// line begins, whatever the terminal has done to the rest.
func (sc *screen) fit() {
	w := sc.columns()
	if w == sc.width {
		return
	}
	sc.width = w
	if !sc.resize.waits() && terminal.Width(sc.painted) < w {
		sc.write(eraseLine + sc.line())
		return
	}
	sc.ask()
}

// ask requests the column of the cursor. Of several reports the last one counts, because it is for the current width.
func (sc *screen) ask() {
	r := &sc.resize
	if r.timer != nil {
		r.timer.Stop()
	}
	r.asked++
	var timer *time.Timer
	timer = time.AfterFunc(r.patience, func() {
		sc.mu.Lock()
		defer sc.mu.Unlock()
		if r.timer == timer && r.waits() {
			r.asked = 0
			sc.redraw(-1)
		}
	})
	r.timer = timer
	sc.write("\x1b[6n")
}

// reported handles the report of the column.
func (sc *screen) reported(col int) {
	r := &sc.resize
	if !r.waits() {
		return
	}
	if r.asked--; r.asked == 0 {
		r.stop()
		sc.redraw(col)
	}
}

// redraw erases the line where it is now, and writes the held output. It touches the rows above only if the column shows
// that the text was wrapped. In the last column the cursor may also be because the text was cut off there.
func (sc *screen) redraw(col int) {
	up := ""
	if rows, at := wrapped(sc.painted, sc.width); rows > 0 && col == at && at != sc.width-1 {
		up = fmt.Sprintf("\x1b[%dA", rows)
	}
	held := sc.resize.held
	sc.resize.held = nil
	sc.write(up + eraseLine + string(held) + sc.line())
}

// wrapped returns where the cursor is after a text in a terminal that wraps: the number of rows further down, and the column.
func wrapped(s string, width int) (rows, col int) {
	for c := range terminal.Clusters(s) {
		n := terminal.Width(c)
		if col += n; col > width {
			rows, col = rows+1, n
		}
	}
	if col == width {
		rows, col = rows+1, 0
	}
	return rows, col
}
