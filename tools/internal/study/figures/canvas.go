package figures

import (
	"image"
	"image/color"
	"image/draw"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"unwarp/pipelines"
)

// Colours of pictures. The ground is opaque: a viewer's own, light or dark,
// must not change what can be read.
var (
	ground     = color.RGBA{32, 36, 48, 255}
	ink        = color.RGBA{232, 234, 240, 255}
	faint      = color.RGBA{160, 166, 180, 255}
	rule       = color.RGBA{78, 84, 102, 255}
	ofShape    = color.RGBA{120, 200, 255, 255} // what comes from the geometric code
	ofLook     = color.RGBA{255, 184, 92, 255}  // what comes from the appearance code
	arrowColor = color.RGBA{255, 222, 90, 255}
)

// Measures in pixels.
const (
	letters = 13 // size of the font
	line    = 17 // from one line of text to the next
	gap     = 10 // between images
)

// face is the font of pictures.
var face = sync.OnceValue(func() font.Face {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: letters, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(err)
	}
	return f
})

// canvas is a picture in the making. Its font may be used by one goroutine.
type canvas struct{ *image.RGBA }

func newCanvas(w, h int) canvas {
	c := canvas{image.NewRGBA(image.Rect(0, 0, w, h))}
	c.fill(c.Rect, ground)
	return c
}

func (c canvas) fill(r image.Rectangle, with color.Color) {
	draw.Draw(c, r, image.NewUniform(with), image.Point{}, draw.Src)
}

// width of a text in pixels.
func width(text string) int { return font.MeasureString(face(), text).Ceil() }

// text writes one line whose upper left corner is at (x, y), cut with an
// ellipsis to at most room pixels.
func (c canvas) text(text string, x, y, room int, with color.Color) {
	text = fit(text, room)
	d := font.Drawer{Dst: c, Src: image.NewUniform(with), Face: face(), Dot: fixed.P(x, y+letters)}
	d.DrawString(text)
}

// fit cuts a text to room pixels.
func fit(text string, room int) string {
	if width(text) <= room {
		return text
	}
	letters := []rune(text)
	for len(letters) > 0 && width(string(letters)+"…") > room {
		letters = letters[:len(letters)-1]
	}
	return strings.TrimRight(string(letters), " ") + "…"
}

// polygon fills the area within points.
func (c canvas) polygon(points [][2]float32, with color.Color) {
	if len(points) == 0 {
		return
	}
	r := vector.NewRasterizer(c.Rect.Dx(), c.Rect.Dy())
	r.MoveTo(points[0][0], points[0][1])
	for _, p := range points[1:] {
		r.LineTo(p[0], p[1])
	}
	r.ClosePath()
	r.Draw(c, c.Rect, image.NewUniform(with), image.Point{})
}

// panels is how many pictures stand for an image: channels other than red,
// green and blue are shown in grey, side by side, as the two cameras of
// smallNORB.
func panels(sh pipelines.Shape) int {
	if sh.C == 3 {
		return 1
	}
	return sh.C
}

// picture draws an image [H,W,C], of values clamped to [0,1] and multiplied by
// bright, scale pixels for one, at (x, y).
func (c canvas) picture(values []float32, sh pipelines.Shape, scale, x, y int, bright float32) {
	for v := range sh.H {
		for u := range panels(sh) * sh.W {
			at := (v*sh.W+u%sh.W)*sh.C + u/sh.W
			p := color.RGBA{display(values[at], bright), display(values[at], bright), display(values[at], bright), 255}
			if sh.C == 3 {
				p.G, p.B = display(values[at+1], bright), display(values[at+2], bright)
			}
			c.fill(image.Rect(x+u*scale, y+v*scale, x+(u+1)*scale, y+(v+1)*scale), p)
		}
	}
}

// display is the byte of a value; NaN is black.
func display(v, bright float32) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(min(v, 1)*bright*255 + .5)
}
