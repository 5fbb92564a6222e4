package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// chart is a plot that becomes part of the page. Its colours are names, to which
// the page's style gives values for light, dark and print.
type chart struct {
	title  string // read aloud
	x      string // label of the axis
	curves []curve
	bars   []Bin
	rates  []Rate    // a bar each, with its interval; their styles are 0, 1, 2 …
	shares bool      // y is a share, drawn from 0 to 100 %
	ticks  []float32 // on x; nil for round numbers
}

// curve is one line of a chart.
type curve struct {
	name   string
	style  int  // its colour and dashes
	strong bool // drawn heavier, with its interval as a band
	points []curvePoint
}

// curvePoint is a point with its interval; low and high are equal without one.
type curvePoint struct{ x, y, low, high float64 }

// Placeholders for colours that are not those of curves: gonum/plot writes them
// as #RRGGBB, and [inline] replaces them.
var (
	inkColor  = color.NRGBA{1, 1, 1, 255}
	ruleColor = color.NRGBA{2, 2, 2, 255}
)

// styles is the number of colours; dashes vary besides.
const styles = 8

var dashes = [][]vg.Length{nil, {5, 2.5}, {1.5, 2}, {7, 2, 1.5, 2}}

func curveColor(style int) color.NRGBA { return roleColor(0x10, style) }

// A band is filled and an interval's bar drawn in a paler version of the
// curve's colour.
func bandColor(style int) color.NRGBA { return roleColor(0x20, style) }

func barColor(style int) color.NRGBA { return roleColor(0x30, style) }

func roleColor(of uint8, style int) color.NRGBA {
	return color.NRGBA{of, 0, uint8(style%styles + 1), 255}
}

func curveDashes(style int) []vg.Length { return dashes[(style/2)%len(dashes)] }

// chartWidth is that of a phone's screen: a chart is never scaled down until its
// text is illegible.
const (
	chartWidth  = 340 * vg.Length(1)
	chartHeight = 210 * vg.Length(1)
)

// renderSVG draws the chart as an element for a page in which id is used once.
func (c chart) renderSVG(id string) (template.HTML, error) {
	p := plot.New()
	p.BackgroundColor = nil
	axis := font.Font{Typeface: "Liberation", Variant: "Sans", Size: 10}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Label.TextStyle.Color, a.Tick.Label.Color, a.Tick.Color = ruleColor, inkColor, inkColor, ruleColor
		a.Label.TextStyle.Font, a.Tick.Label.Font = axis, axis
		a.Tick.Length, a.Padding = 3, 4
	}
	p.Y.Width, p.Y.Tick.Length = 0, 0
	p.X.Label.Text = c.x
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color, grid.Horizontal.Width = nil, ruleColor, .5
	p.Add(grid)
	if err := c.addCurves(p); err != nil {
		return "", fmt.Errorf("report: chart %q: %w", c.title, err)
	}
	c.setAxes(p)
	canvas := vgsvg.New(chartWidth, chartHeight)
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", fmt.Errorf("report: chart %q: %w", c.title, err)
	}
	return inline(b.String(), id, c.title), nil
}

func (c chart) addCurves(p *plot.Plot) error {
	for _, k := range c.curves {
		var xy plotter.XYs
		for _, q := range k.points {
			xy = append(xy, plotter.XY{X: q.x, Y: q.y})
		}
		if len(xy) == 0 {
			continue
		}
		if err := k.addIntervals(p); err != nil {
			return err
		}
		line, dots, err := plotter.NewLinePoints(xy)
		if err != nil {
			return err
		}
		line.Color, line.Width, line.Dashes = curveColor(k.style), 1.4, curveDashes(k.style)
		if k.strong {
			line.Width = 2.6
		}
		dots.Color, dots.Radius, dots.Shape = line.Color, 2, draw.CircleGlyph{}
		p.Add(line)
		if len(xy) <= 20 {
			p.Add(dots)
		}
	}
	if err := c.addRates(p); err != nil || len(c.bars) == 0 {
		return err
	}
	values := make(plotter.Values, len(c.bars))
	names := make([]string, len(c.bars))
	for i, b := range c.bars {
		values[i], names[i] = float64(b.Count), shortNumber(b.From)
	}
	bars, err := plotter.NewBarChart(values, vg.Length(float64(chartWidth-60)/float64(len(values))*.8))
	if err != nil {
		return err
	}
	bars.Color, bars.LineStyle.Width = curveColor(0), 0
	p.Add(bars)
	p.NominalX(names...)
	return nil
}

// addRates draws a bar for each share, with its interval.
func (c chart) addRates(p *plot.Plot) error {
	for i, r := range c.rates {
		x := float64(i)
		area, err := plotter.NewPolygon(plotter.XYs{{X: x - .3, Y: 0}, {X: x - .3, Y: r.Share}, {X: x + .3, Y: r.Share}, {X: x + .3, Y: 0}})
		if err != nil {
			return err
		}
		area.Color, area.LineStyle.Color, area.LineStyle.Width = bandColor(i), curveColor(i), 1.4
		ends, err := plotter.NewLine(plotter.XYs{{X: x, Y: r.Low}, {X: x, Y: r.High}})
		if err != nil {
			return err
		}
		ends.Color, ends.Width = curveColor(i), 1.4
		p.Add(area, ends)
	}
	return nil
}

// addIntervals draws a band around a strong curve, and bars at the points of any
// other.
func (k curve) addIntervals(p *plot.Plot) error {
	var band plotter.XYs
	for _, q := range k.points {
		band = append(band, plotter.XY{X: q.x, Y: q.high})
	}
	for _, q := range slices.Backward(k.points) {
		band = append(band, plotter.XY{X: q.x, Y: q.low})
	}
	if k.strong {
		area, err := plotter.NewPolygon(band)
		if err != nil {
			return err
		}
		area.Color, area.LineStyle.Width = bandColor(k.style), 0
		p.Add(area)
		return nil
	}
	for _, q := range k.points {
		if q.low == q.high {
			continue
		}
		bar, err := plotter.NewLine(plotter.XYs{{X: q.x, Y: q.low}, {X: q.x, Y: q.high}})
		if err != nil {
			return err
		}
		bar.Color, bar.Width = barColor(k.style), 1
		p.Add(bar)
	}
	return nil
}

// setAxes sets the axes.
func (c chart) setAxes(p *plot.Plot) {
	if c.shares {
		p.Y.Min, p.Y.Max = 0, 1
		p.Y.Tick.Marker = plot.ConstantTicks{{Value: 0, Label: "0 %"}, {Value: .25, Label: ""}, {Value: .5, Label: "50 %"}, {Value: .75, Label: ""}, {Value: 1, Label: "100 %"}}
	}
	if len(c.bars) > 0 {
		p.Y.Min = 0
	}
	if len(c.rates) > 0 {
		p.X.Min, p.X.Max = -.5, float64(len(c.rates))-.5
		p.X.Tick.Marker, p.X.Width = plot.ConstantTicks{}, 0
	}
	if p.X.Min == p.X.Max {
		p.X.Max = p.X.Min + 1
	}
	if p.Y.Min == p.Y.Max {
		p.Y.Min, p.Y.Max = p.Y.Min-.5, p.Y.Max+.5
	}
	if len(c.ticks) > 0 {
		p.X.Tick.Marker = c.labelTicks(p.X.Min, p.X.Max)
	}
}

// labelTicks labels as many ticks as there is room for, and always the last.
func (c chart) labelTicks(from, to float64) plot.ConstantTicks {
	var out plot.ConstantTicks
	room := (to - from) * .13
	last := math.Inf(1)
	for _, t := range slices.Backward(c.ticks) {
		label := ""
		if x := float64(t); last-x >= room {
			label, last = formatEps(t), x
		}
		out = append(out, plot.Tick{Value: float64(t), Label: label})
	}
	return out
}

var (
	svgTag    = regexp.MustCompile(`(?s)^.*?<svg [^>]*>`)
	svgColor  = regexp.MustCompile(`#([0-9A-F]{2})([0-9A-F]{2})([0-9A-F]{2})`)
	svgFamily = regexp.MustCompile(`font-family:[^;"]*;?`)
	svgFace   = regexp.MustCompile(`font-(variant|weight|style):[^;"]*;?`)
	svgMark   = regexp.MustCompile(`<[^>]*>`)
	svgNumber = regexp.MustCompile(`-?\d+\.\d{3,}`)
)

// key draws the piece of a curve that a legend shows.
func (k curve) key() template.HTML {
	width := 1.6
	if k.strong {
		width = 3
	}
	var d []string
	for _, v := range curveDashes(k.style) {
		d = append(d, fmt.Sprintf("%g", v.Points()))
	}
	return template.HTML(fmt.Sprintf(
		`<svg class="key" viewBox="0 0 26 8" aria-hidden="true"><path d="M0 4H26" fill="none" style="stroke:var(--c%d);stroke-width:%g;stroke-dasharray:%s"/></svg>`,
		k.style%styles+1, width, orNone(strings.Join(d, ","))))
}

// bar draws the piece of a bar that a legend shows.
func (k curve) bar() template.HTML {
	return template.HTML(fmt.Sprintf(
		`<svg class="key" viewBox="0 0 26 8" aria-hidden="true"><path d="M1 0H25V8H1Z" style="stroke:var(--c%[1]d);fill:var(--c%[1]d);fill-opacity:.18"/></svg>`,
		k.style%styles+1))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// shortNumber writes n, with a letter for thousands.
func shortNumber(n int) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%gM", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%gk", float64(n)/1e3)
	}
	return fmt.Sprint(n)
}
