package figures

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"unwarp/pipelines"
)

// Side is one image of a pair, and what the model makes of it.
type Side struct {
	Name  string // which image it is, such as "no. 17"
	Class string // its true one

	Input, Canonical, Reconstruction []float32 // [H,W,C]
	Field                            []float32 // [H,W,2] in pixels
	// Swapped has this image's appearance and the other's geometry.
	Swapped []float32

	SeenCanonical, SeenReconstruction, SeenSwapped string // classes
}

// Pair is two images whose codes are exchanged.
type Pair [2]Side

// Swap draws pairs, two rows each: input, canonical image, displacement field,
// reconstruction, and the image with the other's geometry (section 3.3 of Duan
// et al.), with the class that the model sees in each synthesised image. The
// field is drawn as arrows, or else as colours.
func Swap(pairs []Pair, sh pipelines.Shape, arrows bool) *image.RGBA {
	l := newLayout(sh)
	columns := []struct {
		head []string
		wide int
	}{
		{[]string{"input"}, l.cell}, {[]string{"unwarped:", "appearance alone"}, l.cell},
		{[]string{"displacement:", "geometry alone"}, l.narrow}, {[]string{"rebuilt"}, l.cell},
		{[]string{"swapped:", "own appearance,", "other's geometry"}, l.cell},
	}
	left := make([]int, len(columns)+1)
	left[0] = gap
	for i, c := range columns {
		left[i+1] = left[i] + c.wide + gap
	}
	top := gap + 3*line + 4
	row := l.high + 2*line + gap
	c := newCanvas(left[len(columns)], top+len(pairs)*(2*row+gap))
	for i, k := range columns {
		for j, text := range k.head {
			c.text(text, left[i], gap+(3-len(k.head)+j)*line-2, k.wide, ink)
		}
	}
	if !arrows {
		c.wheel(left[3]-gap-12, gap+line/2+4, 11)
	}
	y := top
	for p, pair := range pairs {
		if p > 0 {
			c.fill(image.Rect(gap, y-gap, c.Rect.Dx()-gap, y-gap+1), rule)
		}
		for i := range pair {
			own, other := pair[i], pair[1-i]
			c.picture(own.Input, sh, l.scale, left[0], y, 1)
			c.lines(left[0], y+l.high, l.cell, ink, own.Name, "class "+own.Class)
			c.picture(own.Canonical, sh, l.scale, left[1], y, 1)
			c.lines(left[1], y+l.high, l.cell, faint, "seen as "+own.SeenCanonical)
			if arrows {
				c.arrows(own.Field, first(own.Reconstruction, sh), pipelines.Shape{H: sh.H, W: sh.W, C: shown(sh)}, l.scale, left[2], y)
			} else {
				c.colours(own.Field, Longest(own.Field), sh, l.scale, left[2], y)
			}
			c.lines(left[2], y+l.high, l.narrow, faint, about(own.Field, l.scale, arrows)...)
			c.picture(own.Reconstruction, sh, l.scale, left[3], y, 1)
			c.lines(left[3], y+l.high, l.cell, faint, "seen as "+own.SeenReconstruction)
			c.picture(own.Swapped, sh, l.scale, left[4], y, 1)
			words, with := Donor(own.SeenSwapped, own.Class, other.Class)
			c.lines(left[4], y+l.high, l.cell, with, "seen as "+own.SeenSwapped, words)
			y += row
		}
		y += gap
	}
	return c.RGBA
}

// Donor says whose class seen is, of an image with one image's appearance and
// another's geometry.
func Donor(seen, appearance, geometry string) (words string, with color.Color) {
	switch {
	case appearance == geometry && seen == appearance:
		return "both donors' class", ink
	case seen == appearance:
		return "appearance donor's", ofLook
	case seen == geometry:
		return "geometry donor's", ofShape
	}
	return "neither donor's", faint
}

// lines writes captions below an image.
func (c canvas) lines(x, y, room int, with color.Color, text ...string) {
	for i, t := range text {
		c.text(t, x, y+2+i*line, room, with)
	}
}

// layout is the sizes of a picture's parts, in pixels.
type layout struct {
	scale        int // pixels a side for one of the image
	cell, narrow int // widths of an image's place, and of a field's
	high         int // of an image
}

// room is the least width of a cell: that of its captions.
const room = 122

func newLayout(sh pipelines.Shape) layout {
	l := layout{scale: enlarged(sh, 112)}
	l.cell = max(room, panels(sh)*sh.W*l.scale)
	l.narrow = max(room, sh.W*l.scale)
	l.high = sh.H * l.scale
	return l
}

// enlarged is the whole factor that brings a side nearest to pixels.
func enlarged(sh pipelines.Shape, pixels float64) int {
	return max(1, int(math.Round(pixels/float64(max(sh.H, sh.W)))))
}

// shown is the number of channels of one panel.
func shown(sh pipelines.Shape) int {
	if sh.C == 3 {
		return 3
	}
	return 1
}

// first is the first panel of an image.
func first(values []float32, sh pipelines.Shape) []float32 {
	if shown(sh) == sh.C {
		return values
	}
	out := make([]float32, sh.H*sh.W)
	for i := range out {
		out[i] = values[i*sh.C]
	}
	return out
}

// Number names an image by its place in its part of the set.
func Number(index int) string { return fmt.Sprintf("no. %d", index) }
