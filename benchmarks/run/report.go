//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// report is everything that was measured, and where.
type report struct {
	Date    string        `json:"date"`
	Commit  string        `json:"commit"`
	Command string        `json:"command"`
	Machine string        `json:"machine"`
	Kernel  string        `json:"kernel"`
	Go      string        `json:"go"`
	Pinned  bool          `json:"pinned"`
	Time    time.Duration `json:"time_ns"`
	Slice   time.Duration `json:"slice_ns"` // of a turn, see measure; 0: no work of this run is done in turns
	Servers []server      `json:"servers"`
	Works   []work        `json:"works"`
	Cells   []*cell       `json:"cells"`
	Goals   []verdict     `json:"goals,omitempty"`
	// Warnings are what the machine could not give to all of it.
	Warnings []string `json:"warnings,omitempty"`
}

// cell is one server at one work, a result for each round.
type cell struct {
	Server string          `json:"server"`
	Work   string          `json:"work"`
	Rounds []result.Result `json:"rounds"`
	Median figure          `json:"median"`
	Fault  string          `json:"fault,omitempty"` // of any round: then there is no figure
}

func newReport(o options, servers []server, works []work) *report {
	return &report{
		Date:    time.Now().UTC().Format(time.RFC3339),
		Commit:  firstLine("git", "describe", "--always", "--dirty"),
		Command: command(os.Args[1:]),
		Machine: fmt.Sprintf("%d x %s, Linux %s", runtime.NumCPU(), processor(), firstLine("uname", "-r")),
		Go:      runtime.Version(), Pinned: o.pinned, Time: o.seconds, Slice: turns(works),
		Kernel:  firstLine("uname", "-rv"),
		Servers: servers, Works: works,
	}
}

// turns is how long a turn is at least; 0 if no work is done in turns.
func turns(works []work) time.Duration {
	if slices.ContainsFunc(works, func(w work) bool { return w.slice() > 0 }) {
		return slice
	}
	return 0
}

func (rep *report) add(s server, w work, r result.Result) {
	c := rep.cell(s.Name, w.Name)
	if c == nil {
		c = &cell{Server: s.Name, Work: w.Name}
		rep.Cells = append(rep.Cells, c)
	}
	c.Rounds = append(c.Rounds, r)
	c.Fault = cmp.Or(c.Fault, r.Fault)
}

func (rep *report) cell(server, work string) *cell {
	for _, c := range rep.Cells {
		if c.Server == server && c.Work == work {
			return c
		}
	}
	return nil
}

// warn puts a warning into the report and says it now.
func (rep *report) warn(text string) {
	rep.Warnings = append(rep.Warnings, text)
	fmt.Fprintln(os.Stderr, "bench: warning:", text)
}

// conclude writes the files before the table is shown: nobody may be reading.
func (rep *report) conclude(dir string) error {
	err := rep.write(dir)
	rep.print(os.Stdout)
	return err
}

// write leaves DATE.json and the table in the directory.
func (rep *report) write(dir string) error {
	if dir == "" {
		return nil
	}
	rep.finish()
	b, err := json.MarshalIndent(rep, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	base := filepath.Join(dir, strings.ReplaceAll(strings.TrimSuffix(rep.Date, "Z"), ":", ""))
	table, err := os.Create(base + ".txt")
	if err != nil {
		return err
	}
	rep.print(table)
	if err := errors.Join(table.Close(), os.WriteFile(base+".json", append(b, '\n'), 0o644)); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "written:", base+".json", base+".txt")
	return nil
}

// command is what has to be typed to measure it again: without the place of the programs, which is that of one machine.
func command(args []string) string {
	if i := slices.Index(args, "-bin"); i >= 0 && i+1 < len(args) {
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	return strings.Join(append([]string{"run"}, args...), " ")
}

func firstLine(name string, args ...string) string {
	out, _ := exec.Command(name, args...).Output() // an unknown commit is empty
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

func processor() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(b), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(line, " \t:")
}
