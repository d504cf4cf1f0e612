package chat

const maxRecalled = 100 // lines

// recall has the lines that were typed before, and the line that was begun.
type recall struct {
	lines []string // oldest first
	at    int      // index of the line that is shown; len(lines) is the one that was begun
	begun string
}

// add appends a line that was entered.
func (r *recall) add(line string) {
	if line != "" {
		r.lines = append(r.lines, line)
	}
	r.lines = r.lines[max(0, len(r.lines)-maxRecalled):]
	r.at, r.begun = len(r.lines), ""
}

// step goes back (-1) or forward (1) and puts that line into d.
func (r *recall) step(d *draft, by int) {
	to := r.at + by
	if to < 0 || to > len(r.lines) {
		return
	}
	if r.at == len(r.lines) {
		r.begun = d.text
	}
	if r.at = to; to == len(r.lines) {
		d.set(r.begun)
	} else {
		d.set(r.lines[to])
	}
}
