package main

import (
	"fmt"
	"html"
	"image/color"
	"regexp"
	"strconv"
)

// The texts are laid out with the widths of Liberation Sans, which most readers do not have. So each text has its width,
// and the viewer fits its own font into it.

const (
	laidOut = "font-family:Liberation Sans;"
	fonts   = "font-family:Liberation Sans,Arimo,Arial,Helvetica,sans-serif;"
)

var textElement = regexp.MustCompile(`<text ([^>]*style="` + laidOut + `([^"]*font-size:([0-9.]+)px[^"]*)")>([^<]*)</text>`)

// fixWidths adds a textLength and fallback fonts to every text of gonum's SVG file.
func fixWidths(svg []byte) []byte {
	return textElement.ReplaceAllFunc(svg, func(element []byte) []byte {
		m := textElement.FindSubmatch(element)
		size, err := strconv.ParseFloat(string(m[3]), 64)
		if err != nil || len(m[4]) == 0 {
			return element
		}
		width := letters(size, color.Black).Width(html.UnescapeString(string(m[4])))
		attributes := m[1][:len(m[1])-len(m[2])-len(laidOut)-1]
		return fmt.Appendf(nil, `<text textLength="%.1f" lengthAdjust="spacingAndGlyphs" %s%s%s">%s</text>`,
			width.Points(), attributes, fonts, m[2], m[4])
	})
}
