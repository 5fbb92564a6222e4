package drawing

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Curves are panels below each other that share their horizontal axis.
type Curves struct {
	X      string // label of the axis
	Log    bool   // the axis is logarithmic
	Panels []CurvePanel
}

// CurvePanel is a panel of curves with one vertical axis.
type CurvePanel struct {
	Title  string
	Share  bool    // values are shares, written in percent
	Most   float64 // the end of the vertical axis; 0: the largest value
	Curves []Curve
}

// Curve is a line through points.
type Curve struct {
	Name   string
	X, Y   []float64
	Points bool // the points are marked
}

// Measures of curves in points.
const (
	curveWidth  = 620 * vg.Length(1)
	curveHeight = 190 * vg.Length(1)
	curveKey    = 15 * vg.Length(1)
)

// curveColors are legible on the dark ground; neighbours differ in brightness too.
var curveColors = []color.RGBA{
	{120, 200, 255, 255}, {255, 184, 92, 255}, {140, 224, 140, 255}, {238, 130, 150, 255},
	{196, 164, 255, 255}, {240, 230, 110, 255}, {110, 224, 214, 255}, {200, 200, 210, 255},
}

// PNG draws the curves at 110 pixels to the inch.
func (c Curves) PNG() ([]byte, error) {
	between := vg.Length(0)
	for _, p := range c.Panels {
		between = max(between, p.keyHeight()+curveKey)
	}
	n := len(c.Panels)
	height := vg.Length(n)*(curveHeight+between) + 2*margin
	to := vgimg.NewWith(vgimg.UseWH(curveWidth, height), vgimg.UseDPI(110), vgimg.UseBackgroundColor(background))
	dc := draw.New(to)
	plots, err := c.plots()
	if err != nil {
		return nil, err
	}
	tiles := draw.Tiles{Rows: n, Cols: 1, PadTop: between, PadBottom: margin, PadLeft: margin, PadRight: 2 * margin, PadY: between}
	for i, row := range plot.Align(plots, tiles, dc) {
		plots[i][0].Draw(row[0])
		c.Panels[i].drawKey(dc, tiles.At(dc, 0, i).Max.Y+c.Panels[i].keyHeight()+curveKey/2)
	}
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: to}).WriteTo(&b); err != nil {
		return nil, fmt.Errorf("drawing: curves: %w", err)
	}
	return b.Bytes(), nil
}

// plots are the panels, a row each.
func (c Curves) plots() (rows [][]*plot.Plot, err error) {
	from, until := c.span()
	for i, panel := range c.Panels {
		p, err := panel.plot(from, until)
		if err != nil {
			return nil, fmt.Errorf("drawing: curves: %s: %w", panel.Title, err)
		}
		if c.Log {
			p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(decades)
		}
		if i == len(c.Panels)-1 {
			p.X.Label.Text = c.X
		}
		rows = append(rows, []*plot.Plot{p})
	}
	return rows, nil
}

// span is the range of the horizontal axis.
func (c Curves) span() (from, until float64) {
	from, until = math.Inf(1), math.Inf(-1)
	for _, p := range c.Panels {
		for _, k := range p.Curves {
			for _, x := range k.X {
				from, until = min(from, x), max(until, x)
			}
		}
	}
	if !(from < until) {
		from, until = from-1, from+1
	}
	return from, until
}

// plot makes the panel, without its key.
func (c CurvePanel) plot(from, until float64) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Tick.Color, a.Tick.Label.Color, a.Label.TextStyle.Color = lineColor, lineColor, captionColor, captionColor
		a.Label.TextStyle.Font, a.Tick.Label.Font = textFont(10), textFont(10)
		a.Tick.Length, a.Padding = 3, 4
	}
	p.Y.Width, p.Y.Tick.Length = 0, 0
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color, grid.Horizontal.Width = nil, lineColor, .5
	p.Add(grid)
	for i, k := range c.Curves {
		if err := k.addTo(p, curveColors[i%len(curveColors)]); err != nil {
			return nil, err
		}
	}
	p.X.Min, p.X.Max, p.X.Tick.Marker = from, until, roundTicks{most: 8, whole: true}
	c.setVertical(&p.Y)
	return p, nil
}

// setVertical gives values room, and shares their signs.
func (c CurvePanel) setVertical(y *plot.Axis) {
	if c.Most > 0 {
		y.Max = c.Most
	}
	if !(y.Min < y.Max) {
		room := max(math.Abs(y.Min)*.1, 1e-9)
		y.Min, y.Max = y.Min-room, y.Max+room
	}
	if c.Share {
		y.Min, y.Max = math.Floor(y.Min*10)/10, math.Ceil(y.Max*10)/10
		y.Tick.Marker = roundTicks{most: 6, percent: true}
		return
	}
	y.Min -= .03 * (y.Max - y.Min)
	y.Tick.Marker = roundTicks{most: 6}
}

func (k Curve) addTo(p *plot.Plot, with color.RGBA) error {
	xy := make(plotter.XYs, 0, len(k.X))
	for i, x := range k.X {
		if y := k.Y[i]; !math.IsNaN(y) && !math.IsInf(y, 0) {
			xy = append(xy, plotter.XY{X: x, Y: y})
		}
	}
	if len(xy) == 0 {
		return nil
	}
	line, dots, err := plotter.NewLinePoints(xy)
	if err != nil {
		return err
	}
	line.Color, line.Width = with, 1.5
	dots.Color, dots.Radius, dots.Shape = with, 2, draw.CircleGlyph{}
	p.Add(line)
	if k.Points || len(xy) <= 20 {
		p.Add(dots)
	}
	return nil
}

// keyLines are the names of the curves in lines as wide as the panel; the first
// begins after the title.
func (c CurvePanel) keyLines() (lines [][]int) {
	room := curveWidth - 4*margin - c.titleWidth()
	lines = [][]int{nil}
	for i, k := range c.Curves {
		wide := keyStyle().Width(k.Name) + 34
		if wide > room && len(lines[len(lines)-1]) > 0 {
			lines, room = append(lines, nil), curveWidth-4*margin
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], i)
		room -= wide
	}
	return lines
}

func (c CurvePanel) titleWidth() vg.Length { return keyStyle().Width(c.Title) + 24 }

func (c CurvePanel) keyHeight() vg.Length { return vg.Length(len(c.keyLines()))*curveKey + 4 }

// drawKey writes title and key from top on.
func (c CurvePanel) drawKey(dc draw.Canvas, top vg.Length) {
	style := keyStyle()
	style.Color = textColor
	left := dc.Min.X + 2*margin
	dc.FillText(style, vg.Point{X: left, Y: top - 11}, c.Title)
	x, y := left+c.titleWidth(), top
	style.Color = captionColor
	for _, line := range c.keyLines() {
		for _, i := range line {
			if c.Curves[i].Name == "" { // the title says it
				continue
			}
			dc.StrokeLine2(draw.LineStyle{Color: curveColors[i%len(curveColors)], Width: 2}, x, y-7, x+18, y-7)
			dc.FillText(style, vg.Point{X: x + 22, Y: y - 11}, c.Curves[i].Name)
			x += keyStyle().Width(c.Curves[i].Name) + 34
		}
		x, y = left, y-curveKey
	}
}

// roundTicks labels round values, at most so many of them.
type roundTicks struct {
	most    int
	whole   bool // numbers of steps
	percent bool // shares
}

// Ticks is that of [plot.Ticker].
func (r roundTicks) Ticks(low, high float64) []plot.Tick {
	step := r.step(high - low)
	var out []plot.Tick
	for k := math.Ceil(low/step - 1e-9); k*step <= high+step*1e-9; k++ {
		v := k * step // not a sum, which is 0 only nearly
		label := fmt.Sprintf("%.4g", v+0)
		if r.whole {
			label = fmt.Sprintf("%.0f", v+0)
		}
		if r.percent {
			label = fmt.Sprintf("%.4g %%", 100*v+0)
		}
		out = append(out, plot.Tick{Value: v, Label: label})
	}
	return out
}

// step is 1, 2 or 5 times a power of ten, and at least 1 for whole numbers.
func (r roundTicks) step(span float64) float64 {
	ten := math.Pow(10, math.Floor(math.Log10(span/float64(r.most))))
	for _, times := range []float64{1, 2, 5} {
		if step := times * ten; span/step <= float64(r.most) && (!r.whole || step >= 1) {
			return step
		}
	}
	if r.whole {
		return max(1, 10*ten)
	}
	return 10 * ten
}
