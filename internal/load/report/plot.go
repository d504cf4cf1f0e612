package report

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The plots are SVG laid out here and written by the page's template, which escapes them. A
// library for plots (gonum.org/v1/plot, vgsvg) made the binary 7.4 MB larger (of 9.3) for
// the same three lines.

// The plot's area in the units of its viewBox; around it are the labels.
const (
	plotWidth, plotHeight   = 760.0, 200.0
	plotLeft, plotTop       = 70.0, 10.0
	plotRight, plotBottom   = 12.0, 30.0
	totalWidth, totalHeight = plotLeft + plotWidth + plotRight, plotTop + plotHeight + plotBottom
)

// chart is a plot in the form that the template needs.
type chart struct {
	Title, Caption string
	Lines          []line
	X, Y           []tick
}

// line is one curve: Path is the d of an SVG path.
type line struct {
	Name, Class, Path string
	Last              string // the greatest value, for the legend
}

// tick is a mark on an axis, at a coordinate of the viewBox.
type tick struct {
	At   float64
	Text string
}

// curve is the data of a line: a value for each second, NaN where there is none.
type curve struct {
	name, class string
	values      []float64
}

// axis maps values to coordinates.
type axis struct {
	low, high float64
	log       bool
	format    func(float64) string
}

// charts are the plots that the series has data for.
func (r *Report) charts() (all []chart) {
	n := r.seconds()
	add := func(title, caption string, log bool, format func(float64) string, curves ...curve) {
		if c, ok := draw(n, log, format, curves); ok {
			c.Title, c.Caption = title, caption
			all = append(all, c)
		}
	}
	of := func(name, class string, value func(Second) float64) curve {
		return r.Series.curve(n, name, class, value)
	}
	p := r.latencyOf()
	add("Latency over time", p.Title()+": "+p.Meaning(), true, asSpan,
		of("max", "c3", func(s Second) float64 { return orNone(s.Max.Seconds()) }),
		of("p99", "c2", func(s Second) float64 { return orNone(s.P99.Seconds()) }),
		of("p50", "c1", func(s Second) float64 { return orNone(s.P50.Seconds()) }))
	target := func(value func(*Target) float64) func(Second) float64 {
		return func(s Second) float64 {
			if s.Target == nil {
				return math.NaN()
			}
			return value(s.Target)
		}
	}
	add("Connections over time", "open at the end of each second", false, short,
		of("target", "c2", target(func(t *Target) float64 { return orNone(float64(t.Connections)) })),
		of("load tester", "c1", func(s Second) float64 { return float64(s.Connections) }))
	add("Messages per second", "sent, and delivered to all subscribers together", true, short,
		of("delivered", "c1", func(s Second) float64 { return orNone(float64(s.Delivered)) }),
		of("sent", "c2", func(s Second) float64 { return orNone(float64(s.Sent)) }))
	add("Memory of the target", "resident, and the heap of a Go program within it", false, asSize,
		of("resident", "c1", target(func(t *Target) float64 { return orNone(float64(t.Resident)) })),
		of("heap", "c2", target(func(t *Target) float64 { return orNone(float64(t.Heap)) })))
	add("CPU of the target", "cores in use; the busiest loop's share of its time", false, three,
		of("cores", "c1", target(func(t *Target) float64 { return orNone(t.CPU) })),
		of("busiest loop", "c2", target(func(t *Target) float64 { return orNone(t.LoopBusy) })))
	return all
}

func orNone(v float64) float64 {
	if v == 0 {
		return math.NaN()
	}
	return v
}

// short is a number in the short form of an axis: 15 k, 1.5 M.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return three(v/1e6) + " M"
	case v >= 1e4:
		return three(v/1e3) + " k"
	}
	return three(v)
}

// curve is one value of each second of the series.
func (s Series) curve(n int, name, class string, value func(Second) float64) curve {
	c := curve{name, class, make([]float64, n)}
	for i := range c.values {
		c.values[i] = math.NaN()
	}
	for _, sec := range s {
		if v := value(sec); v >= 0 && v < highestValue { // a file may say anything
			c.values[sec.At] = v
		}
	}
	return c
}

// The values that are plotted, far beyond those that can be measured.
const (
	lowestValue  = 1e-10
	highestValue = 1e19
)

// draw lays out a plot over n seconds; it is not ok if there is nothing to show.
func draw(n int, log bool, format func(float64) string, curves []curve) (c chart, ok bool) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, k := range curves {
		for _, v := range k.values {
			if !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if high < lowestValue {
		return c, false
	}
	a := newAxis(low, high, log, format)
	for _, k := range curves {
		if path, most := a.path(k.values, n); path != "" {
			c.Lines = append(c.Lines, line{k.name, k.class, path, format(most)})
		}
	}
	c.X, c.Y = timeTicks(n), a.ticks()
	return c, true
}

func newAxis(low, high float64, log bool, format func(float64) string) axis {
	a := axis{log: log, format: format}
	if log {
		a.low, a.high = math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high*1.001)))
		return a
	}
	step := niceStep(high)
	a.high = math.Ceil(high*1.001/step) * step
	return a
}

// niceStep is 1, 2 or 5 times a power of ten, some five of which make high.
func niceStep(high float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(high/4)))
	for _, f := range []float64{1, 2, 5} {
		if high/(power*f) <= 5 {
			return power * f
		}
	}
	return power * 10
}

func (a axis) y(v float64) float64 {
	share := (v - a.low) / (a.high - a.low)
	if a.log {
		share = math.Log(v/a.low) / math.Log(a.high/a.low)
	}
	return round(plotTop + plotHeight*(1-share))
}

func (a axis) ticks() (t []tick) {
	if !a.log {
		for i, step := 0, niceStep(a.high); float64(i)*step <= a.high*1.001; i++ {
			v := float64(i) * step
			t = append(t, tick{a.y(v), a.format(v)})
		}
		return t
	}
	for v := a.low; v <= a.high*1.001; v *= 10 {
		t = append(t, tick{a.y(v), a.format(v)})
	}
	return t
}

// maxPoints bounds the points of a line: of more seconds the greatest of each few is drawn.
const maxPoints = 1000

// path draws the values over n seconds; what is missing is a gap. most is the greatest value.
func (a axis) path(values []float64, n int) (d string, most float64) {
	var b strings.Builder
	each := (len(values) + maxPoints - 1) / maxPoints
	begin := true
	for i := 0; i < len(values); i += each {
		v := greatest(values[i:min(i+each, len(values))])
		if math.IsNaN(v) {
			begin = true
			continue
		}
		most = max(most, v)
		x, y := timeX(float64(i)+.5, n), a.y(v)
		if begin {
			fmt.Fprintf(&b, "M%g %gh0.1", x, y) // a single second is a dot
		} else {
			fmt.Fprintf(&b, "L%g %g", x, y)
		}
		begin = false
	}
	return b.String(), most
}

// greatest ignores missing values.
func greatest(values []float64) float64 {
	m := math.NaN()
	for _, v := range values {
		if math.IsNaN(m) || v > m {
			m = v
		}
	}
	return m
}

func timeX(second float64, n int) float64 { return round(plotLeft + plotWidth*second/float64(n)) }

func round(v float64) float64 { return math.Round(v*10) / 10 }

// timeTicks are some six marks on the axis of time.
func timeTicks(n int) (t []tick) {
	step := 1
	for _, s := range []int{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400, 864000} {
		step = s
		if n/s <= 8 {
			break
		}
	}
	for s := 0; s <= n; s += step {
		t = append(t, tick{timeX(float64(s), n), strings.TrimSuffix((time.Duration(s) * time.Second).String(), "m0s")})
		if last := &t[len(t)-1]; s >= 60 && s%60 == 0 {
			last.Text = strings.TrimSuffix((time.Duration(s) * time.Second).String(), "0s")
		}
	}
	return t
}
