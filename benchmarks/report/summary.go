package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// The README has at most six servers and five figures of each: ours, the floor, and the fastest of each kind of rival
// (another engine of event loops, a goroutine for each connection, the same protocol).
var (
	summaryServers = []struct{ name, title string }{
		{"floor", "epoll and `send`, nothing else"},
		{"netpoll", "**throng's netpoll**"},
		{"throng", "**throng**"},
		{"gnet", "gnet (event loops)"},
		{"gobwas", "gobwas/ws (a goroutine each)"},
		{"centrifuge", "centrifuge (the same protocol)"},
	}
	summaryWorks = []string{"1x1000 1", "1x1000 16", "1000x10", "echo 16", "idle"}
)

// summary writes the small table of those servers and workloads that the run has.
func summary(w io.Writer, r *result.Run) {
	var works []result.Workload
	for _, work := range r.Workloads {
		if slices.Contains(summaryWorks, work.Name) {
			works = append(works, work)
		}
	}
	head, rule := "|", "|---"
	for _, work := range works {
		head += " | " + title(work)
		rule += "|---:"
	}
	fmt.Fprintf(w, "%s |\n%s|\n", head, rule)
	for _, s := range summaryServers {
		line, any := "| "+s.title, false
		for _, work := range works {
			c := r.Cell(s.name, work.Name)
			if s.name == "floor" {
				c = bestFloor(r, work)
			}
			any = any || !c.Empty()
			line += " | " + text(c, work)
		}
		if any {
			fmt.Fprintln(w, line+" |")
		}
	}
	fmt.Fprintln(w)
}

// bestFloor returns the fastest of the floors in a workload, or the smallest in idle. A floor that sends other bytes than the
// rivals is not one of them.
func bestFloor(r *result.Run, work result.Workload) (best *result.Cell) {
	for _, s := range r.Servers {
		c := r.Cell(s.Name, work.Name)
		if !s.Floor || s.Name == "floor-long" || c.Empty() || c.Failure() != "" {
			continue
		}
		if best == nil || figure(c, work) > figure(best, work) {
			best = c
		}
	}
	return best
}
