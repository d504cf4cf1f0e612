package chat

import (
	"fmt"

	"github.com/throngd/throng/internal/terminal"
)

// Control functions of VT100 and ECMA-48 that every terminal in use has.
const (
	eraseLine  = "\r\x1b[J" // the row of the cursor, and the rows below to which it was wrapped
	noWrap     = "\x1b[?7l" // DECAWM off: text that is too wide is cut off, however wide the terminal shows it
	wrap       = "\x1b[?7h"
	saveCursor = "\x1b7" // DECSC
	backCursor = "\x1b8" // DECRC: the terminal knows where the text before the cursor ended
)

// line returns the bytes that paint the input row, when the cursor is at its beginning.
func (sc *screen) line() string {
	prompt := sc.prompt()
	r := sc.draft.row(sc.width - terminal.Width(prompt))
	sc.painted = prompt + r.head
	return noWrap + sc.painted + saveCursor + r.tail + sc.rightOf(sc.painted+r.tail) + backCursor + wrap
}

const noticeGap = 2 // cells between the draft and the notice

// rightOf paints the notice at the end of the row, if there is space.
func (sc *screen) rightOf(text string) string {
	notice := terminal.Cut(sc.notice, max(sc.width/2, 1))
	from := sc.width - 1 - terminal.Width(notice) // the last cell stays free
	if notice == "" || from < terminal.Width(text)+noticeGap {
		return ""
	}
	return fmt.Sprintf("\x1b[%dG", from+1) + sc.paint.dim(notice) // CHA counts from 1
}
