package drawing

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"slices"
)

// Confusion is a confusion matrix.
type Confusion struct {
	Title  string
	Names  []string // of the classes
	Counts [][]int  // [true class][predicted class]
}

// MostConfused is the largest number of classes of which a matrix is drawn: of more
// no cell could be seen.
const MostConfused = 400

// confusionLayout are the measures of a confusion matrix in pixels.
type confusionLayout struct {
	cell      int  // side
	line      int  // of the grid, 0 for none
	left, top int  // of the first cell
	names     int  // room for a name left of its row
	share     int  // room for the accuracy right of it
	every     int  // of so many names one is written
	counts    bool // all fit into their cells
	width     int
}

// newLayout chooses the largest cells with which the matrix stays within a screen.
func (c Confusion) newLayout() confusionLayout {
	const side, most, least = 640, 84, 2
	n := max(len(c.Counts), 1)
	l := confusionLayout{cell: min(most, max(least, side/n)), line: 1, share: 52}
	const named = 60 // classes, of which each is named
	if n <= named {
		l.cell = max(l.cell, lineHeight)
	}
	if l.cell < 6 {
		l.line = 0
	}
	l.every = (lineHeight + l.cell - 1) / l.cell
	for k := 0; k < n; k += l.every {
		l.names = max(l.names, textWidth(c.Names[k]))
	}
	l.counts = l.cell >= lineHeight
	for _, row := range c.Counts {
		l.counts = l.counts && textWidth(fmt.Sprint(slices.Max(row)))+2 <= l.cell-l.line
	}
	const longest = 190
	l.names = min(l.names, longest)
	l.left = gap + lineHeight + gap/2 + l.names + gap/2
	l.top = gap + 2*lineHeight + gap/2 + c.headRoom(l) + gap/2
	l.width = l.left + n*l.cell + gap/2 + l.share + gap
	for _, text := range []string{c.Title, legendOfConfusion} {
		l.width = max(l.width, textWidth(text)+2*gap)
	}
	return l
}

const legendOfConfusion = "rows: true class, columns: predicted class; right: share of the row that is correct"

// uprightNames reports whether the names above the columns are turned: they would
// not fit side by side.
func (c Confusion) uprightNames(l confusionLayout) bool {
	return slices.ContainsFunc(c.Names, func(s string) bool { return textWidth(s)+6 > l.cell })
}

// headRoom is the height of the names above the columns.
func (c Confusion) headRoom(l confusionLayout) int {
	if c.uprightNames(l) {
		return l.names
	}
	return lineHeight
}

// Draw draws the matrix: each cell in the strength of its share of the row, correct
// ones blue and others orange, with its count where there is room.
func (c Confusion) Draw() *image.RGBA {
	l := c.newLayout()
	n := len(c.Counts)
	to := newCanvas(l.width, l.top+n*l.cell+gap)
	to.drawText(c.Title, gap, gap-2, l.width-2*gap, textColor)
	to.drawText(legendOfConfusion, gap, gap-2+lineHeight, l.width-2*gap, captionColor)
	c.drawNames(to, l)
	for row, counts := range c.Counts {
		of := 0
		for _, v := range counts {
			of += v
		}
		for column, v := range counts {
			c.drawCell(to, l, row, column, v, of)
		}
		if row%l.every == 0 {
			share := "–"
			if of > 0 {
				share = formatShare(float64(counts[row]) / float64(of))
			}
			y := l.top + row*l.cell + (l.cell-lineHeight)/2
			to.drawText(share, l.left+n*l.cell+gap/2, y, l.share, captionColor)
		}
	}
	return to.RGBA
}

// formatShare writes a share as a percentage of three figures.
func formatShare(x float64) string {
	if x == 1 {
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", min(100*x, 99.9))
}

// drawNames writes the classes left of their rows and above their columns.
func (c Confusion) drawNames(to canvas, l confusionLayout) {
	upright := c.uprightNames(l)
	for k := 0; k < len(c.Counts); k += l.every {
		name := fitText(c.Names[k], l.names)
		y := l.top + k*l.cell + (l.cell-lineHeight)/2
		to.drawText(name, l.left-gap/2-textWidth(name), y, l.names, textColor)
		x := l.left + k*l.cell
		if upright {
			to.drawUpright(name, x+(l.cell-lineHeight)/2, l.top-gap/2, textColor)
			continue
		}
		to.drawText(name, x+(l.cell-textWidth(name))/2, l.top-gap/2-lineHeight, l.cell, textColor)
	}
	to.drawUpright("true class", gap-2, l.top+(len(c.Counts)*l.cell+textWidth("true class"))/2, captionColor)
}

// drawUpright writes a line that is read from below; its lower left corner is at
// (x, y).
func (c canvas) drawUpright(text string, x, y int, with color.Color) {
	flat := newCanvas(textWidth(text)+2, lineHeight)
	flat.drawText(text, 0, -1, flat.Rect.Dx(), with)
	for v := range flat.Rect.Dy() {
		for u := range flat.Rect.Dx() {
			c.SetRGBA(x+v, y-u-1, flat.RGBAAt(u, v))
		}
	}
}

// drawCell draws the count v of a row with so many images.
func (c Confusion) drawCell(to canvas, l confusionLayout, row, column, v, of int) {
	x, y := l.left+column*l.cell, l.top+row*l.cell
	share := 0.
	if of > 0 {
		share = float64(v) / float64(of)
	}
	full := mistakeColor
	if row == column {
		full = correctColor
	}
	inner := image.Rect(x, y, x+l.cell-l.line, y+l.cell-l.line)
	to.fill(inner, emptyCell)
	if v > 0 { // one image of many must still be seen
		draw.Draw(to, inner, image.NewUniform(mixColors(emptyCell, full, .22+.78*share)), image.Point{}, draw.Src)
	}
	text := fmt.Sprint(v)
	if v == 0 || !l.counts {
		return
	}
	ink := color.Color(textColor)
	if share > .5 {
		ink = background
	}
	to.drawText(text, x+(l.cell-l.line-textWidth(text))/2, y+(l.cell-l.line-lineHeight)/2, l.cell, ink)
}

// Colours of a confusion matrix.
var (
	emptyCell    = color.RGBA{44, 49, 64, 255}
	correctColor = color.RGBA{120, 200, 255, 255}
	mistakeColor = color.RGBA{255, 176, 84, 255}
)

// mixColors is a at share 0 and b at 1.
func mixColors(a, b color.RGBA, share float64) color.RGBA {
	mix := func(x, y uint8) uint8 { return uint8(float64(x) + share*(float64(y)-float64(x)) + .5) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
