package main

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// line is a figure of one server by number of connections.
type line struct {
	name   string
	style  draw.LineStyle
	points []point
}

type point struct{ x, y float64 }

// lines draws lines with the names of the servers at the right ends.
type lines []line

// growth has a panel for memory and one for processor time; neither should grow with the number of connections.
func growth(run *result.Run) (*page, error) {
	p := &page{legend: kinds(), height: 13 * vg.Centimeter}
	p.lines("Memory as the number of connections grows", "bytes a connection since the first reading (logarithmic)", linesOf(run, memory))
	p.lines("Processor time as a room grows, one message in flight", "server microseconds a delivery (logarithmic)", linesOf(run, processor))
	return p, nil
}

func linesOf(run *result.Run, of func(*result.Run, result.Server) []point) (ls lines) {
	dashes := [][]vg.Length{nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)}}
	ours, count := 0, 0
	for _, s := range run.Servers {
		points := of(run, s)
		if len(points) < 2 {
			continue
		}
		style := draw.LineStyle{Color: hue(s, 1), Width: vg.Points(1.5), Dashes: dashes[count%len(dashes)]}
		count++
		if !s.Floor && !s.Rival {
			style.Width, style.Dashes, style.Color = vg.Points(3), nil, hue(s, 1+ours%2)
			ours++
		}
		ls = append(ls, line{name: s.Name, style: style, points: points})
	}
	return ls
}

// memory returns the growth per connection from the first reading to each later one.
func memory(run *result.Run, s result.Server) (points []point) {
	for _, w := range run.Workloads {
		c := run.Cell(s.Name, w.Name)
		if w.Kind != "idle" || c.Empty() || c.Fault != "" {
			continue
		}
		for i := 1; i < len(c.Rounds[0].Memory); i++ {
			grown := c.MedianOf(func(r result.Result) float64 {
				if i >= len(r.Memory) {
					return 0
				}
				from, to := r.Memory[0], r.Memory[i]
				return float64(to.Rss-from.Rss) / float64(to.Connections-from.Connections)
			})
			points = append(points, point{float64(c.Rounds[0].Memory[i].Connections), grown})
		}
	}
	return positive(points)
}

// processor returns the processor time per delivery in rooms of several sizes.
func processor(run *result.Run, s result.Server) (points []point) {
	for _, w := range run.Members(1) {
		if c := run.Cell(s.Name, w.Name); !c.Empty() && c.Fault == "" {
			members, _ := w.Flag("members")
			points = append(points, point{float64(members), c.MedianOf(func(r result.Result) float64 { return r.ServerCPU })})
		}
	}
	return positive(points)
}

func positive(points []point) []point {
	return slices.DeleteFunc(points, func(p point) bool { return !(p.y > 0) || math.IsInf(p.y, 0) })
}

func (p *page) lines(title, y string, ls lines) {
	if len(ls) == 0 {
		return
	}
	low, high, widest := math.Inf(1), 0.0, 0.0
	for _, l := range ls {
		for _, pt := range l.points {
			low, high, widest = min(low, pt.y), max(high, pt.y), max(widest, pt.x)
		}
	}
	panel := newPanel(title, "connections", y)
	onLog(&panel.Y, low, high, 1.6)
	panel.X.Min, panel.X.Max = 0, widest*1.38 // space for the names
	panel.X.Tick.Marker = plot.TickerFunc(func(float64, float64) (ticks []plot.Tick) {
		for n := 0.0; n <= widest; n += 5000 {
			ticks = append(ticks, plot.Tick{Value: n, Label: human(n)})
		}
		return ticks
	})
	panel.Add(ls)
	p.panels = append(p.panels, panel)
}

// Plot implements plot.Plotter.
func (ls lines) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(draw.LineStyle{Color: gridGrey, Width: vg.Points(.7)}, c.Min.X, toY(t.Value), c.Max.X, toY(t.Value))
		}
	}
	ends := make([]end, len(ls))
	for i, l := range ls {
		var path []vg.Point
		for _, pt := range l.points {
			path = append(path, vg.Point{X: toX(pt.x), Y: toY(pt.y)})
			c.DrawGlyph(draw.GlyphStyle{Color: l.style.Color, Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}, path[len(path)-1])
		}
		c.StrokeLines(l.style, path)
		last := path[len(path)-1]
		ends[i] = end{line: l, at: last, label: last.Y}
	}
	for _, e := range apart(ends, vg.Points(11), c.Min.Y) {
		e.draw(c, toX(p.X.Max/1.38)+vg.Points(22))
	}
}

// end has the positions of the end of a line and of its name.
type end struct {
	line
	at    vg.Point
	label vg.Length
}

// apart moves overlapping names apart, as little as possible and not below floor.
func apart(ends []end, gap, floor vg.Length) []end {
	slices.SortFunc(ends, func(a, b end) int { return cmp.Compare(a.label, b.label) })
	for range 100 { // each pass shares an overlap between two neighbours
		for i := range ends {
			if ends[i].label < floor {
				ends[i].label = floor
			}
			if i == 0 {
				continue
			}
			if lack := gap - (ends[i].label - ends[i-1].label); lack > 0 {
				ends[i-1].label -= lack / 2
				ends[i].label += lack / 2
			}
		}
	}
	return ends
}

// draw writes the name at x, and a thin line to it from the end.
func (e end) draw(c draw.Canvas, x vg.Length) {
	c.StrokeLine2(draw.LineStyle{Color: gridGrey, Width: vg.Points(.7)}, e.at.X+vg.Points(3), e.at.Y, x-vg.Points(2), e.label)
	style := letters(10, color.Black)
	style.YAlign = text.YCenter
	name := fmt.Sprintf("%s %s", e.name, three(e.points[len(e.points)-1].y))
	c.FillText(style, vg.Point{X: x, Y: e.label}, name)
}
