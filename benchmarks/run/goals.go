//go:build linux

package main

import (
	"fmt"
	"slices"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// goal is one line of the table of goals: of one server at some works.
type goal struct {
	Server string
	Works  []string // as in --only
	Want   float64
	Most   bool                           // the value may be at most Want; else at least
	What   string                         // the value
	values func(*report, *cell) []float64 // of each round
	mode   mode
}

type mode int

const (
	anyMode mode = iota
	pinnedOnly
	unpinnedOnly
)

// verdict is what came of a goal at one work.
type verdict struct {
	Server string  `json:"server"`
	Work   string  `json:"work"`
	What   string  `json:"what"`
	Want   float64 `json:"want"`
	Most   bool    `json:"most,omitempty"`
	Value  float64 `json:"value"` // the median of the rounds
	// Uncertainty is the standard error of the rounds: processes differ from one start to the next.
	Uncertainty float64 `json:"uncertainty,omitempty"`
	Met         bool    `json:"met"`
	Hole        string  `json:"hole,omitempty"` // why there is no value
}

var (
	oneInFlight  = []string{"1x1000/1", "1x10000/1", "1x*000/1/churned"}
	manyInFlight = []string{"1x1000/16", "1x1000/64", "1x10000/16", "1x10000/64", "1x*000/16/churned"}
	everyone     = "of the better of floor and best rival"
)

// goals are those of the project; docs/benchmarks.md says which are met.
var goals = []goal{
	{Server: "netpoll", Works: []string{"idle"}, Want: 250, Most: true, What: "resident bytes per connection", values: bytesOf},
	{Server: "throng", Works: []string{"idle"}, Want: 512, Most: true, What: "resident bytes per connection", values: bytesOf},
	{Server: "netpoll", Works: slices.Concat(oneInFlight, manyInFlight), Want: 0.95, What: everyone, values: ofBest},
	{Server: "throng", Works: slices.Concat(oneInFlight, manyInFlight), Want: 0.85, What: everyone, values: ofBest},
	{Server: "netpoll", Works: manyInFlight, Want: 1, What: "best rival's p99 by ours", values: p99OfRivals},
	{Server: "throng", Works: manyInFlight, Want: 1, What: "best rival's p99 by ours", values: p99OfRivals},
	{Server: "netpoll", Works: manyInFlight, Want: 0.9, What: "of its rate at fewer in flight (no cliff)", values: ofFewer},
	{Server: "throng", Works: manyInFlight, Want: 0.9, What: "of its rate at fewer in flight (no cliff)", values: ofFewer},
	{Server: "netpoll", Works: []string{"1000x10"}, Want: 0.9, What: "of the floor", values: ofFloor, mode: pinnedOnly},
	{Server: "throng", Works: []string{"1000x10"}, Want: 0.9, What: "of the floor", values: ofFloor, mode: pinnedOnly},
	{Server: "netpoll", Works: []string{"1000x10"}, Want: 1, What: "of the best rival, two loops each", values: ofRivals, mode: unpinnedOnly},
	{Server: "throng", Works: []string{"1000x10"}, Want: 1, What: "of the best rival, two loops each", values: ofRivals, mode: unpinnedOnly},
	{Server: "netpoll", Works: []string{"echo/*"}, Want: 0.95, What: "of the floor", values: ofFloor},
	{Server: "throng", Works: []string{"echo/*"}, Want: 0.95, What: "of the floor", values: ofFloor},
	{Server: "netpoll", Works: []string{"connect"}, Want: 1, What: "of the stock gnet engine", values: ofGnet},
	{Server: "throng", Works: []string{"connect"}, Want: 1, What: "of the stock gnet engine", values: ofGnet},
}

func bytesOf(_ *report, c *cell) []float64 {
	return c.each(func(r result.Result) float64 { return r.BytesPerConn })
}

func ofBest(rep *report, c *cell) []float64 {
	floor := rep.floorsOf(c)
	return rep.ratios(c, score(rep.kind(c.Work)), func(s server) bool { return floor(s) || s.Rival })
}

func ofFloor(rep *report, c *cell) []float64 {
	return rep.ratios(c, score(rep.kind(c.Work)), rep.floorsOf(c))
}

func ofRivals(rep *report, c *cell) []float64 {
	return rep.ratios(c, score(rep.kind(c.Work)), func(s server) bool { return s.Rival })
}

func ofGnet(rep *report, c *cell) []float64 {
	return rep.ratios(c, score(rep.kind(c.Work)), func(s server) bool { return s.Name == "gnet" })
}

func p99OfRivals(rep *report, c *cell) []float64 {
	return rep.ratios(c, func(r result.Result) float64 { return inverse(r.P99) }, func(s server) bool { return s.Rival })
}

// ofFewer compares with the same room and the next smaller number in flight that was measured.
func ofFewer(rep *report, c *cell) []float64 {
	var members, inflight int
	var churned string
	fmt.Sscanf(c.Work, "1x%d %d %s", &members, &inflight, &churned)
	for _, fewer := range []int{16, 1} {
		name := fmt.Sprintf("1x%d %d", members, fewer)
		if churned != "" {
			name += " " + churned
		}
		if less := rep.cell(c.Server, name); fewer < inflight && less != nil && less.Fault == "" {
			return c.by(less, score("fanout"))
		}
	}
	return nil
}

// judge has a verdict for every goal that this run is about.
func (rep *report) judge() (out []verdict) {
	for _, g := range goals {
		if g.mode == pinnedOnly && !rep.Pinned || g.mode == unpinnedOnly && rep.Pinned {
			continue
		}
		for _, w := range rep.Works {
			named := func(p string) bool { return matches(p, w.Name) }
			if c := rep.cell(g.Server, w.Name); c != nil && slices.ContainsFunc(g.Works, named) {
				out = append(out, g.verdict(rep, c))
			}
		}
	}
	return out
}

func (g goal) verdict(rep *report, c *cell) verdict {
	v := verdict{Server: g.Server, Work: c.Work, What: g.What, Want: g.Want, Most: g.Most}
	if v.Hole = c.Fault; v.Hole != "" {
		return v
	}
	values := g.values(rep, c)
	if v.Value, v.Uncertainty = median(values), uncertainty(values); v.Value == 0 {
		v.Hole = "nothing to compare with in this run"
		return v
	}
	v.Met = v.Value >= g.Want
	if g.Most {
		v.Met = v.Value <= g.Want
	}
	return v
}

// String is "goal 0.95: 0.97 ok", with the uncertainty, if it is known, behind the value.
func (v verdict) String() string {
	least, format := "", "%.2f"
	if v.Most {
		least, format = "at most ", "%.0f"
	}
	goal := "goal " + least + fmt.Sprintf(format, v.Want)
	if v.Hole != "" {
		return fmt.Sprintf("%s: no figure (%s)", goal, v.Hole)
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
