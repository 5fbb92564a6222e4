package pipelines

import (
	"image"
	"image/color"
	"strings"
)

// sheetGap is the distance between the images of a contact sheet, in pixels.
const sheetGap = 4

var sheetGround = color.RGBA{32, 36, 48, 255}

// Sheet lays n images [n,H,W,C] out in a grid, row by row, each pixel scale by scale pixels large.
// One channel is shown grey, three as red, green, blue, any other number side by side in grey.
// Values are clamped to [0,1], for display only. captions, if there are any, stand below the images,
// in as many lines as they have; each line is cut to the image's width. columns and scale below 1
// count as 1; images that are not there are left out.
func Sheet(images []float32, n int, sh Shape, columns, scale int, captions []string) *image.RGBA {
	columns, scale = max(columns, 1), max(scale, 1)
	if sh.Len() < 1 {
		n = 0
	} else {
		n = max(min(n, len(images)/sh.Len()), 0)
	}
	columns = max(min(columns, n), 1)
	s := sheet{shape: sh, scale: scale, wide: sh.W * scale, high: sh.H * scale}
	if sh.C != 3 {
		s.wide *= max(sh.C, 1)
	}
	line := countLines(captions) * captionLine
	rows := (n + columns - 1) / columns
	s.to = image.NewRGBA(image.Rect(0, 0, sheetGap+columns*(s.wide+sheetGap), sheetGap+rows*(s.high+line+sheetGap)))
	for i := range s.to.Pix {
		s.to.Pix[i] = [4]uint8{sheetGround.R, sheetGround.G, sheetGround.B, sheetGround.A}[i%4]
	}
	for i := range n {
		x := sheetGap + i%columns*(s.wide+sheetGap)
		y := sheetGap + i/columns*(s.high+line+sheetGap)
		s.paste(images[i*sh.Len():(i+1)*sh.Len()], x, y)
		if i < len(captions) {
			s.caption(captions[i], x, y+s.high)
		}
	}
	return s.to
}

// Sheet lays the batch's images out with their classes below, by name where names has one; where
// there are deformed views each row of images is followed by the row of theirs. sh is the shape of
// the batch's images.
func (b Batch) Sheet(sh Shape, columns, scale int, names []string) *image.RGBA {
	labels := make([]string, b.N)
	for i, l := range b.Labels[:b.N] {
		labels[i] = CaptionOf(names, int(l))
	}
	if b.DeformedViews == nil {
		return Sheet(b.Images, b.N, sh, columns, scale, labels)
	}
	columns = max(min(columns, b.N), 1)
	per := sh.Len()
	var images []float32
	var captions []string
	for from := 0; from < b.N; from += columns {
		to := min(from+columns, b.N)
		fill := make([]float32, (columns-(to-from))*per) // a last row may be short
		blank := make([]string, columns-(to-from))
		images = append(append(images, b.Images[from*per:to*per]...), fill...)
		images = append(append(images, b.DeformedViews[from*per:to*per]...), fill...)
		captions = append(append(captions, labels[from:to]...), blank...)
		for _, l := range labels[from:to] {
			captions = append(captions, l+"'")
		}
		captions = append(captions, blank...)
	}
	return Sheet(images, len(captions), sh, columns, scale, captions)
}

// sheet is a contact sheet in the making.
type sheet struct {
	to         *image.RGBA
	shape      Shape
	scale      int
	wide, high int // of one image
}

// paste draws one image with its top left corner at (x, y).
func (s *sheet) paste(values []float32, x, y int) {
	sh := s.shape
	for v := range s.high {
		for u := range s.wide {
			column, panel := u/s.scale%sh.W, u/s.scale/sh.W
			at := (v/s.scale*sh.W + column) * sh.C
			var c color.RGBA
			if sh.C == 3 {
				c = color.RGBA{display(values[at]), display(values[at+1]), display(values[at+2]), 255}
			} else {
				g := display(values[at+panel])
				c = color.RGBA{g, g, g, 255}
			}
			s.to.SetRGBA(x+u, y+v, c)
		}
	}
}

// display is the byte nearest to a value of [0,1]; other values, NaN too, go to an end.
func display(v float32) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(min(v, 1)*255 + .5)
}

// caption writes the lines of a text below an image.
func (s *sheet) caption(text string, x, y int) {
	for i, line := range strings.Split(text, "\n") {
		drawCaption(s.to, line, x, y+i*captionLine, s.wide)
	}
}
