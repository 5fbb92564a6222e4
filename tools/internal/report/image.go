package report

import (
	"encoding/base64"
	"html/template"
	"image"
	"image/color"
	"math"

	"unwarp/pipelines"
)

func pasteImage(to *image.NRGBA, from *image.NRGBA, x, y int) {
	for v := range from.Rect.Dy() {
		for u := range from.Rect.Dx() {
			to.SetNRGBA(x+u, y+v, from.NRGBAAt(u, v))
		}
	}
}

// panelCount returns the number of pictures that show one image: one in colour for
// three channels, else a grey one per channel.
func panelCount(sh pipelines.Shape) int {
	if sh.C == 3 {
		return 1
	}
	return sh.C
}

// drawImage draws an image without scaling.
func drawImage(x []float32, sh pipelines.Shape) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, panelCount(sh)*sh.W, sh.H))
	for v := range sh.H {
		for u := range panelCount(sh) * sh.W {
			at := (v*sh.W+u%sh.W)*sh.C + u/sh.W
			c := color.NRGBA{toByte(x[at]), toByte(x[at]), toByte(x[at]), 255}
			if sh.C == 3 {
				c.G, c.B = toByte(x[at+1]), toByte(x[at+2])
			}
			out.SetNRGBA(u, v, c)
		}
	}
	return out
}

func toByte(v float32) uint8 {
	if math.IsNaN(float64(v)) {
		return 0
	}
	return uint8(min(max(v, 0), 1)*255 + .5)
}

// encodeURI encodes a picture as part of the page.
func encodeURI(m image.Image) template.URL {
	raw, err := EncodePNG(m)
	if err != nil {
		return "" // only for sizes that no image has
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(raw))
}
