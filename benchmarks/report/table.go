package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// section writes one run: machine and method, the table, the goals, and the reasons of cells without a number.
func section(w io.Writer, r *result.Run) {
	heading(w, r)
	table(w, r)
	goals(w, r)
	holes(w, r)
}

// programs matches the directory of the servers on the measuring machine, which is not part of the report.
var programs = regexp.MustCompile(` -bin \S+`)

func heading(w io.Writer, r *result.Run) {
	date := r.Date
	if t, err := time.Parse(time.RFC3339, date); err == nil {
		date = t.UTC().Format("2006-01-02 15:04 UTC")
	}
	placed := "the server pinned to one core and the load generator to the other"
	if !r.Pinned {
		placed = "server and load generator not pinned, on all cores"
	}
	turns := ""
	if r.Slice > 0 {
		turns = fmt.Sprintf(", all servers in turns of at least %v", r.Slice)
	}
	fmt.Fprintf(w, "### %s, commit %s\n\n", date, r.Commit)
	fmt.Fprintf(w, "%s, %s, `%s`.\nMedians of %d rounds of %v%s, over loopback, %s.\n\n",
		r.Machine, r.Go, programs.ReplaceAllString(r.Command, ""), r.Rounds(), r.Time, turns, placed)
	for _, text := range r.Warnings {
		fmt.Fprintf(w, "Warning: %s.\n\n", text)
	}
	if len(r.Missing) > 0 {
		fmt.Fprintf(w, "Not installed on this machine, and so not measured: %s.\n\n", strings.Join(r.Missing, ", "))
	}
}

// table has a line for each server with a result and a column for each workload.
func table(w io.Writer, r *result.Run) {
	head, rule := "|", "|---"
	for _, work := range r.Workloads {
		head += " | " + title(work)
		rule += "|---:"
	}
	fmt.Fprintf(w, "%s |\n%s|\n", head, rule)
	for _, s := range r.Servers {
		line, any := "| "+s.Name, false
		for _, work := range r.Workloads {
			c := r.Cell(s.Name, work.Name)
			any = any || !c.Empty()
			line += " | " + text(c, work)
		}
		if any {
			fmt.Fprintln(w, line+" |")
		}
	}
	fmt.Fprintln(w)
}

// title returns the title of a column.
func title(w result.Workload) string {
	flag := func(name string) string { n, _ := w.Flag(name); return thousands(float64(n)) }
	churned := ""
	if strings.Contains(w.Name, "churned") {
		churned = ", members churned"
	}
	switch w.Kind {
	case "fanout":
		if n, ok := w.Flag("rooms"); ok && n > 1 {
			return flag("rooms") + " rooms of " + flag("members")
		}
		return "room of " + flag("members") + ", " + flag("inflight") + " in flight" + churned
	case "rooms":
		return flag("rooms") + " rooms of " + flag("members")
	case "echo":
		return "echo, " + flag("pipeline") + " pipelined"
	case "connect":
		return "connects, thousands/s (µs)"
	case "pings":
		return "idle with pings, CPU s an hour for 100,000"
	case "recovery":
		return flag("conns") + " come back, thousands/s"
	case "idle":
		return "idle, bytes"
	}
	return w.Name
}

// text returns the text of a cell: a figure, or LOST or FAILED.
func text(c *result.Cell, w result.Workload) string {
	if c.Empty() {
		return ""
	}
	if hole := c.Failure(); hole != "" {
		return "**" + hole + "**"
	}
	star := ""
	if c.Median.Saturated {
		star = "*"
	}
	v, cpu := figure(c, w), c.MedianOf(func(r result.Result) float64 { return r.ServerCPU })
	switch w.Kind {
	case "idle", "pings":
		return thousands(-v)
	case "connect", "recovery":
		return fmt.Sprintf("%.1f%s (%.1f)", v/1e3, star, cpu)
	}
	return fmt.Sprintf("%s%s (%.2f)", thousands(v/1e3), star, cpu)
}

// figure returns the median by which servers are compared. More is better, so the memory of a connection is negative.
func figure(c *result.Cell, w result.Workload) float64 {
	switch w.Kind {
	case "idle":
		return -c.MedianOf(func(r result.Result) float64 { return r.BytesPerConn })
	case "pings":
		return -c.MedianOf(func(r result.Result) float64 { return r.IdleCost })
	case "connect", "recovery":
		return c.MedianOf(func(r result.Result) float64 { return r.Connects })
	}
	return c.MedianOf(func(r result.Result) float64 { return r.Rate })
}

// thousands formats a whole number with commas.
func thousands(v float64) string {
	s := strconv.FormatInt(int64(v+.5), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// goals lists the project's goals and which are met.
func goals(w io.Writer, r *result.Run) {
	if len(r.Goals) == 0 {
		return
	}
	fmt.Fprint(w, "| goal | work | | measured | |\n|---|---|---|---:|---|\n")
	for _, g := range r.Goals {
		bound, value, met := "at least", fmt.Sprintf("%.2f", g.Value), "met"
		if g.Most {
			bound = "at most"
		}
		spread := fmt.Sprintf(" ± %.2f", g.Uncertainty)
		if g.Value >= 10 {
			value, spread = thousands(g.Value), " ± "+thousands(g.Uncertainty)
		}
		if g.Uncertainty > 0 {
			value += spread
		}
		if !g.Met {
			met = "**missed**"
		}
		if g.NoValue != "" {
			value, met = "", g.NoValue
		}
		fmt.Fprintf(w, "| %s | %s | %s %s %s | %s | %s |\n", g.Server, g.Workload, bound, strconv.FormatFloat(g.Want, 'f', -1, 64), g.What, value, met)
	}
	fmt.Fprintln(w)
}

// holes lists why cells have no number, once for each server and reason.
func holes(w io.Writer, r *result.Run) {
	type reason struct{ server, fault string }
	var order []reason
	works := map[reason][]string{}
	for _, c := range r.Cells {
		if c.Empty() || c.Fault == "" {
			continue
		}
		k := reason{c.Server, c.Fault}
		if works[k] == nil {
			order = append(order, k)
		}
		works[k] = append(works[k], c.Workload)
	}
	if len(order) == 0 {
		return
	}
	fmt.Fprint(w, "Without a number:\n\n")
	for _, k := range order {
		at := strings.Join(works[k], ", ")
		if len(works[k]) > 3 {
			at = fmt.Sprintf("%d kinds of work", len(works[k]))
		}
		fmt.Fprintf(w, "- %s at %s: %s\n", k.server, at, k.fault)
	}
	fmt.Fprintln(w)
}
