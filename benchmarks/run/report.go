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
	"github.com/throngd/throng/benchmarks/internal/sys"
)

// report is a run. Its methods compute the medians, ratios and goals.
type report struct{ result.Run }

type (
	cell    = result.Cell
	figure  = result.Figure
	verdict = result.Goal
)

func newReport(o options, servers []server, workloads []workload) *report {
	return &report{result.Run{
		Date:    time.Now().UTC().Format(time.RFC3339),
		Commit:  firstLine("git", "describe", "--always", "--dirty"),
		Command: command(os.Args[1:]),
		Machine: fmt.Sprintf("%d x %s, Linux %s", runtime.NumCPU(), sys.Processor(), firstLine("uname", "-r")),
		Go:      runtime.Version(), Pinned: o.pinned, Time: o.seconds, Slice: turns(workloads),
		Kernel:  firstLine("uname", "-rv"),
		Servers: servers, Workloads: workloads,
	}}
}

// turns is the shortest length of a turn, 0 if no workload is done in turns.
func turns(workloads []workload) time.Duration {
	if slices.ContainsFunc(workloads, func(w workload) bool { return sliceOf(w) > 0 }) {
		return slice
	}
	return 0
}

func (rep *report) add(s server, w workload, r result.Result) {
	c := rep.Cell(s.Name, w.Name)
	if c == nil {
		c = &cell{Server: s.Name, Workload: w.Name}
		rep.Cells = append(rep.Cells, c)
	}
	c.Rounds = append(c.Rounds, r)
	c.Fault = cmp.Or(c.Fault, r.Fault)
}

// warn adds a warning to the report and prints it.
func (rep *report) warn(text string) {
	rep.Warnings = append(rep.Warnings, text)
	fmt.Fprintln(os.Stderr, "bench: warning:", text)
}

// conclude writes the files and then prints the table: standard output may be closed.
func (rep *report) conclude(dir string) error {
	err := rep.write(dir)
	rep.print(os.Stdout)
	return err
}

// write creates DATE.json and the table DATE.txt in the directory.
func (rep *report) write(dir string) error {
	if dir == "" {
		return nil
	}
	rep.finish()
	b, err := json.MarshalIndent(&rep.Run, "", " ")
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

// command is the command line that repeats the run, without the directory of the programs, which is that of one machine.
func command(args []string) string {
	if i := slices.Index(args, "-bin"); i >= 0 && i+1 < len(args) {
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	return strings.Join(append([]string{"run"}, args...), " ")
}

func firstLine(name string, args ...string) string {
	out, _ := exec.Command(name, args...).Output() // empty if it fails
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}
