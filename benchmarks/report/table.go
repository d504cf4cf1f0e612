package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/throngd/throng/benchmarks/internal/measured"
	"github.com/throngd/throng/benchmarks/internal/result"
)

// section is what one run has found: where it was, the table, the goals, and what has no
// number.
func section(w io.Writer, r *measured.Run) {
	heading(w, r)
	table(w, r)
	goals(w, r)
	holes(w, r)
}

// programs is where the servers lie on the machine that measured, which is nobody's business.
var programs = regexp.MustCompile(` -bin \S+`)

func heading(w io.Writer, r *measured.Run) {
	date := r.Date
	if t, err := time.Parse(time.RFC3339, date); err == nil {
		date = t.UTC().Format("2006-01-02 15:04 UTC")
	}
	placed := "the server pinned to one core and the load generator to the other"
	if !r.Pinned {
		placed = "server and load generator not pinned, on all cores"
	}
	fmt.Fprintf(w, "%s, %s, %s, commit %s, `%s`:\n", r.Machine, r.Go, date, r.Commit, programs.ReplaceAllString(r.Command, ""))
	turns := ""
	if r.Slice > 0 {
		turns = fmt.Sprintf(", all servers in turns of at least %v", r.Slice)
	}
	fmt.Fprintf(w, "medians of %d rounds of %v%s, over loopback, %s, payloads of 100 bytes. Thousands of\n", r.Rounds(), r.Time, turns, placed)
	fmt.Fprint(w, "deliveries a second, and in brackets the server's processor microseconds for each; memory is the slope of resident bytes\nover connections; more is better but in brackets and in bytes. *: the load generator had no time left.\n\n")
	for _, text := range r.Warnings {
		fmt.Fprintf(w, "Warning: %s.\n\n", text)
	}
}

// table has a line for each server that did any of it and a column for each work.
func table(w io.Writer, r *measured.Run) {
	head, rule := "|", "|---"
	for _, work := range r.Works {
		head += " | " + title(work)
		rule += "|---:"
	}
	fmt.Fprintf(w, "%s |\n%s|\n", head, rule)
	for _, s := range r.Servers {
		line, any := "| "+s.Name, false
		for _, work := range r.Works {
			c := r.Cell(s.Name, work.Name)
			any = any || !c.None()
			line += " | " + text(c, work)
		}
		if any {
			fmt.Fprintln(w, line+" |")
		}
	}
	fmt.Fprintln(w)
}

// title of a column.
func title(w measured.Work) string {
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

// text of a cell: a hole is no number.
func text(c *measured.Cell, w measured.Work) string {
	if c.None() {
		return ""
	}
	if hole := c.Hole(); hole != "" {
		return "**" + hole + "**"
	}
	of := func(read func(result.Result) float64) float64 { return c.Median(read) }
	star := ""
	if c.Figures.Saturated {
		star = "*"
	}
	cpu := of(func(r result.Result) float64 { return r.ServerCPU })
	switch w.Kind {
	case "idle":
		return thousands(of(func(r result.Result) float64 { return r.BytesPerConn }))
	case "pings":
		return thousands(of(func(r result.Result) float64 { return r.IdleCost }))
	case "connect", "recovery":
		return fmt.Sprintf("%.1f%s (%.1f)", of(func(r result.Result) float64 { return r.Connects })/1e3, star, cpu)
	}
	return fmt.Sprintf("%s%s (%.2f)", thousands(of(func(r result.Result) float64 { return r.Rate })/1e3), star, cpu)
}

// thousands is a whole number with a comma where one needs it.
func thousands(v float64) string {
	s := strconv.FormatInt(int64(v+.5), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// goals says which are met.
func goals(w io.Writer, r *measured.Run) {
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
		if g.Hole != "" {
			value, met = "", g.Hole
		}
		fmt.Fprintf(w, "| %s | %s | %s %s %s | %s | %s |\n", g.Server, g.Work, bound, strconv.FormatFloat(g.Want, 'f', -1, 64), g.What, value, met)
	}
	fmt.Fprintln(w)
}

// holes says why there is no number, once for each reason of a server.
func holes(w io.Writer, r *measured.Run) {
	type reason struct{ server, fault string }
	var order []reason
	works := map[reason][]string{}
	for _, c := range r.Cells {
		if c.None() || c.Fault == "" {
			continue
		}
		k := reason{c.Server, c.Fault}
		if works[k] == nil {
			order = append(order, k)
		}
		works[k] = append(works[k], c.Work)
	}
	if len(order) == 0 {
		return
	}
	fmt.Fprint(w, "No number:\n\n")
	for _, k := range order {
		at := strings.Join(works[k], ", ")
		if len(works[k]) > 3 {
			at = fmt.Sprintf("%d kinds of work", len(works[k]))
		}
		fmt.Fprintf(w, "- %s at %s: %s\n", k.server, at, k.fault)
	}
	fmt.Fprintln(w)
}
