//go:build linux

package main

import (
	"fmt"
	"slices"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// goal is a goal for one server at some workloads.
type goal struct {
	Server    string
	Workloads []string // in the syntax of --only
	Want      float64
	Most      bool                           // Want is an upper bound, otherwise a lower one
	What      string                         // the value
	values    func(*report, *cell) []float64 // of each round
	mode      mode
}

type mode int

const (
	anyMode mode = iota
	pinnedOnly
	unpinnedOnly
)

var (
	oneInFlight  = []string{"1x1000/1", "1x10000/1", "1x*000/1/churned"}
	manyInFlight = []string{"1x1000/16", "1x1000/64", "1x10000/16", "1x10000/64", "1x*000/16/churned"}
	ofTheBest    = "of the better of floor and best rival"
)

// goals are those of the project; docs/benchmarks.md says which are met.
var goals = []goal{
	{Server: "netpoll", Workloads: []string{"idle"}, Want: 250, Most: true, What: "resident bytes per connection", values: bytesOf},
	{Server: "throng", Workloads: []string{"idle"}, Want: 512, Most: true, What: "resident bytes per connection", values: bytesOf},
	{Server: "netpoll", Workloads: slices.Concat(oneInFlight, manyInFlight), Want: 0.95, What: ofTheBest, values: ofBest},
	{Server: "throng", Workloads: slices.Concat(oneInFlight, manyInFlight), Want: 0.85, What: ofTheBest, values: ofBest},
	{Server: "netpoll", Workloads: manyInFlight, Want: 1, What: "best rival's p99 by ours", values: p99OfRivals},
	{Server: "throng", Workloads: manyInFlight, Want: 1, What: "best rival's p99 by ours", values: p99OfRivals},
	{Server: "netpoll", Workloads: manyInFlight, Want: 0.9, What: "of its rate at fewer in flight (no cliff)", values: ofFewer},
	{Server: "throng", Workloads: manyInFlight, Want: 0.9, What: "of its rate at fewer in flight (no cliff)", values: ofFewer},
	{Server: "netpoll", Workloads: []string{"1000x10"}, Want: 0.9, What: "of the floor", values: ofFloor, mode: pinnedOnly},
	{Server: "throng", Workloads: []string{"1000x10"}, Want: 0.9, What: "of the floor", values: ofFloor, mode: pinnedOnly},
	{Server: "netpoll", Workloads: []string{"1000x10"}, Want: 1, What: "of the best rival, two loops each", values: ofRivals, mode: unpinnedOnly},
	{Server: "throng", Workloads: []string{"1000x10"}, Want: 1, What: "of the best rival, two loops each", values: ofRivals, mode: unpinnedOnly},
	{Server: "netpoll", Workloads: []string{"echo/*"}, Want: 0.95, What: "of the floor", values: ofFloor},
	{Server: "throng", Workloads: []string{"echo/*"}, Want: 0.95, What: "of the floor", values: ofFloor},
	{Server: "netpoll", Workloads: []string{"connect"}, Want: 1, What: "of the stock gnet engine", values: ofGnet},
	{Server: "throng", Workloads: []string{"connect"}, Want: 1, What: "of the stock gnet engine", values: ofGnet},
}

func bytesOf(_ *report, c *cell) []float64 {
	return c.Each(func(r result.Result) float64 { return r.BytesPerConn })
}

func ofBest(rep *report, c *cell) []float64 {
	floor := rep.floorsOf(c)
	return rep.ratios(c, score(rep.kind(c.Workload)), func(s server) bool { return floor(s) || s.Rival })
}

func ofFloor(rep *report, c *cell) []float64 {
	return rep.ratios(c, score(rep.kind(c.Workload)), rep.floorsOf(c))
}

func ofRivals(rep *report, c *cell) []float64 {
	return rep.ratios(c, score(rep.kind(c.Workload)), func(s server) bool { return s.Rival })
}

func ofGnet(rep *report, c *cell) []float64 {
	return rep.ratios(c, score(rep.kind(c.Workload)), func(s server) bool { return s.Name == "gnet" })
}

func p99OfRivals(rep *report, c *cell) []float64 {
	return rep.ratios(c, func(r result.Result) float64 { return inverse(r.P99) }, func(s server) bool { return s.Rival })
}

// ofFewer compares with the same room and the next smaller number in flight that was measured.
func ofFewer(rep *report, c *cell) []float64 {
	var members, inflight int
	var churned string
	fmt.Sscanf(c.Workload, "1x%d %d %s", &members, &inflight, &churned)
	for _, fewer := range []int{16, 1} {
		name := fmt.Sprintf("1x%d %d", members, fewer)
		if churned != "" {
			name += " " + churned
		}
		if less := rep.Cell(c.Server, name); fewer < inflight && less != nil && less.Fault == "" {
			return c.RatiosTo(less, score("fanout"))
		}
	}
	return nil
}

// judge returns a verdict for every goal that concerns this run.
func (rep *report) judge() (out []verdict) {
	for _, g := range goals {
		if g.mode == pinnedOnly && !rep.Pinned || g.mode == unpinnedOnly && rep.Pinned {
			continue
		}
		for _, w := range rep.Workloads {
			named := func(p string) bool { return matches(p, w.Name) }
			if c := rep.Cell(g.Server, w.Name); c != nil && slices.ContainsFunc(g.Workloads, named) {
				out = append(out, g.verdict(rep, c))
			}
		}
	}
	return out
}

func (g goal) verdict(rep *report, c *cell) verdict {
	v := verdict{Server: g.Server, Workload: c.Workload, What: g.What, Want: g.Want, Most: g.Most}
	if v.NoValue = c.Fault; v.NoValue != "" {
		return v
	}
	values := g.values(rep, c)
	if v.Value, v.Uncertainty = result.Median(values), uncertainty(values); v.Value == 0 {
		v.NoValue = "the server to compare with was not measured"
		return v
	}
	v.Met = v.Value >= g.Want
	if g.Most {
		v.Met = v.Value <= g.Want
	}
	return v
}

// verdictText is "goal 0.95: 0.97 ok", with the uncertainty after the value if it is known.
func verdictText(v verdict) string {
	least, format := "", "%.2f"
	if v.Most {
		least, format = "at most ", "%.0f"
	}
	goal := "goal " + least + fmt.Sprintf(format, v.Want)
	if v.NoValue != "" {
		return fmt.Sprintf("%s: no figure (%s)", goal, v.NoValue)
	}
	value := fmt.Sprintf(format, v.Value)
	if v.Uncertainty > 0 {
		value += " ± " + fmt.Sprintf(format, v.Uncertainty)
	}
	return goal + ": " + value + " " + verdictWord(v.Met)
}

func verdictWord(met bool) string {
	if met {
		return "ok"
	}
	return "MISSED"
}
