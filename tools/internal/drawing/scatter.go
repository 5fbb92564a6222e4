package drawing

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Map is the points of one code in the plane.
type Map struct {
	Title         string
	Before, After []Point // without and with attack; After may be empty
}

// Point is an image in a map.
type Point struct {
	X, Y  float64
	Class int
}

// Scatter is maps side by side, as figure 4 of Duan et al.: above, each image
// without attack as a square; below, where there is an attack, the same pale,
// with the attacked images as triangles. Colours are classes.
type Scatter struct {
	Maps   []Map
	Attack string
	Names  []string // of the classes
}

// Measures of a scatter, in points.
const (
	panelSide = 250 * vg.Length(1)
	margin    = 10 * vg.Length(1)
	keyLine   = 16 * vg.Length(1)
)

// classColors are the colours of up to ten classes (Tableau 10, which most people
// with a colour vision deficiency can distinguish); for more classes, hues are
// spread evenly.
var classColors = []color.NRGBA{
	{31, 119, 180, 255}, {255, 127, 14, 255}, {44, 160, 44, 255}, {214, 39, 40, 255}, {148, 103, 189, 255},
	{140, 86, 75, 255}, {227, 119, 194, 255}, {110, 110, 110, 255}, {176, 178, 20, 255}, {23, 190, 207, 255},
}

func classColor(class, classes int) color.NRGBA {
	if classes <= len(classColors) {
		return classColors[class]
	}
	c := fieldColor(math.Cos(2*math.Pi*float64(class)/float64(classes)), math.Sin(2*math.Pi*float64(class)/float64(classes)), 1)
	dark := 1 - .35*float64(class%2) // neighbours differ in brightness too
	return color.NRGBA{uint8(float64(c.R) * dark * .9), uint8(float64(c.G) * dark * .9), uint8(float64(c.B) * dark * .9), 255}
}

// PNG draws the scatter at 110 pixels to the inch.
func (s Scatter) PNG() ([]byte, error) {
	w, h := s.canvasSize()
	c := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(110), vgimg.UseBackgroundColor(color.White))
	if err := s.draw(draw.New(c)); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b); err != nil {
		return nil, fmt.Errorf("drawing: scatter: %w", err)
	}
	return b.Bytes(), nil
}

// SVG draws the scatter.
func (s Scatter) SVG() ([]byte, error) {
	w, h := s.canvasSize()
	c := vgsvg.New(w, h)
	d := draw.New(c)
	d.SetColor(color.White) // the background of a dark viewer must not show through
	d.Fill(d.Rectangle.Path())
	if err := s.draw(d); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("drawing: scatter: %w", err)
	}
	return b.Bytes(), nil
}

// rowCount returns 2 where there is an attack, else 1.
func (s Scatter) rowCount() int {
	for _, m := range s.Maps {
		if len(m.After) > 0 {
			return 2
		}
	}
	return 1
}

func (s Scatter) canvasSize() (w, h vg.Length) {
	w = margin + vg.Length(len(s.Maps))*(panelSide+margin)
	return w, vg.Length(s.rowCount())*(panelSide+keyLine+margin) + margin + vg.Length(len(s.keyRows(w)))*keyLine
}

func textFont(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

func (s Scatter) draw(dc draw.Canvas) error {
	top := dc.Max.Y - margin
	for row := range s.rowCount() {
		for i, m := range s.Maps {
			left := dc.Min.X + margin + vg.Length(i)*(panelSide+margin)
			p, err := s.newPanel(m, row == 1)
			if err != nil {
				return fmt.Errorf("drawing: %s: %w", m.Title, err)
			}
			box := draw.Canvas{Canvas: dc.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: left, Y: top - panelSide - keyLine}, Max: vg.Point{X: left + panelSide, Y: top},
			}}
			p.Draw(box)
			frame := box.Rectangle
			frame.Max.Y -= keyLine
			box.SetLineWidth(.5)
			box.SetColor(color.Gray{150})
			box.Stroke(frame.Path())
		}
		top -= panelSide + keyLine + margin
	}
	s.drawKey(dc, top)
	return nil
}

// newPanel plots one map, with or without the points after the attack.
func (s Scatter) newPanel(m Map, attacked bool) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = nil
	p.Title.TextStyle.Font = textFont(11)
	p.Title.Padding = 3
	p.HideAxes()
	p.Title.Text = m.Title
	if s.rowCount() > 1 {
		p.Title.Text += ", before attack"
	}
	points, radius, alpha := m.Before, 1.7*vg.Length(1), uint8(220)
	if attacked {
		p.Title.Text = fitLabel(m.Title+", after "+s.Attack, panelSide)
		alpha = 70
	}
	if err := s.addPoints(p, points, draw.BoxGlyph{}, radius, alpha); err != nil {
		return nil, err
	}
	if attacked {
		if err := s.addPoints(p, m.After, draw.PyramidGlyph{}, 2.4*vg.Length(1), 230); err != nil {
			return nil, err
		}
	}
	// Both panels of a map have the same range, so that they can be compared.
	p.X.Min, p.Y.Min, p.X.Max, p.Y.Max = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, part := range [][]Point{m.Before, m.After} {
		for _, q := range part {
			p.X.Min, p.X.Max = min(p.X.Min, q.X), max(p.X.Max, q.X)
			p.Y.Min, p.Y.Max = min(p.Y.Min, q.Y), max(p.Y.Max, q.Y)
		}
	}
	wide, high := (p.X.Max-p.X.Min)*.03+1e-9, (p.Y.Max-p.Y.Min)*.03+1e-9
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = p.X.Min-wide, p.X.Max+wide, p.Y.Min-high, p.Y.Max+high
	return p, nil
}

func (s Scatter) addPoints(p *plot.Plot, points []Point, shape draw.GlyphDrawer, radius vg.Length, alpha uint8) error {
	if len(points) == 0 {
		return nil
	}
	xy := make(plotter.XYs, len(points))
	for i, q := range points {
		xy[i] = plotter.XY{X: q.X, Y: q.Y}
	}
	scatter, err := plotter.NewScatter(xy)
	if err != nil {
		return err
	}
	scatter.GlyphStyleFunc = func(i int) draw.GlyphStyle {
		c := classColor(points[i].Class, len(s.Names))
		c.A = alpha
		return draw.GlyphStyle{Color: c, Radius: radius, Shape: shape}
	}
	p.Add(scatter)
	return nil
}

// keyRows returns the classes in each line of the key, as many as fit; nil is the
// line that explains the shapes.
func (s Scatter) keyRows(w vg.Length) [][]int {
	var lines [][]int
	room := vg.Length(0)
	for k, name := range s.Names {
		wide := s.keyWidth(name)
		if room < wide {
			lines, room = append(lines, nil), w-2*margin
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], k)
		room -= wide
	}
	if s.rowCount() > 1 {
		lines = append(lines, nil) // squares and triangles
	}
	return lines
}

// keyWidth returns the width of a class in the key.
func (s Scatter) keyWidth(name string) vg.Length {
	return keyStyle().Width(name) + 26
}

func keyStyle() draw.TextStyle {
	return draw.TextStyle{Color: color.Black, Font: textFont(11), Handler: plot.DefaultTextHandler}
}

// fitLabel cuts a text to room points.
func fitLabel(text string, room vg.Length) string {
	if keyStyle().Width(text) <= room {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && keyStyle().Width(string(runes)+"…") > room {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

func (s Scatter) drawKey(dc draw.Canvas, top vg.Length) {
	y := top
	style := keyStyle()
	for _, line := range s.keyRows(dc.Max.X - dc.Min.X) {
		x := dc.Min.X + margin
		for _, k := range line {
			glyph := draw.GlyphStyle{Color: classColor(k, len(s.Names)), Radius: 4, Shape: draw.BoxGlyph{}}
			dc.DrawGlyph(glyph, vg.Point{X: x + 5, Y: y - 6})
			dc.FillText(style, vg.Point{X: x + 13, Y: y - 10}, s.Names[k])
			x += s.keyWidth(s.Names[k])
		}
		if line == nil {
			for _, mark := range []struct {
				shape draw.GlyphDrawer
				text  string
			}{{draw.BoxGlyph{}, "before attack"}, {draw.PyramidGlyph{}, fitLabel("after "+s.Attack, dc.Max.X-dc.Min.X-150)}} {
				dc.DrawGlyph(draw.GlyphStyle{Color: color.Gray{90}, Radius: 3.5, Shape: mark.shape}, vg.Point{X: x + 5, Y: y - 6})
				dc.FillText(style, vg.Point{X: x + 13, Y: y - 10}, mark.text)
				x += s.keyWidth(mark.text)
			}
		}
		y -= keyLine
	}
}
