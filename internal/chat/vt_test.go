package chat

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// vt is a simple terminal: it knows the width of a code point but no grapheme clusters, so an emoji of several code
// points takes more cells here than in other terminals.
type vt struct {
	mu             sync.Mutex
	width, height  int
	wraps          bool // wraps rows anew when its width changes, as tmux and VTE do; xterm cuts them off
	silent         bool // answers no question about the cursor
	report         func(string)
	grid           [][]string // of cells; the second one of a wide character is ""
	x, y           int
	savedX, savedY int
	noWrap         bool
}

func newVT(width, height int, wraps bool) *vt {
	return &vt{width: width, height: height, wraps: wraps, grid: [][]string{nil}}
}

func (v *vt) columns() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.width
}

// rows is the screen without empty rows at its end.
func (v *vt) rows() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var rows []string
	for _, r := range v.grid {
		rows = append(rows, strings.TrimRight(strings.Join(r, ""), " "))
	}
	for len(rows) > 0 && rows[len(rows)-1] == "" {
		rows = rows[:len(rows)-1]
	}
	return rows
}

func (v *vt) Write(b []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for s := string(b); s != ""; {
		if s[0] == escape {
			s = s[v.sequence(s):]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		v.char(r)
		s = s[n:]
	}
	return len(b), nil
}

func (v *vt) char(r rune) {
	switch r {
	case '\r':
		v.x = 0
		return
	case '\n':
		v.down()
		return
	case '\a':
		return
	}
	n := runewidth.RuneWidth(r)
	if v.x+n > v.width {
		if v.noWrap {
			v.x = v.width - n
		} else {
			v.x = 0
			v.down()
		}
	}
	row := v.row()
	for len(*row) < v.x+n {
		*row = append(*row, " ")
	}
	switch n {
	case 0:
		at := v.x - 1
		if at > 0 && (*row)[at] == "" {
			at-- // the character is wide
		}
		if at >= 0 {
			(*row)[at] += string(r)
		}
	case 2:
		(*row)[v.x], (*row)[v.x+1] = string(r), ""
	default:
		(*row)[v.x] = string(r)
	}
	v.x += n
}

func (v *vt) row() *[]string {
	for len(v.grid) <= v.y {
		v.grid = append(v.grid, nil)
	}
	return &v.grid[v.y]
}

func (v *vt) down() {
	v.y++
	v.row()
}

// sequence executes one escape sequence and returns its length.
func (v *vt) sequence(s string) int {
	switch s[1] {
	case '7':
		v.savedX, v.savedY = v.x, v.y
		return 2
	case '8':
		v.x, v.y = v.savedX, v.savedY
		return 2
	}
	end := strings.IndexFunc(s[2:], func(r rune) bool { return r >= 0x40 && r <= 0x7e }) + 2
	arg := s[2:end]
	n, _ := strconv.Atoi(arg)
	switch s[end] {
	case 'A':
		v.y = max(0, v.y-n)
	case 'G':
		v.x = n - 1
	case 'J':
		v.grid = v.grid[:v.y+1]
		if row := v.row(); len(*row) > v.x {
			*row = (*row)[:v.x]
		}
	case 'h', 'l':
		v.noWrap = v.noWrap != (arg == "?7" && v.noWrap == (s[end] == 'h'))
	case 'n':
		if !v.silent {
			v.report(fmt.Sprintf("\x1b[%d;%dR", v.y+1, min(v.x, v.width-1)+1))
		}
	case 'm':
	default:
		panic(fmt.Sprintf("the terminal does not know %q", s[:end+1]))
	}
	return end + 1
}

// setWidth changes the rows as terminals do. Rows that were wrapped are joined when the width grows again.
func (v *vt) setWidth(w int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.width = w
	if !v.wraps {
		for i, r := range v.grid {
			v.grid[i] = r[:min(len(r), w)]
		}
		v.x = min(v.x, w-1)
		return
	}
	var grid [][]string
	x, y := v.x, v.y
	for i, r := range v.grid {
		first, col := len(grid), 0
		grid = append(grid, nil)
		for j := 0; j < len(r); {
			n := 1
			if j+1 < len(r) && r[j+1] == "" {
				n = 2
			}
			if col+n > w {
				grid, col = append(grid, nil), 0
			}
			grid[len(grid)-1] = append(grid[len(grid)-1], r[j:j+n]...)
			if i == v.y && j < v.x && j+n >= v.x {
				x, y = col+n, len(grid)-1
			}
			col, j = col+n, j+n
		}
		if i == v.y && v.x == 0 {
			x, y = 0, first
		}
	}
	if x == w {
		x, y = 0, y+1
	}
	v.grid, v.x, v.y = grid, x, y
	v.row()
}
