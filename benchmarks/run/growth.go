//go:build linux

package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// growing are the workloads whose cost per delivery is compared.
var growing = []string{"1x1000 1", "1x5000 1", "1x10000 1", "1x15000 1"}

// growth prints the cost of a further connection and of a further member as their number grows. The
// bytes must stay the same. The microseconds grow, also those of the floor, because the sockets no
// longer fit into the processor's caches.
func (rep *report) growth(w io.Writer) {
	rep.memorySteps(w)
	var there []string
	for _, name := range growing {
		if rep.kind(name) != "" {
			there = append(there, name)
		}
	}
	if len(there) < 2 {
		return
	}
	fmt.Fprintf(w, "\ngrowth: server processor microseconds per delivery in rooms from %s to %s; the last column is the ratio of last to first\n", there[0], there[len(there)-1])
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	for _, s := range rep.Servers {
		line, first, last := s.Name, 0.0, 0.0
		for _, name := range there {
			line += "\t" + rep.text(s.Name, name, func(m figure) string { return fmt.Sprintf("%.2f", m.ServerCPU) })
			if c := rep.Cell(s.Name, name); c != nil && c.Fault == "" {
				first, last = firstOr(first, c.Median.ServerCPU), c.Median.ServerCPU
			}
		}
		fmt.Fprintf(t, "%s\t%s\t\n", line, number("%.2f", last*inverse(first)))
	}
}

func firstOr(first, x float64) float64 {
	if first == 0 {
		return x
	}
	return first
}

// memorySteps prints the resident bytes of one more connection between each two numbers of them.
func (rep *report) memorySteps(w io.Writer) {
	title := "\ngrowth: resident bytes of one more connection between numbers of connections\n"
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	for _, c := range rep.Cells {
		if c.Fault != "" || len(c.Rounds) == 0 || len(c.Rounds[0].Memory) < 3 {
			continue
		}
		if title != "" {
			fmt.Fprint(w, title)
			fmt.Fprintln(t, header(c.Rounds[0].Memory))
			title = ""
		}
		line := c.Server
		for i := 1; i < len(c.Rounds[0].Memory); i++ {
			line += fmt.Sprintf("\t%.0f", c.MedianOf(func(r result.Result) float64 { return step(r.Memory, i) }))
		}
		fmt.Fprintln(t, line+"\t")
	}
}

func header(m []result.Memory) (line string) {
	for i := 1; i < len(m); i++ {
		line += fmt.Sprintf("\t%d-%d", m[i-1].Connections, m[i].Connections)
	}
	return line + "\t"
}

func step(m []result.Memory, i int) float64 {
	if i >= len(m) || m[i].Connections == m[i-1].Connections {
		return 0
	}
	return float64(m[i].Rss-m[i-1].Rss) / float64(m[i].Connections-m[i-1].Connections)
}
