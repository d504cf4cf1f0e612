// Package measured reads what a benchmark run has left in results/DATE.json, for the plots
// and the tables that are made from it again.
package measured

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// Run is one run of the runner.
type Run struct {
	Date    string        `json:"date"`
	Commit  string        `json:"commit"`
	Command string        `json:"command"`
	Machine string        `json:"machine"`
	Go      string        `json:"go"`
	Pinned  bool          `json:"pinned"`
	Time    time.Duration `json:"time_ns"`
	Slice   time.Duration `json:"slice_ns"` // servers took turns of this length; 0: one came after the other
	Servers []Server      `json:"servers"`
	Works   []Work        `json:"works"`
	Cells   []Cell        `json:"cells"`
	Goals   []Goal        `json:"goals"`
	// Warnings are what the machine could not give to all of it.
	Warnings []string `json:"warnings"`
	// Missing are servers whose program was not installed: Read takes them out of Servers and Cells.
	Missing []string `json:"-"`
}

// Server is one under test, in the order of the report.
type Server struct {
	Name  string `json:"name"`
	Floor bool   `json:"floor"`
	Rival bool   `json:"rival"`
}

// Work is one kind of work, with the arguments of the load generator.
type Work struct {
	Name string   `json:"name"`
	Kind string   `json:"kind"`
	Args []string `json:"args"`
}

// Cell is one server at one work, with a result for each round.
type Cell struct {
	Server string          `json:"server"`
	Work   string          `json:"work"`
	Rounds []result.Result `json:"rounds"`
	Fault  string          `json:"fault"`
	// Figures are those medians that only the runner knows.
	Figures struct {
		Saturated bool `json:"saturated"` // the generator had no time left: the server may be faster
	} `json:"median"`
}

// Goal is one of the project's, and whether it is met.
type Goal struct {
	Server string  `json:"server"`
	Work   string  `json:"work"`
	What   string  `json:"what"`
	Want   float64 `json:"want"`
	Most   bool    `json:"most"` // Want is the most, else the least
	Value  float64 `json:"value"`
	Met    bool    `json:"met"`
	// Uncertainty is the standard error of the rounds, 0 where it is not known.
	Uncertainty float64 `json:"uncertainty"`
	Hole        string  `json:"hole"` // why there is no value
}

// Read reads one file.
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

// leaveOutMissing takes out the servers that were not measured at anything because their program was not installed. A
// server that was installed and failed stays, with its faults.
func (r *Run) leaveOutMissing() {
	installed := map[string]bool{}
	for _, c := range r.Cells {
		if !c.None() && !strings.Contains(c.Fault, "is not in the PATH") {
			installed[c.Server] = true
		}
	}
	for _, c := range r.Cells {
		if !c.None() && !installed[c.Server] && !slices.Contains(r.Missing, c.Server) {
			r.Missing = append(r.Missing, c.Server)
		}
	}
	r.Servers = slices.DeleteFunc(r.Servers, func(s Server) bool { return slices.Contains(r.Missing, s.Name) })
	r.Cells = slices.DeleteFunc(r.Cells, func(c Cell) bool { return slices.Contains(r.Missing, c.Server) })
}

// Rounds is how many there were.
func (r *Run) Rounds() (n int) {
	for _, c := range r.Cells {
		n = max(n, len(c.Rounds))
	}
	return n
}

// Cell is nil if the server was not measured at the work.
func (r *Run) Cell(server, work string) *Cell {
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Server == server && c.Work == work {
			return c
		}
	}
	return nil
}

// Flag is the value of a flag of the generator, such as "members".
func (w Work) Flag(name string) (int, bool) {
	i := slices.Index(w.Args, "--"+name)
	if i < 0 || i+1 >= len(w.Args) {
		return 0, false
	}
	n, err := strconv.Atoi(w.Args[i+1])
	return n, err == nil
}

// Room is the works of one room of that many members in accept order, by messages in flight.
func (r *Run) Room(members int) (works []Work) {
	for _, w := range r.Works {
		if n, ok := w.Flag("members"); ok && n == members && w.isRoom() {
			works = append(works, w)
		}
	}
	slices.SortStableFunc(works, func(a, b Work) int { return a.inflight() - b.inflight() })
	return works
}

// Members is the sizes of the rooms of Room, with that many messages in flight.
func (r *Run) Members(inflight int) (works []Work) {
	for _, w := range r.Works {
		if w.isRoom() && w.inflight() == inflight {
			works = append(works, w)
		}
	}
	slices.SortStableFunc(works, func(a, b Work) int { return a.members() - b.members() })
	return works
}

func (w Work) isRoom() bool {
	rooms, many := w.Flag("rooms")
	return w.Kind == "fanout" && (!many || rooms == 1) && !slices.Contains(w.Args, "--churn")
}

func (w Work) inflight() int { n, _ := w.Flag("inflight"); return n }
func (w Work) members() int  { n, _ := w.Flag("members"); return n }

// None is whether there is nothing to show: the server does not do such work.
func (c *Cell) None() bool { return c == nil || c.Fault == "-" || c.Fault == "" && len(c.Rounds) == 0 }

// Hole is what stands in the place of a number, or "".
func (c *Cell) Hole() string {
	switch {
	case c.Fault == "":
		return ""
	case strings.HasPrefix(c.Fault, "lost"):
		return "LOST"
	}
	return "FAILED"
}

// Median over the rounds. It is 0 where there is no number.
func (c *Cell) Median(of func(result.Result) float64) float64 {
	if c.None() || c.Fault != "" {
		return 0
	}
	all := make([]float64, len(c.Rounds))
	for i, r := range c.Rounds {
		all[i] = of(r)
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
