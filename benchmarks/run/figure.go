//go:build linux

package main

import (
	"math"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// saturated is the share of time that a generator is idle, below which it counts as saturated.
const saturated = 0.03

// reading is one figure of a result.
type reading = func(result.Result) float64

// score is the figure that decides for a kind of workload. More is better.
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

func perCPU(r result.Result) float64 { return inverse(r.ServerCPU) }

// finish computes medians and ratios. The ratios are those of each round, because the machine's speed changes.
func (rep *report) finish() {
	for _, c := range rep.Cells {
		if c.Fault != "" {
			continue
		}
		c.Median = figureOf(c, func(r result.Result) result.Result { return r })
		if c.Rounds[0].Half != nil {
			half := figureOf(c, func(r result.Result) result.Result { return *r.Half })
			c.Median.Half = &half
		}
		c.Median.Ratio = result.Median(ofFloor(rep, c))
		c.Median.CPURatio = result.Median(rep.ratios(c, perCPU, rep.floorsOf(c)))
		c.Median.BestRatio = result.Median(ofBest(rep, c))
	}
	rep.Goals = rep.judge()
}

// floorsOf reports which servers a cell is compared with: floors of its own if they were measured, otherwise the
// common ones.
func (rep *report) floorsOf(c *cell) func(server) bool {
	own := func(s server) bool { return s.FloorOf == c.Server }
	if rep.best(c.Workload, score(rep.kind(c.Workload)), own) != nil {
		return own
	}
	batched := rep.Workload(c.Workload).Batched()
	return func(s server) bool { return s.Floor && s.FloorOf == "" && (batched || !s.Batching) }
}

// figureOf computes the medians of the parts of all results.
func figureOf(c *cell, part func(result.Result) result.Result) figure {
	m := func(of reading) float64 { return c.MedianOf(func(r result.Result) float64 { return of(part(r)) }) }
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

// ratios divides a figure of the cell by that of the best of some servers, round by round. It is empty if none of
// them was measured.
func (rep *report) ratios(c *cell, of reading, some func(server) bool) []float64 {
	if best := rep.best(c.Workload, of, some); best != nil {
		return c.RatiosTo(best, of)
	}
	return nil
}

// best is the server with the highest median. The best of each round would be the luckiest one.
func (rep *report) best(work string, of reading, some func(server) bool) (best *cell) {
	for _, s := range rep.Servers {
		c := rep.Cell(s.Name, work)
		if some(s) && c != nil && c.Fault == "" && (best == nil || c.MedianOf(of) > best.MedianOf(of)) {
			best = c
		}
	}
	return best
}

func (rep *report) kind(name string) string { return rep.Workload(name).Kind }

// uncertainty is the standard error of the mean, 0 for fewer than three values.
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
