package report

import (
	"fmt"
	"html"
	"html/template"
	"strings"
)

// inline turns an SVG file into an element of a page: with a title for screen
// readers, as wide as there is room, in the page's font and colours.
func inline(svg, id, title string) template.HTML {
	svg = svgTag.ReplaceAllLiteralString(svg, "") // drawn from numbers, and from labels that plot escapes
	svg = svgColor.ReplaceAllStringFunc(svg, func(hex string) string {
		switch {
		case hex == "#010101":
			return "var(--muted)"
		case hex == "#020202":
			return "var(--rule)"
		case strings.HasPrefix(hex, "#1000"):
			return "var(--c" + hex[6:] + ")"
		case strings.HasPrefix(hex, "#2000"):
			return "var(--c" + hex[6:] + ");fill-opacity:.18"
		case strings.HasPrefix(hex, "#3000"):
			return "var(--c" + hex[6:] + ");stroke-opacity:.55"
		}
		return hex
	})
	svg = svgFamily.ReplaceAllLiteralString(svg, "")
	svg = svgFace.ReplaceAllLiteralString(svg, "")
	svg = svgMark.ReplaceAllStringFunc(svg, shortenNumbers)
	id = html.EscapeString(id)
	return template.HTML(fmt.Sprintf(`<svg class="chart" viewBox="0 0 %g %g" role="img" aria-labelledby="%s"><title id="%s">%s</title>`,
		chartWidth.Points(), chartHeight.Points(), id, id, html.EscapeString(title)) + svg)
}

// shortenNumbers cuts coordinates to hundredths of a point. Labels stay: .005 is no
// coordinate.
func shortenNumbers(mark string) string {
	return svgNumber.ReplaceAllStringFunc(mark, func(n string) string { return n[:strings.IndexByte(n, '.')+3] })
}
