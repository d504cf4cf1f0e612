package chat

import (
	"strings"
	"unicode/utf8"

	"github.com/throngd/throng/internal/terminal"
)

// maxDraft bounds a typed line, in bytes. A pipe may send longer ones.
const maxDraft = 16 << 10

// draft is the line that is being typed. Its cursor stands between two characters as people see them (grapheme
// clusters), and every key moves or removes whole ones.
type draft struct {
	text string
	pos  int // byte offset of the cursor in text
}

// set replaces the whole line and puts the cursor at its end.
func (d *draft) set(text string) { d.text, d.pos = text, len(text) }

// insert puts text at the cursor. It reports false if the line would be too long.
func (d *draft) insert(s string) bool {
	if len(d.text)+len(s) > maxDraft {
		return false
	}
	d.text = d.text[:d.pos] + s + d.text[d.pos:]
	d.move(d.pos + len(s))
	return true
}

// remove deletes the text between two offsets.
func (d *draft) remove(from, to int) {
	d.text = d.text[:from] + d.text[to:]
	d.move(from)
}

// move sets the cursor to an offset, or behind the character that the offset is inside of: the text on both sides of the
// cursor may have become one character.
func (d *draft) move(pos int) {
	if d.pos = 0; pos > 0 {
		_, d.pos = d.around(pos)
	}
}

// around returns the bounds of the character that contains the byte before an offset.
func (d *draft) around(pos int) (from, to int) {
	for c := range terminal.Clusters(d.text) {
		from, to = to, to+len(c)
		if to >= pos {
			return from, to
		}
	}
	return to, to
}

// before and after are the positions next to the cursor.
func (d *draft) before() int {
	if d.pos == 0 {
		return 0
	}
	from, _ := d.around(d.pos)
	return from
}

func (d *draft) after() int {
	_, to := d.around(d.pos + 1)
	return to
}

// wordBefore is the beginning of the word in front of the cursor, wordAfter that of the next one.
func (d *draft) wordBefore() int {
	s := strings.TrimRight(d.text[:d.pos], " ")
	return strings.LastIndexByte(s, ' ') + 1
}

func (d *draft) wordAfter() int {
	s := d.text[d.pos:]
	i := strings.IndexByte(s, ' ')
	if i < 0 {
		return len(d.text)
	}
	return len(d.text) - len(strings.TrimLeft(s[i:], " "))
}

// transpose exchanges the characters around the cursor, at the end of the line the last two.
func (d *draft) transpose() {
	mid := d.pos
	if mid == len(d.text) {
		mid = d.before()
	}
	from, to := 0, 0
	if mid > 0 {
		from, _ = d.around(mid)
		_, to = d.around(mid + 1)
	}
	if from < mid && mid < to {
		d.text = d.text[:from] + d.text[mid:to] + d.text[from:mid] + d.text[to:]
		d.move(to)
	}
}

// edit executes a key. It reports false if the line would be too long.
func (d *draft) edit(k key) bool {
	switch k.kind {
	case keyText:
		return d.insert(k.text)
	case keyLeft:
		d.pos = d.before()
	case keyRight:
		d.pos = d.after()
	case keyHome:
		d.pos = 0
	case keyEnd:
		d.pos = len(d.text)
	case keyWordLeft:
		d.move(d.wordBefore())
	case keyWordRight:
		d.move(d.wordAfter())
	case keyBackspace:
		d.remove(d.before(), d.pos)
	case keyDelete:
		d.remove(d.pos, d.after())
	case keyKillWord:
		d.remove(d.wordBefore(), d.pos)
	case keyKillNextWord:
		d.remove(d.pos, d.wordAfter())
	case keyKillLine:
		d.remove(0, d.pos)
	case keyKillRest:
		d.remove(d.pos, len(d.text))
	case keyTranspose:
		d.transpose()
	}
	return true
}

// row is the part of a draft that is shown, safe to print: head before the cursor, tail after it.
type row struct{ head, tail string }

// row fits the draft into n cells, less two: one for the cursor, and the last one, in which terminals that cut lines off
// leave the cursor (see resize). A longer draft scrolls; "<" and ">" show on which side there is more.
func (d *draft) row(n int) row {
	head, tail := shown(d.text[:d.pos]), shown(d.text[d.pos:])
	n = max(n-2, 3)
	before, behind := terminal.Width(head), terminal.Width(tail)
	if before+behind <= n {
		return row{head, tail}
	}
	if room := n - min(behind, n/4); before > room {
		head, before = lastCells(head, room-1)
		head, before = "<"+head, before+1
	}
	if behind > n-before {
		tail, _ = terminal.Split(tail, n-before-1)
		tail += ">"
	}
	return row{head, tail}
}

// shown is the form in which text stands on the screen; a tab is four spaces, as in messages.
func shown(s string) string { return strings.ReplaceAll(terminal.Text(s), "\n", " ") }

// lastCells returns the end of a line that fits into n cells, and its width.
func lastCells(s string, n int) (string, int) {
	width := terminal.Width(s)
	for c := range terminal.Clusters(s) {
		if width <= n {
			break
		}
		s = s[len(c):]
		width -= terminal.Width(c)
	}
	return s, width
}

// validText drops invalid bytes and control characters other than tab.
func validText(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError) {
			return -1
		}
		return r
	}, string(b))
}
