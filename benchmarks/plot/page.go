package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// page has panels side by side, with a caption below them.
type page struct {
	panels []panel
	height vg.Length // of the panels
	legend []entry
}

// panel is a plot that draws the names of its axes itself: gonum reserves the space for the name
// of a logarithmic axis in the wrong place.
type panel struct {
	*plot.Plot
	x, y string
}

// entry is a coloured word of the legend.
type entry struct {
	text  string
	color color.Color
}

const (
	panelWidth    = 17 * vg.Centimeter
	captionHeight = 1.7 * vg.Centimeter
	legendHeight  = 0.9 * vg.Centimeter
	axisHeight    = 0.7 * vg.Centimeter // of its name
	margin        = 0.5 * vg.Centimeter
)

func (p *page) write(run *result.Run, path string) error {
	w := panelWidth * vg.Length(len(p.panels))
	h := p.height + captionHeight + legendHeight
	svg := vgsvg.New(w, h)
	all := draw.New(svg)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	tiles := draw.Tiles{Cols: len(p.panels), Rows: 1, PadX: margin, PadLeft: margin, PadRight: margin}
	panels := draw.Crop(all, 0, 0, captionHeight, -legendHeight)
	for i, panel := range p.panels {
		panel.draw(tiles.At(panels, i, 0))
	}
	p.drawLegend(all)
	drawCaption(all, run)
	var b bytes.Buffer
	if _, err := svg.WriteTo(&b); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, fixWidths(b.Bytes()), 0o644)
}

func (p panel) draw(c draw.Canvas) {
	left := vg.Length(0)
	name := letters(11, color.Black)
	name.XAlign, name.YAlign = text.XCenter, text.YCenter
	c.FillText(name, vg.Point{X: c.Center().X, Y: c.Min.Y + axisHeight/2}, p.x)
	if p.y != "" {
		left = axisHeight
		name.Rotation = math.Pi / 2
		c.FillText(name, vg.Point{X: c.Min.X + axisHeight/2, Y: c.Center().Y}, p.y)
	}
	p.Draw(draw.Crop(c, left, 0, axisHeight, 0))
}

// drawLegend writes the entries from left to right along the top.
func (p *page) drawLegend(c draw.Canvas) {
	at := vg.Point{X: c.Min.X + margin, Y: c.Max.Y - legendHeight*2/3}
	for _, e := range p.legend {
		style := letters(11, color.Black)
		size := vg.Points(9)
		c.FillPolygon(e.color, []vg.Point{at, {X: at.X + size, Y: at.Y}, {X: at.X + size, Y: at.Y + size}, {X: at.X, Y: at.Y + size}})
		at.X += size + vg.Points(4)
		c.FillText(style, at, e.text)
		at.X += style.Width(e.text) + vg.Points(18)
	}
}

func drawCaption(c draw.Canvas, run *result.Run) {
	date := run.Date
	if t, err := time.Parse(time.RFC3339, date); err == nil {
		date = t.UTC().Format("2006-01-02 15:04 UTC")
	}
	pinned := "server and generator pinned to a core each"
	if !run.Pinned {
		pinned = "not pinned: server and generator share all cores"
	}
	lines := []string{
		fmt.Sprintf("%s, commit %s, %s, %s", date, run.Commit, run.Machine, run.Go),
		fmt.Sprintf("Medians of %d rounds of %v over loopback, payloads of 100 bytes, %s.", run.Rounds(), run.Time, pinned),
		"LOST, FAILED: no number, see the table for the reason. *: the load generator had no time left.",
	}
	at := vg.Point{X: c.Min.X + margin, Y: c.Min.Y + captionHeight - vg.Points(13)}
	for _, line := range lines {
		c.FillText(letters(9, grey), at, line)
		at.Y -= vg.Points(12)
	}
}

// letters returns a text style whose origin is the left end of the base line.
func letters(size float64, c color.Color) draw.TextStyle {
	return draw.TextStyle{Color: c, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}, Handler: plot.DefaultTextHandler,
		XAlign: text.XLeft, YAlign: text.YBottom}
}

// newPanel returns a panel with a title and the names of its axes.
func newPanel(title, x, y string) panel {
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = vg.Points(8)
	style := func(size float64, to *draw.TextStyle) { to.Font = letters(size, color.Black).Font }
	style(13, &p.Title.TextStyle)
	style(10, &p.X.Tick.Label)
	style(11, &p.Y.Tick.Label)
	return panel{Plot: p, x: x, y: y}
}
