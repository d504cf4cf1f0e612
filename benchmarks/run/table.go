//go:build linux

package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
)

// print writes the tables: a line for each server, a column for each workload.
func (rep *report) print(w io.Writer) {
	rep.finish()
	fmt.Fprintf(w, "%s, commit %s, %s, %s\n", rep.Date, rep.Commit, rep.Machine, rep.Go)
	inTurns := ""
	if rep.Slice > 0 {
		inTurns = fmt.Sprintf(" in turns of at least %v", rep.Slice)
	}
	fmt.Fprintf(w, "medians of %d rounds of %v%s, server on one core and load generator on another: %v\n", rep.Rounds(), rep.Time, inTurns, rep.Pinned)
	for _, text := range rep.Warnings {
		fmt.Fprintln(w, "warning:", text)
	}
	if n, all := rep.disturbed(); n > 0 {
		fmt.Fprintf(w, "warning: in %d of %d measurements other processes used more than a tenth of this machine\n", n, all)
	}
	rep.section(w, "thousands of deliveries a second (*: the load generator had no time left, so the server may be faster)", func(m figure) string {
		return number("%.0f", m.Rate/1e3) + star(m)
	})
	rep.section(w, "ratio of deliveries a second, round by round: to the best floor / to the better of best floor and best rival", func(m figure) string {
		if m.Rate == 0 {
			return ""
		}
		return number("%.2f", m.Ratio) + " / " + number("%.2f", m.BestRatio)
	})
	rep.section(w, "server processor microseconds per delivery (connect: per connection, pings: per ping, recovery: per client); in brackets the ratio to the best floor", func(m figure) string {
		if m.ServerCPU == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f (%s)", m.ServerCPU, number("%.2f", m.CPURatio))
	})
	rep.section(w, "p50 / p99 / p99.9 milliseconds from send to arrival (connect: to the response 101, recovery: to the last message)", latencies)
	rep.section(w, "the same at half of the rate, on a schedule: thousands a second, latencies from when a message was due", func(m figure) string {
		if m.Half == nil {
			return ""
		}
		return fmt.Sprintf("%.0f: %s", m.Half.Rate/1e3, latencies(*m.Half))
	})
	rep.section(w, "thousands of connections a second; in brackets the ratio to the best floor", func(m figure) string {
		if m.Connects == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f%s (%s)", m.Connects/1e3, star(m), cmp.Or(number("%.2f", m.Ratio), "-"))
	})
	rep.section(w, "bytes per connection: resident (Rss) / proportional (Pss) / kernel memory of both ends", func(m figure) string {
		if m.Bytes == 0 {
			return ""
		}
		return fmt.Sprintf("%.0f / %.0f / %.0f", m.Bytes, m.Pss, m.Kernel)
	})
	rep.section(w, "server processor seconds an hour for 100,000 idle connections, each pinged every 25 s", func(m figure) string {
		return number("%.0f", m.IdleCost)
	})
	rep.growth(w)
	rep.printGoals(w)
	rep.faults(w)
}

// disturbing is the share of the machine that other processes use, from which on a figure is doubtful.
const disturbing = 0.1

func (rep *report) disturbed() (n, all int) {
	for _, c := range rep.Cells {
		for _, r := range c.Rounds {
			if all++; r.Foreign > disturbing {
				n++
			}
		}
	}
	return n, all
}

func latencies(m figure) string {
	if m.P50 == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f / %.2f / %.2f", m.P50/1e3, m.P99/1e3, m.P999/1e3)
}

// section prints a table, without the columns that would be empty.
func (rep *report) section(w io.Writer, title string, text func(figure) string) {
	var columns []workload
	for _, work := range rep.Workloads {
		for _, c := range rep.Cells {
			if c.Workload == work.Name && c.Fault == "" && text(c.Median) != "" {
				columns = append(columns, work)
				break
			}
		}
	}
	if len(columns) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	header := ""
	for _, work := range columns {
		header += "\t" + work.Name
	}
	fmt.Fprintln(t, header+"\t")
	for _, s := range rep.Servers {
		line := s.Name
		for _, work := range columns {
			line += "\t" + rep.text(s.Name, work.Name, text)
		}
		fmt.Fprintln(t, line+"\t")
	}
}

// text is the text of one cell, or the word for its fault.
func (rep *report) text(server, work string, text func(figure) string) string {
	c := rep.Cell(server, work)
	if c.Empty() {
		return ""
	}
	if failure := c.Failure(); failure != "" {
		return failure
	}
	return text(c.Median)
}

// goals prints which goals were met.
func (rep *report) printGoals(w io.Writer) {
	if len(rep.Goals) == 0 {
		return
	}
	fmt.Fprintf(w, "\ngoals\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	for _, v := range rep.Goals {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", v.Server, v.Workload, v.What, verdictText(v))
	}
}

// faults prints why cells have no figure.
func (rep *report) faults(w io.Writer) {
	title := "\nwithout a figure:\n"
	for _, c := range rep.Cells {
		if !c.Empty() && c.Fault != "" {
			fmt.Fprintf(w, "%s  %s at %s: %s\n", title, c.Server, c.Workload, c.Fault)
			title = ""
		}
	}
}

// number is empty for 0.
func number(format string, x float64) string {
	if x == 0 {
		return ""
	}
	return fmt.Sprintf(format, x)
}

func star(m figure) string {
	if m.Saturated {
		return "*"
	}
	return ""
}
