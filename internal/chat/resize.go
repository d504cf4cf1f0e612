package chat

import (
	"fmt"
	"time"

	"github.com/throngd/throng/internal/terminal"
)

// resize is what is not known for a moment after the window has become narrower than the text before the cursor: some
// terminals wrap that text to further rows, others cut it off, and the one need the cursor moved up where the other
// would lose a message. The column of the cursor tells, so the terminal is asked for it (ECMA-48, DSR).
type resize struct {
	asked    int // reports that are on their way
	patience time.Duration
	timer    *time.Timer
	held     []byte // written meanwhile
}

// reportTime is how long a report is waited for. Terminals that send none are taken to have cut the text off.
const reportTime = 300 * time.Millisecond

func (r *resize) waits() bool { return r.asked > 0 }

func (r *resize) stop() {
	r.asked = 0
	if r.timer != nil {
		r.timer.Stop()
	}
}

// fit adapts to a width that has changed. Where the text before the cursor still fits, the cursor is in the row in
// which the line begins, whatever the terminal has done to the rest.
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

// ask sends for the column of the cursor. Of several reports the last counts: it is of the present width.
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
			sc.settle(-1)
		}
	})
	r.timer = timer
	sc.write("\x1b[6n")
}

// reported takes the column of the cursor.
func (sc *screen) reported(col int) {
	r := &sc.resize
	if !r.waits() {
		return
	}
	if r.asked--; r.asked == 0 {
		r.stop()
		sc.settle(col)
	}
}

// settle takes the line away where it is now, and shows what was held. The rows above are touched only when the column
// shows that the text was wrapped: in the last column the cursor may also stand because the text was cut off there.
func (sc *screen) settle(col int) {
	up := ""
	if rows, at := wrapped(sc.painted, sc.width); rows > 0 && col == at && at != sc.width-1 {
		up = fmt.Sprintf("\x1b[%dA", rows)
	}
	held := sc.resize.held
	sc.resize.held = nil
	sc.write(up + eraseLine + string(held) + sc.line())
}

// wrapped is where the cursor stands behind a text in a terminal that wraps: the rows further down, and the column.
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
