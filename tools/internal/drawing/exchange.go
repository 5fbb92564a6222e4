package drawing

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"unwarp/pipelines"
)

// Side is one image of a pair, and what the model computes from it.
type Side struct {
	Name  string // which image it is, such as "no. 17"
	Class string // true class

	Input, Canonical, Reconstruction []float32 // [H,W,C]
	Field                            []float32 // [H,W,2] in pixels
	// Swapped is decoded from this image's appearance code and the other's
	// geometric code.
	Swapped []float32

	Appearance, Geometry []float32 // the codes of the input
	Seen                 string    // predicted class of the input

	// Predicted classes.
	SeenCanonical, SeenReconstruction, SeenSwapped string
}

// Pair is two images whose codes are exchanged.
type Pair [2]Side

// exchangeColumns are the headings of the columns of [DrawExchange].
var exchangeColumns = [5][]string{
	{"input"},
	{"canonical:", "appearance alone"},
	{"displacement:", "geometry alone"},
	{"rebuilt"},
	{"swapped:", "own appearance,", "other's geometry"},
}

// DrawExchange draws two rows for each pair: input, canonical image,
// displacement field, reconstruction, and the image with the other's geometry
// (section 3.3 of Duan et al.), with the predicted class below each synthesised
// image. The field is drawn as arrows, or else as colours.
func DrawExchange(pairs []Pair, sh pipelines.Shape, arrows bool) *image.RGBA {
	l := newExchangeLayout(sh)
	top := gap + 3*lineHeight + 4
	row := l.imageHeight + 2*lineHeight + gap
	c := newCanvas(l.right, top+len(pairs)*(2*row+gap))
	for i, heading := range exchangeColumns {
		for j, text := range heading {
			c.drawText(text, l.left[i], gap+(3-len(heading)+j)*lineHeight-2, l.width[i], textColor)
		}
	}
	if !arrows {
		c.drawColorWheel(l.left[3]-gap-12, gap+lineHeight/2+4, 11)
	}
	y := top
	for p, pair := range pairs {
		if p > 0 {
			c.fill(image.Rect(gap, y-gap, c.Rect.Dx()-gap, y-gap+1), lineColor)
		}
		for i := range pair {
			c.drawSide(pair[i], pair[1-i].Class, sh, l, y, arrows)
			y += row
		}
		y += gap
	}
	return c.RGBA
}

// drawSide draws one row at height y: an image whose codes are exchanged with
// those of an image of class other.
func (c canvas) drawSide(s Side, other string, sh pipelines.Shape, l exchangeLayout, y int, arrows bool) {
	below := y + l.imageHeight
	c.drawImage(s.Input, sh, l.scale, l.left[0], y, 1)
	c.drawCaptions(l.left[0], below, l.width[0], textColor, s.Name, "class "+s.Class)

	c.drawImage(s.Canonical, sh, l.scale, l.left[1], y, 1)
	c.drawCaptions(l.left[1], below, l.width[1], captionColor, "seen as "+s.SeenCanonical)

	if arrows {
		panel := pipelines.Shape{H: sh.H, W: sh.W, C: panelChannels(sh)}
		c.drawFieldArrows(s.Field, firstPanel(s.Reconstruction, sh), panel, l.scale, l.left[2], y)
	} else {
		c.drawFieldColors(s.Field, LongestDisplacement(s.Field), sh, l.scale, l.left[2], y)
	}
	c.drawCaptions(l.left[2], below, l.width[2], captionColor, describeField(s.Field, l.scale, arrows)...)

	c.drawImage(s.Reconstruction, sh, l.scale, l.left[3], y, 1)
	c.drawCaptions(l.left[3], below, l.width[3], captionColor, "seen as "+s.SeenReconstruction)

	c.drawImage(s.Swapped, sh, l.scale, l.left[4], y, 1)
	words, with := FindDonor(s.SeenSwapped, s.Class, other)
	c.drawCaptions(l.left[4], below, l.width[4], with, "seen as "+s.SeenSwapped, words)
}

// FindDonor says whose class seen is, where seen is the class predicted for an
// image with one image's appearance and another's geometry, and returns the
// colour of that text.
func FindDonor(seen, appearance, geometry string) (words string, with color.Color) {
	switch {
	case appearance == geometry && seen == appearance:
		return "both donors' class", textColor
	case seen == appearance:
		return "appearance donor's", appearanceColor
	case seen == geometry:
		return "geometry donor's", geometryColor
	}
	return "neither donor's", captionColor
}

// drawCaptions writes lines of text below an image.
func (c canvas) drawCaptions(x, y, room int, with color.Color, text ...string) {
	for i, t := range text {
		c.drawText(t, x, y+2+i*lineHeight, room, with)
	}
}

// exchangeLayout holds the places of a picture's columns, in pixels.
type exchangeLayout struct {
	scale       int // side of one pixel of an image
	imageHeight int
	left, width [len(exchangeColumns)]int
	right       int // edge of the picture
}

// captionRoom is the least width of a column: that of its captions.
const captionRoom = 122

func newExchangeLayout(sh pipelines.Shape) exchangeLayout {
	l := exchangeLayout{scale: scaleFor(sh, 112)}
	l.imageHeight = sh.H * l.scale
	x := gap
	for i := range exchangeColumns {
		panels := panelCount(sh)
		if i == 2 { // a field has one panel
			panels = 1
		}
		l.left[i], l.width[i] = x, max(captionRoom, panels*sh.W*l.scale)
		x += l.width[i] + gap
	}
	l.right = x
	return l
}

// scaleFor returns the whole factor that brings the longer side nearest to
// pixels.
func scaleFor(sh pipelines.Shape, pixels float64) int {
	return max(1, int(math.Round(pixels/float64(max(sh.H, sh.W)))))
}

// panelChannels returns the number of channels of one panel.
func panelChannels(sh pipelines.Shape) int {
	if sh.C == 3 {
		return 3
	}
	return 1
}

// firstPanel returns the channels of the first panel of an image.
func firstPanel(values []float32, sh pipelines.Shape) []float32 {
	if panelChannels(sh) == sh.C {
		return values
	}
	out := make([]float32, sh.H*sh.W)
	for i := range out {
		out[i] = values[i*sh.C]
	}
	return out
}

// ImageName names an image by its index in its part of the set.
func ImageName(index int) string { return fmt.Sprintf("no. %d", index) }
