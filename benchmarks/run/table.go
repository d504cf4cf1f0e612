//go:build linux

package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// print writes the tables: one line a server, one column a work.
func (rep *report) print(w io.Writer) {
	rep.finish()
	fmt.Fprintf(w, "%s, commit %s, %s, %s\n", rep.Date, rep.Commit, rep.Machine, rep.Go)
	inTurns := ""
	if rep.Slice > 0 {
		inTurns = fmt.Sprintf(" in turns of at least %v", rep.Slice)
	}
	fmt.Fprintf(w, "medians of %d rounds of %v%s, server on one core and generator on another: %v\n", rep.rounds(), rep.Time, inTurns, rep.Pinned)
	for _, text := range rep.Warnings {
		fmt.Fprintln(w, "warning:", text)
	}
	if n, all := rep.disturbed(); n > 0 {
		fmt.Fprintf(w, "warning: in %d of %d measurements others used more than a tenth of this machine\n", n, all)
	}
	rep.section(w, "thousands of deliveries a second (* the generator had no time left)", func(m figure) string {
		return number("%.0f", m.Rate/1e3) + star(m)
	})
	rep.section(w, "ratio of deliveries a second, round by round: to the best floor / to the better of floor and best rival", func(m figure) string {
		if m.Rate == 0 {
			return ""
		}
		return number("%.2f", m.Ratio) + " / " + number("%.2f", m.BestRatio)
	})
	rep.section(w, "server processor microseconds per delivery (connect: connection, pings: ping, recovery: client); ratio to the best floor", func(m figure) string {
		if m.ServerCPU == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f (%s)", m.ServerCPU, number("%.2f", m.CPURatio))
	})
	rep.section(w, "p50 / p99 / p99.9 milliseconds from send to arrival (connect: to the 101, recovery: to the last message)", latencies)
	rep.section(w, "the same at half of the rate, on a schedule: thousands a second, latencies from when a message was due", func(m figure) string {
		if m.Half == nil {
			return ""
		}
		return fmt.Sprintf("%.0f: %s", m.Half.Rate/1e3, latencies(*m.Half))
	})
	rep.section(w, "connections a second, thousands; ratio to the best floor", func(m figure) string {
		if m.Connects == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f%s (%s)", m.Connects/1e3, star(m), cmp.Or(number("%.2f", m.Ratio), "-"))
	})
	rep.section(w, "bytes per connection: resident / proportional / of the kernel, both ends", func(m figure) string {
		if m.Bytes == 0 {
			return ""
		}
		return fmt.Sprintf("%.0f / %.0f / %.0f", m.Bytes, m.Pss, m.Kernel)
	})
	rep.section(w, "processor seconds an hour for 100,000 idle connections, a ping every 25 s", func(m figure) string {
		return number("%.0f", m.IdleCost)
	})
	rep.growth(w)
	rep.goals(w)
	rep.holes(w)
}

// disturbing is the share of the machine in use by others that makes a figure doubtful.
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

// section is a table without the columns in which it has nothing to say.
func (rep *report) section(w io.Writer, title string, text func(figure) string) {
	var columns []work
	for _, work := range rep.Works {
		for _, c := range rep.Cells {
			if c.Work == work.Name && c.Fault == "" && text(c.Median) != "" {
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

// text of one cell; a fault is no number.
func (rep *report) text(server, work string, text func(figure) string) string {
	switch c := rep.cell(server, work); {
	case c == nil || c.Fault == notSpoken:
		return ""
	case strings.Contains(c.Fault, "lost: "):
		return "LOST"
	case c.Fault != "":
		return "FAILED"
	default:
		return text(c.Median)
	}
}

// goals says what was met and what was missed.
func (rep *report) goals(w io.Writer) {
	if len(rep.Goals) == 0 {
		return
	}
	fmt.Fprintf(w, "\ngoals\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	for _, v := range rep.Goals {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%v\n", v.Server, v.Work, v.What, v)
	}
}

// holes says why there is no number.
func (rep *report) holes(w io.Writer) {
	title := "\nno number:\n"
	for _, c := range rep.Cells {
		if c.Fault != "" && c.Fault != notSpoken {
			fmt.Fprintf(w, "%s  %s at %s: %s\n", title, c.Server, c.Work, c.Fault)
			title = ""
		}
	}
}

func (rep *report) rounds() (n int) {
	for _, c := range rep.Cells {
		n = max(n, len(c.Rounds))
	}
	return n
}

// number is empty for none.
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
