package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// row has the figures of one server in a panel, the first one at the top.
type row struct {
	server result.Server
	marks  []mark
}

// mark is one figure. If there is no figure, hole is the text in its place.
type mark struct {
	value float64
	label string
	hole  string
	color color.Color
}

// bars draws the marks of a row as bars below each other, with their labels at the ends.
type bars []row

// spread draws the marks of a row as points on one line.
type spread []row

const rowHeight = 0.34 * vg.Centimeter // of one bar

// names draws the names of the servers on the Y axis, and lines between them.
func names(p *plot.Plot, rows []row) {
	ticks := make([]plot.Tick, len(rows))
	for i, r := range rows {
		ticks[i] = plot.Tick{Value: y(rows, i), Label: r.server.Name}
	}
	p.Y.Min, p.Y.Max = -.5, float64(len(rows))-.5
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Tick.Length = 0
	p.Y.Padding = 0
	p.X.Padding = 0
}

// y returns the Y value of row i; the first row is at the top.
func y(rows []row, i int) float64 { return float64(len(rows) - 1 - i) }

// Plot implements plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	verticals(c, p, toX)
	slot := (toY(1) - toY(0)) * 8 / 10
	for i, r := range b {
		height := slot / vg.Length(len(r.marks))
		top := toY(y(b, i)) + slot/2
		for k, m := range r.marks {
			from := vg.Point{X: c.Min.X, Y: top - height*vg.Length(k+1)}
			m.bar(c, from, toX, height)
		}
	}
}

func (m mark) bar(c draw.Canvas, from vg.Point, toX func(float64) vg.Length, height vg.Length) {
	style := letters(9, color.Black)
	style.YAlign = text.YCenter
	end := vg.Point{X: from.X, Y: from.Y + height/2}
	if m.hole != "" {
		style.Color = red
		c.FillText(style, end.Add(vg.Point{X: vg.Points(4)}), m.hole)
		return
	}
	if m.value <= 0 {
		style.Color = grey
		c.FillText(style, end.Add(vg.Point{X: vg.Points(4)}), m.label)
		return
	}
	end.X = toX(m.value)
	c.FillPolygon(m.color, []vg.Point{from, {X: end.X, Y: from.Y}, {X: end.X, Y: from.Y + height*.92}, {X: from.X, Y: from.Y + height*.92}})
	c.FillText(style, end.Add(vg.Point{X: vg.Points(3)}), m.label)
}

// Plot implements plot.Plotter.
func (s spread) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	verticals(c, p, toX)
	for i, r := range s {
		at := toY(y(s, i))
		if hole := r.marks[0].hole; hole != "" {
			style := letters(9, red)
			style.YAlign = text.YCenter
			c.FillText(style, vg.Point{X: c.Min.X + vg.Points(4), Y: at}, hole)
			continue
		}
		if r.marks[0].value <= 0 {
			continue
		}
		first, last := r.marks[0], r.marks[len(r.marks)-1]
		c.StrokeLine2(draw.LineStyle{Color: first.color, Width: vg.Points(3)}, toX(first.value), at, toX(last.value), at)
		for _, m := range r.marks {
			c.DrawGlyph(draw.GlyphStyle{Color: m.color, Radius: vg.Points(4.5), Shape: draw.CircleGlyph{}}, vg.Point{X: toX(m.value), Y: at})
		}
		style := letters(9, color.Black)
		style.YAlign = text.YCenter
		c.FillText(style, vg.Point{X: toX(last.value) + vg.Points(8), Y: at}, last.label)
	}
}

// verticals draws the grid lines at the labels of the X axis.
func verticals(c draw.Canvas, p *plot.Plot, toX func(float64) vg.Length) {
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(draw.LineStyle{Color: gridGrey, Width: vg.Points(.7)}, toX(t.Value), c.Min.Y, toX(t.Value), c.Max.Y)
		}
	}
}
