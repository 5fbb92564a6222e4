package drawing

import (
	"fmt"
	"image"
	"image/color"

	"unwarp/pipelines"
)

// Interpolation is a pair of images with images decoded from codes between
// theirs.
type Interpolation struct {
	From, To Side // Input, Name and Class are read
	Paths    []Path
}

// Path is a sequence of images along which some of the codes change, from those
// of From to those of To in equal steps.
type Path struct {
	Title  string
	Images [][]float32 // [H,W,C] each
	Seen   []string    // predicted classes
}

// stripLayout holds the sizes of a strip's parts, in pixels.
type stripLayout struct {
	scale, high int
	cell        int // width of an image's column
	input       int // width of an input's column
	row         int
}

// stripGap is the space between the images of a path.
const stripGap = 3

// DrawInterpolations draws each path as a row of images between the two inputs,
// with the predicted class below each.
func DrawInterpolations(all []Interpolation, sh pipelines.Shape) *image.RGBA {
	l := stripLayout{scale: scaleFor(sh, 72)}
	l.high, l.cell = sh.H*l.scale, max(panelCount(sh)*sh.W*l.scale, 40)
	l.input, l.row = l.cell+2*gap, l.high+lineHeight+gap
	steps, rows := 0, 0
	for _, n := range all {
		rows += len(n.Paths)
		for _, p := range n.Paths {
			steps = max(steps, len(p.Images))
		}
	}
	c := newCanvas(max(2*l.input+2*gap+steps*(l.cell+stripGap), 560), gap+len(all)*(lineHeight+gap)+rows*(l.row+lineHeight))
	y := gap
	for _, n := range all {
		title := fmt.Sprintf("from %s (class %s) to %s (class %s)", n.From.Name, n.From.Class, n.To.Name, n.To.Class)
		c.drawText(title, gap, y, c.Rect.Dx()-2*gap, textColor)
		y += lineHeight
		for _, p := range n.Paths {
			c.drawText(p.Title, gap+l.input, y, c.Rect.Dx()-l.input-2*gap, captionColor)
			y += lineHeight
			c.drawPath(n, p, sh, l, y)
			y += l.row
		}
		y += gap
	}
	return c.RGBA
}

// drawPath draws the images of one path between the inputs, at height y.
func (c canvas) drawPath(n Interpolation, p Path, sh pipelines.Shape, l stripLayout, y int) {
	c.drawImage(n.From.Input, sh, l.scale, gap, y, 1)
	c.drawText("input", gap, y+l.high+1, l.cell, captionColor)
	x := gap + l.input
	for i, values := range p.Images {
		c.drawImage(values, sh, l.scale, x, y, 1)
		c.drawText(p.Seen[i], x, y+l.high+1, l.cell, n.seenColor(p.Seen[i]))
		x += l.cell + stripGap
	}
	x += 2*gap - stripGap
	c.drawImage(n.To.Input, sh, l.scale, x, y, 1)
	c.drawText("input", x, y+l.high+1, l.cell, captionColor)
}

// seenColor returns the colour of the end whose class is predicted.
func (n Interpolation) seenColor(seen string) color.Color {
	switch {
	case n.From.Class == n.To.Class:
		return textColor
	case seen == n.From.Class:
		return appearanceColor
	case seen == n.To.Class:
		return geometryColor
	}
	return captionColor
}
