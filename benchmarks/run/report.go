//go:build linux

package main

import (
	"cmp"
	"encoding/json"
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
	Go      string        `json:"go"`
	Pinned  bool          `json:"pinned"`
	Time    time.Duration `json:"time_ns"`
	Servers []server      `json:"servers"`
	Works   []work        `json:"works"`
	Cells   []*cell       `json:"cells"`
}

// cell is one server at one work, a result for each round.
type cell struct {
	Server string          `json:"server"`
	Work   string          `json:"work"`
	Rounds []result.Result `json:"rounds"`
	Median figure          `json:"median"`
	Fault  string          `json:"fault,omitempty"` // of any round: then there is no figure
}

// figure is the median of the rounds.
type figure struct {
	Rate      float64 `json:"rate,omitempty"`
	ServerCPU float64 `json:"server_cpu_us,omitempty"`
	P50       float64 `json:"p50_us,omitempty"`
	P99       float64 `json:"p99_us,omitempty"`
	Bytes     float64 `json:"bytes_per_conn,omitempty"`
	// Ratio to the best floor, round by round: of the rates, or of the processor time
	// per delivery (floor over server). More is better in both.
	Ratio    float64 `json:"ratio,omitempty"`
	CPURatio float64 `json:"cpu_ratio,omitempty"`
}

func newReport(o options, servers []server, works []work) *report {
	return &report{
		Date:    time.Now().UTC().Format(time.RFC3339),
		Commit:  firstLine("git", "describe", "--always", "--dirty"),
		Command: "run " + strings.Join(os.Args[1:], " "),
		Machine: fmt.Sprintf("%d x %s, Linux %s", runtime.NumCPU(), processor(), firstLine("uname", "-r")),
		Go:      runtime.Version(), Pinned: o.pinned, Time: o.seconds,
		Servers: servers, Works: works,
	}
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

// finish computes medians, and ratios round by round, because the machine drifts.
func (rep *report) finish() {
	for _, c := range rep.Cells {
		if c.Fault != "" {
			continue
		}
		c.Median = figure{
			Rate:      c.median(func(r result.Result) float64 { return r.Rate }),
			ServerCPU: c.median(func(r result.Result) float64 { return r.ServerCPU }),
			P50:       c.median(func(r result.Result) float64 { return r.P50 }),
			P99:       c.median(func(r result.Result) float64 { return r.P99 }),
			Bytes:     c.median(func(r result.Result) float64 { return r.BytesPerConn }),
			Ratio:     rep.ratio(c, func(r result.Result) float64 { return r.Rate }),
			CPURatio:  rep.ratio(c, func(r result.Result) float64 { return 1 / r.ServerCPU }),
		}
	}
}

func (c *cell) median(of func(result.Result) float64) float64 {
	var all []float64
	for _, r := range c.Rounds {
		all = append(all, of(r))
	}
	return median(all)
}

// ratio is the median over the rounds of the cell's figure by that of the best floor.
func (rep *report) ratio(c *cell, of func(result.Result) float64) float64 {
	floor := rep.bestFloor(c.Work, of)
	if floor == nil {
		return 0
	}
	var all []float64
	for i, r := range c.Rounds {
		if r.Deliveries > 0 && i < len(floor.Rounds) {
			all = append(all, of(r)/of(floor.Rounds[i]))
		}
	}
	return median(all)
}

// bestFloor is the one whose median is highest: the best of each round would be the
// luckiest.
func (rep *report) bestFloor(work string, of func(result.Result) float64) (best *cell) {
	for _, s := range rep.Servers {
		c := rep.cell(s.Name, work)
		if s.Floor && c != nil && c.Fault == "" && (best == nil || c.median(of) > best.median(of)) {
			best = c
		}
	}
	return best
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// write leaves DATE.json and the table in the directory.
func (rep *report) write(dir string) error {
	if dir == "" {
		return nil
	}
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
	if err := table.Close(); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "written:", base+".json", base+".txt")
	return os.WriteFile(base+".json", append(b, '\n'), 0o644)
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
