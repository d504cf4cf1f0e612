package main

import (
	"fmt"
	"path"
	"strings"
)

// mutation is one change of one file.
type mutation struct {
	file     string // from the root of the module
	fn       string // the function it is in, as "(*Loop).read"; empty outside of functions
	from, to int    // bytes of the file that are replaced
	text     string // by this
	before   string // the old code, for the name of the mutation
	after    string // the new code
	where    span   // of the change
	whole    span   // of the function
	fault    string // the effect, for mutations of list.yaml
	number   int    // among equal ones of the same function, from 0
}

// span is a piece of a file, in lines and columns as the compiler counts them.
type span struct{ from, to place }

type place struct{ line, col int }

func (p place) before(o place) bool {
	return p.line < o.line || p.line == o.line && p.col < o.col
}

// overlaps reports whether the spans have something in common.
func (s span) overlaps(o span) bool { return s.from.before(o.to) && o.from.before(s.to) }

func (m *mutation) pkg() string { return path.Dir(m.file) }

// id names the mutation by what it does: it is the same one when lines before it come and go.
func (m *mutation) id() string {
	in := m.file
	if m.fn != "" {
		in += " " + m.fn
	}
	id := fmt.Sprintf("%s: %s -> %s", in, brief(m.before), brief(m.after))
	if m.number > 0 {
		id += fmt.Sprint(" #", m.number+1)
	}
	return id
}

// brief is code on one line, cut after so many characters that two changes are rarely the same.
func brief(code string) string {
	code = strings.Join(strings.Fields(code), " ")
	if code == "" {
		return "nothing"
	}
	if r := []rune(code); len(r) > 100 {
		return string(r[:97]) + "..."
	}
	return code
}

// number numbers equal mutations of one function, in the order of the file.
func numberEqual(ms []*mutation) {
	seen := map[string]int{}
	for _, m := range ms {
		m.number = 0
		id := m.id()
		m.number = seen[id]
		seen[id]++
	}
}
