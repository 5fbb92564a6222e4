package drawing

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

// Colours of pictures. The background is opaque, so that the text is legible in
// light and in dark viewers.
var (
	background      = color.RGBA{32, 36, 48, 255}
	textColor       = color.RGBA{232, 234, 240, 255}
	captionColor    = color.RGBA{160, 166, 180, 255}
	lineColor       = color.RGBA{78, 84, 102, 255}
	geometryColor   = color.RGBA{120, 200, 255, 255} // text about the geometric code
	appearanceColor = color.RGBA{255, 184, 92, 255}  // text about the appearance code
	arrowColor      = color.RGBA{255, 222, 90, 255}
)

// Measures in pixels.
const (
	fontSize   = 13 // size of the font
	lineHeight = 17 // from one line of text to the next
	gap        = 10 // between images
)

// face is the font of pictures.
var face = sync.OnceValue(func() font.Face {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: fontSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(err)
	}
	return f
})

// canvas is a picture that is being drawn. Its font must be used by one goroutine
// at a time.
type canvas struct{ *image.RGBA }

func newCanvas(w, h int) canvas {
	c := canvas{image.NewRGBA(image.Rect(0, 0, w, h))}
	c.fill(c.Rect, background)
	return c
}

func (c canvas) fill(r image.Rectangle, with color.Color) {
	draw.Draw(c, r, image.NewUniform(with), image.Point{}, draw.Src)
}

// textWidth returns the width of a text in pixels.
func textWidth(text string) int { return font.MeasureString(face(), text).Ceil() }

// drawText writes one line whose upper left corner is at (x, y), cut with an
// ellipsis to at most room pixels.
func (c canvas) drawText(text string, x, y, room int, with color.Color) {
	text = fitText(text, room)
	d := font.Drawer{Dst: c, Src: image.NewUniform(with), Face: face(), Dot: fixed.P(x, y+fontSize)}
	d.DrawString(text)
}

// fitText cuts a text to room pixels.
func fitText(text string, room int) string {
	if textWidth(text) <= room {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && textWidth(string(runes)+"…") > room {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}

// fillPolygon fills the area within points.
func (c canvas) fillPolygon(points [][2]float32, with color.Color) {
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

// panelCount returns the number of pictures that show one image: one in colour
// for three channels, else a grey one per channel, side by side (smallNORB has
// two cameras).
func panelCount(sh pipelines.Shape) int {
	if sh.C == 3 {
		return 1
	}
	return sh.C
}

// drawImage draws an image [H,W,C] at (x, y). Values are clamped to [0,1] and
// multiplied by brightness; each pixel becomes scale x scale pixels.
func (c canvas) drawImage(values []float32, sh pipelines.Shape, scale, x, y int, brightness float32) {
	for v := range sh.H {
		for u := range panelCount(sh) * sh.W {
			at := (v*sh.W+u%sh.W)*sh.C + u/sh.W
			p := color.RGBA{toByte(values[at], brightness), toByte(values[at], brightness), toByte(values[at], brightness), 255}
			if sh.C == 3 {
				p.G, p.B = toByte(values[at+1], brightness), toByte(values[at+2], brightness)
			}
			c.fill(image.Rect(x+u*scale, y+v*scale, x+(u+1)*scale, y+(v+1)*scale), p)
		}
	}
}

// toByte converts a value to a byte; NaN is black.
func toByte(v, brightness float32) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(min(v, 1)*brightness*255 + .5)
}
