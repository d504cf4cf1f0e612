//go:build linux

package main

import (
	"math"
	"slices"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// figure is the median of the rounds.
type figure struct {
	Rate      float64 `json:"rate,omitempty"`
	ServerCPU float64 `json:"server_cpu_us,omitempty"`
	P50       float64 `json:"p50_us,omitempty"`
	P99       float64 `json:"p99_us,omitempty"`
	P999      float64 `json:"p999_us,omitempty"`
	Bytes     float64 `json:"bytes_per_conn,omitempty"`
	Pss       float64 `json:"pss_per_conn,omitempty"`
	Kernel    float64 `json:"kernel_per_conn,omitempty"` // both ends
	Connects  float64 `json:"connects,omitempty"`
	IdleCost  float64 `json:"idle_cost,omitempty"`
	Half      *figure `json:"half,omitempty"` // at half of the rate, on a schedule
	// Saturated is a cell whose generator had no time left: the server may be faster. Its
	// processor time is the figure to compare.
	Saturated bool `json:"saturated,omitempty"`
	// Ratio to the best floor, round by round: of the scores, or of the processor time
	// per delivery (floor over server). More is better in both.
	Ratio    float64 `json:"ratio,omitempty"`
	CPURatio float64 `json:"cpu_ratio,omitempty"`
	// BestRatio is to the better of the best floor and the best rival.
	BestRatio float64 `json:"best_ratio,omitempty"`
}

// saturated is the share of time in which a generator with time to spare sleeps.
const saturated = 0.03

// reading takes one figure out of a result.
type reading = func(result.Result) float64

// score is the figure of a kind of work that says who is better: more is.
func score(kind string) reading {
	switch kind {
	case "idle":
		return func(r result.Result) float64 { return inverse(r.BytesPerConn) }
	case "pings":
		return func(r result.Result) float64 { return inverse(r.IdleCost) }
	case "connect", "recovery":
		return func(r result.Result) float64 { return r.Connects }
	}
	return func(r result.Result) float64 { return r.Rate }
}

func thrift(r result.Result) float64 { return inverse(r.ServerCPU) }

// finish computes medians, and ratios round by round, because the machine drifts.
func (rep *report) finish() {
	for _, c := range rep.Cells {
		if c.Fault != "" {
			continue
		}
		c.Median = c.figure(func(r result.Result) result.Result { return r })
		if c.Rounds[0].Half != nil {
			half := c.figure(func(r result.Result) result.Result { return *r.Half })
			c.Median.Half = &half
		}
		c.Median.Ratio = median(ofFloor(rep, c))
		c.Median.CPURatio = median(rep.ratios(c, thrift, rep.floorsOf(c)))
		c.Median.BestRatio = median(ofBest(rep, c))
	}
	rep.Goals = rep.judge()
}

// floorsOf picks what the cell's server is measured against: floors of its own where they were measured.
func (rep *report) floorsOf(c *cell) func(server) bool {
	own := func(s server) bool { return s.FloorOf == c.Server }
	if rep.best(c.Work, score(rep.kind(c.Work)), own) != nil {
		return own
	}
	batched := rep.work(c.Work).batched()
	return func(s server) bool { return s.Floor && s.FloorOf == "" && (batched || !s.Batching) }
}

// figure of the results, or of what part takes out of them.
func (c *cell) figure(part func(result.Result) result.Result) figure {
	m := func(of reading) float64 { return c.median(func(r result.Result) float64 { return of(part(r)) }) }
	idle := m(func(r result.Result) float64 { return r.GeneratorIdle })
	return figure{
		Rate:      m(func(r result.Result) float64 { return r.Rate }),
		ServerCPU: m(func(r result.Result) float64 { return r.ServerCPU }),
		P50:       m(func(r result.Result) float64 { return r.P50 }),
		P99:       m(func(r result.Result) float64 { return r.P99 }),
		P999:      m(func(r result.Result) float64 { return r.P999 }),
		Bytes:     m(func(r result.Result) float64 { return r.BytesPerConn }),
		Pss:       m(func(r result.Result) float64 { return r.PssPerConn }),
		Kernel:    m(func(r result.Result) float64 { return r.KernelPerConn }),
		Connects:  m(func(r result.Result) float64 { return r.Connects }),
		IdleCost:  m(func(r result.Result) float64 { return r.IdleCost }),
		Saturated: idle > 0 && idle < saturated,
	}
}

func (c *cell) median(of reading) float64 { return median(c.each(of)) }

// each is a figure of every round.
func (c *cell) each(of reading) (all []float64) {
	for _, r := range c.Rounds {
		all = append(all, of(r))
	}
	return all
}

// ratios are the cell's figure by that of the best of some, round by round: none if there is none.
func (rep *report) ratios(c *cell, of reading, some func(server) bool) []float64 {
	if best := rep.best(c.Work, of, some); best != nil {
		return c.by(best, of)
	}
	return nil
}

// by divides the cell's figure by that of another, round by round.
func (c *cell) by(other *cell, of reading) (all []float64) {
	for i, r := range c.Rounds {
		if i < len(other.Rounds) && of(other.Rounds[i]) > 0 {
			all = append(all, of(r)/of(other.Rounds[i]))
		}
	}
	return all
}

// best is the one whose median is highest: the best of each round would be the luckiest.
func (rep *report) best(work string, of reading, some func(server) bool) (best *cell) {
	for _, s := range rep.Servers {
		c := rep.cell(s.Name, work)
		if some(s) && c != nil && c.Fault == "" && (best == nil || c.median(of) > best.median(of)) {
			best = c
		}
	}
	return best
}

func (rep *report) kind(name string) string { return rep.work(name).Kind }

func (rep *report) work(name string) work {
	for _, w := range rep.Works {
		if w.Name == name {
			return w
		}
	}
	return work{}
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// uncertainty is the standard error of the mean, 0 for less than three values, of which it would be a guess.
func uncertainty(all []float64) float64 {
	if len(all) < 3 {
		return 0
	}
	var sum, squares float64
	for _, x := range all {
		sum += x
	}
	mean, n := sum/float64(len(all)), float64(len(all))
	for _, x := range all {
		squares += (x - mean) * (x - mean)
	}
	return math.Sqrt(squares / (n - 1) / n)
}

func inverse(x float64) float64 {
	if x == 0 {
		return 0
	}
	return 1 / x
}
