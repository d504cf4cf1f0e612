//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// print writes the tables: one line a server, one column a work.
func (rep *report) print(w io.Writer) {
	rep.finish()
	fmt.Fprintf(w, "%s, commit %s, %s, %s\n", rep.Date, rep.Commit, rep.Machine, rep.Go)
	fmt.Fprintf(w, "medians of %d rounds of %v, server on one core and generator on another: %v\n", rep.rounds(), rep.Time, rep.Pinned)
	rep.section(w, "thousands of deliveries a second (idle: resident bytes per connection)", func(c *cell) string {
		if c.Median.Rate == 0 {
			return fmt.Sprintf("%.0f B", c.Median.Bytes)
		}
		return fmt.Sprintf("%.0f", c.Median.Rate/1e3)
	})
	rep.section(w, "ratio to the best floor, round by round: deliveries a second", func(c *cell) string {
		return share(c.Median.Ratio)
	})
	rep.section(w, "server processor microseconds per delivery (ratio to the best floor)", func(c *cell) string {
		if c.Median.ServerCPU == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f (%s)", c.Median.ServerCPU, share(c.Median.CPURatio))
	})
	rep.section(w, "p50 / p99 milliseconds from send to arrival", func(c *cell) string {
		if c.Median.P50 == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f / %.2f", c.Median.P50/1e3, c.Median.P99/1e3)
	})
	rep.holes(w)
}

func (rep *report) section(w io.Writer, title string, text func(*cell) string) {
	fmt.Fprintf(w, "\n%s\n", title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	header := ""
	for _, work := range rep.Works {
		header += "\t" + work.Name
	}
	fmt.Fprintln(t, header+"\t")
	for _, s := range rep.Servers {
		line := s.Name
		for _, work := range rep.Works {
			line += "\t" + rep.text(s.Name, work.Name, text)
		}
		fmt.Fprintln(t, line+"\t")
	}
}

// text of one cell; a fault is no number.
func (rep *report) text(server, work string, text func(*cell) string) string {
	switch c := rep.cell(server, work); {
	case c == nil || c.Fault == notSpoken:
		return ""
	case strings.HasPrefix(c.Fault, "lost"):
		return "LOST"
	case c.Fault != "":
		return "FAILED"
	default:
		return text(c)
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

func share(ratio float64) string {
	if ratio == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", ratio)
}

// brief is one result for the eye of who waits.
func brief(w work, r result.Result) string {
	switch {
	case r.Fault == notSpoken:
		return "does not speak this"
	case r.Fault != "":
		return "FAILED: " + r.Fault
	case w.Idle:
		return fmt.Sprintf("%.0f bytes per connection", r.BytesPerConn)
	}
	return fmt.Sprintf("%.0f k/s, %.2f us of server, %.1f a read, generator idle %.0f %%",
		r.Rate/1e3, r.ServerCPU, r.PerRead, 100*r.GeneratorIdle)
}
