package result

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Read reads the file of a run.
func Read(path string) (*Run, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Run)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(r.Cells) == 0 {
		return nil, fmt.Errorf("%s: has no results", path)
	}
	r.leaveOutMissing()
	return r, nil
}

// leaveOutMissing removes the servers that were not measured at anything because their program was not installed. A
// server that was installed and failed stays, with its faults.
func (r *Run) leaveOutMissing() {
	installed := map[string]bool{}
	for _, c := range r.Cells {
		if !c.Empty() && !strings.Contains(c.Fault, "is not in the PATH") {
			installed[c.Server] = true
		}
	}
	for _, c := range r.Cells {
		if !c.Empty() && !installed[c.Server] && !slices.Contains(r.Missing, c.Server) {
			r.Missing = append(r.Missing, c.Server)
		}
	}
	missing := func(name string) bool { return slices.Contains(r.Missing, name) }
	r.Servers = slices.DeleteFunc(r.Servers, func(s Server) bool { return missing(s.Name) })
	r.Cells = slices.DeleteFunc(r.Cells, func(c *Cell) bool { return missing(c.Server) })
}
