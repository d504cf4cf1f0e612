package main

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"

	"github.com/throngd/throng/benchmarks/internal/result"
)

var (
	grey     = color.RGBA{0x60, 0x60, 0x60, 0xff}
	gridGrey = color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
	red      = color.RGBA{0xc0, 0x20, 0x20, 0xff}
)

// hue returns a colour for floors, our servers or rivals; shade is 0 (light) to 2 (dark).
func hue(s result.Server, shade int) color.Color {
	switch {
	case s.Floor:
		return [3]color.RGBA{{0xc8, 0xc8, 0xc8, 0xff}, {0x99, 0x99, 0x99, 0xff}, {0x60, 0x60, 0x60, 0xff}}[shade]
	case s.Rival:
		return [3]color.RGBA{{0xf6, 0xc8, 0x8f, 0xff}, {0xe0, 0x95, 0x3f, 0xff}, {0xa8, 0x5f, 0x12, 0xff}}[shade]
	}
	return [3]color.RGBA{{0x9c, 0xc9, 0xec, 0xff}, {0x3f, 0x8f, 0xcf, 0xff}, {0x14, 0x55, 0x8c, 0xff}}[shade]
}

// kinds returns the legend of the hues.
func kinds() []entry {
	return []entry{
		{"floor: system calls, nothing else", hue(result.Server{Floor: true}, 1)},
		{"throng and its netpoll", hue(result.Server{}, 1)},
		{"rivals", hue(result.Server{Rival: true}, 1)},
	}
}

// human formats a number with a unit prefix: 1.2 M, 34 k, 5.6.
func human(v float64) string {
	switch {
	case v >= 999_500:
		return three(v/1e6) + " M"
	case v >= 9_995:
		return three(v/1e3) + " k"
	}
	return three(v)
}

// three formats a number with up to three significant digits.
func three(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < .995:
		return fmt.Sprintf("%.2f", v)
	case v < 9.95:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	case v < 999.5:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%d,%03d", int(math.Round(v))/1000, int(math.Round(v))%1000) // below a million
}

// logTicks has a label at each power of ten and marks between them; if there are few powers, 2
// and 5 have labels as well.
func logTicks(min, max float64) (ticks []plot.Tick) {
	few := math.Log10(max/min) < 2.5
	for power := math.Pow(10, math.Floor(math.Log10(min))); power <= max; power *= 10 {
		for digit := 1.0; digit < 10; digit++ {
			v := power * digit
			if v < min*.999 || v > max {
				continue
			}
			label := ""
			if digit == 1 || few && (digit == 2 || digit == 5) {
				label = human(v)
			}
			ticks = append(ticks, plot.Tick{Value: v, Label: label})
		}
	}
	return ticks
}

// onLog makes the axis logarithmic over the values, with space on the right.
func onLog(a *plot.Axis, min, max, room float64) {
	a.Min, a.Max = min/1.6, max*room
	a.Scale = plot.LogScale{}
	a.Tick.Marker = plot.TickerFunc(logTicks)
}
