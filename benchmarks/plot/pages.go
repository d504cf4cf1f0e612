package main

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// deliveries has a panel for each size of a room, and in it a bar for each number of messages
// in flight.
func deliveries(run *result.Run) (*page, error) {
	p := &page{legend: kinds()}
	for _, members := range []int{1000, 10000} {
		works := run.Room(members)
		works = works[:min(len(works), 3)]
		rows := rowsOf(run, works, func(c *result.Cell, s result.Server, shade int) mark {
			v := c.MedianOf(func(r result.Result) float64 { return r.Rate })
			m := mark{value: v, label: human(v), color: hue(s, shade)}
			if c.Median.Saturated {
				m.label += "*"
			}
			return m
		})
		shades := ""
		for _, w := range works {
			n, _ := w.Flag("inflight")
			shades += fmt.Sprintf(", %d", n)
		}
		if len(rows) > 0 {
			title := fmt.Sprintf("A room of %s, messages in flight from light to dark:%s", three(float64(members)), shades[1:])
			p.bars(title, "deliveries a second (more is better; logarithmic)", rows)
		}
	}
	return p, nil
}

// idle is one bar for each server.
func idle(run *result.Run) (*page, error) {
	p := &page{legend: kinds()}
	for _, w := range run.Workloads {
		if w.Kind != "idle" {
			continue
		}
		rows := rowsOf(run, []result.Workload{w}, func(c *result.Cell, s result.Server, _ int) mark {
			v := c.MedianOf(func(r result.Result) float64 { return r.BytesPerConn })
			return mark{value: v, label: three(math.Round(v)) + " B", color: hue(s, 1)}
		})
		if len(rows) > 0 {
			p.bars("Resident memory of an idle connection, joined to a room", "bytes a connection, the kernel's not counted (less is better; logarithmic)", rows)
		}
	}
	return p, nil
}

// latency has a panel for each number of messages in flight in a room of 1,000.
func latency(run *result.Run) (*page, error) {
	p := &page{legend: append(kinds(), entry{"points: p50, p99, p99.9 (figures at the last)", hue(result.Server{Floor: true}, 2)})}
	quantiles := []func(result.Result) float64{
		func(r result.Result) float64 { return r.P50 / 1e3 },
		func(r result.Result) float64 { return r.P99 / 1e3 },
		func(r result.Result) float64 { return r.P999 / 1e3 },
	}
	for _, w := range run.Room(1000) {
		var rows []row
		for _, s := range run.Servers {
			c := run.Cell(s.Name, w.Name)
			if c.Empty() {
				continue
			}
			r := row{server: s}
			for i, of := range quantiles {
				r.marks = append(r.marks, mark{value: c.MedianOf(of), hole: c.Failure(), color: hue(s, i)})
			}
			r.marks[2].label = fmt.Sprintf("%s / %s / %s", three(r.marks[0].value), three(r.marks[1].value), three(r.marks[2].value))
			rows = append(rows, r)
		}
		if inflight, _ := w.Flag("inflight"); len(rows) > 0 {
			title := fmt.Sprintf("Room of 1,000, in flight: %d", inflight)
			p.panel(title, "ms from send to arrival (less is better; logarithmic)", rows, 2, 6).Add(spread(rows))
		}
	}
	return p, nil
}

// rowsOf returns a row for each server with a result for one of the workloads, with a mark for each workload.
func rowsOf(run *result.Run, works []result.Workload, of func(*result.Cell, result.Server, int) mark) (rows []row) {
	for _, s := range run.Servers {
		r, any := row{server: s}, false
		for i, w := range works {
			c := run.Cell(s.Name, w.Name)
			if c.Empty() {
				r.marks = append(r.marks, mark{label: "not done"})
				continue
			}
			m := of(c, s, 2-(len(works)-1-i)) // the last one is the darkest
			m.hole = c.Failure()
			r.marks, any = append(r.marks, m), true
		}
		if any {
			rows = append(rows, r)
		}
	}
	return rows
}

func (p *page) bars(title, x string, rows []row) {
	p.panel(title, x, rows, len(rows[0].marks), 2.2).Add(bars(rows))
}

// panel has the servers on Y and the values, logarithmic, on X. Each row is as high as that
// many bars; right is the space for labels, as a factor of the largest value.
func (p *page) panel(title, x string, rows []row, high int, right float64) *plot.Plot {
	least, most := math.Inf(1), 0.0
	for _, r := range rows {
		for _, m := range r.marks {
			if m.value > 0 {
				least, most = min(least, m.value), max(most, m.value)
			}
		}
	}
	if most == 0 { // no figure at all
		least, most = 1, 10
	}
	panel := newPanel(title, x, "")
	names(panel.Plot, rows)
	onLog(&panel.X, least, most, right)
	p.panels = append(p.panels, panel)
	p.height = max(p.height, vg.Length(len(rows))*(rowHeight*vg.Length(high)+vg.Points(6))+2.8*vg.Centimeter)
	return panel.Plot
}
