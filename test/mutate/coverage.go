package main

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"strings"
)

// reach is what a test reaches: pieces of files, by name without the folder.
type reach map[string][]span

// readReach reads a profile as go test -coverprofile writes it: after a line with the mode, lines of the form
// import/path/file.go:12.30,14.2 2 1, whose last number is how often the piece was run.
func readReach(r io.Reader) (reach, error) {
	out := reach{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "mode:") || line == "" {
			continue
		}
		var s span
		var statements, times int
		name, rest, _ := strings.Cut(line, ":")
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &s.from.line, &s.from.col, &s.to.line, &s.to.col, &statements, &times); err != nil {
			return nil, fmt.Errorf("coverage profile: %q: %w", line, err)
		}
		if times > 0 {
			out[path.Base(name)] = append(out[path.Base(name)], s)
		}
	}
	return out, lines.Err()
}

// touches reports whether the test reaches any of a piece of a file.
func (r reach) touches(file string, s span) bool {
	for _, piece := range r[path.Base(file)] {
		if piece.overlaps(s) {
			return true
		}
	}
	return false
}
