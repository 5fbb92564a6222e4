package checks

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
)

// SurfaceSide is the side of a loss surface in points.
const SurfaceSide = 21

// LossSurface is the margin of the runner-up class over the label around an
// image: [row][column], along random signs and along the sign of the gradient,
// from -Eps to Eps; the image is in the middle.
type LossSurface struct {
	Image  int // its place in the data
	Eps    float32
	Margin [SurfaceSide][SurfaceSide]float32
}

// PNG writes the surface, 8 pixels to a point, dark to light; misclassified
// points have a warm tint.
func (s LossSurface) PNG(w io.Writer) error {
	const zoom = 8
	lo, hi := s.Margin[0][0], s.Margin[0][0]
	for _, row := range s.Margin {
		for _, v := range row {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	img := image.NewRGBA(image.Rect(0, 0, zoom*SurfaceSide, zoom*SurfaceSide))
	for y := range zoom * SurfaceSide {
		for x := range zoom * SurfaceSide {
			v := s.Margin[y/zoom][x/zoom]
			g := uint8(32 + 191*(v-lo)/max(hi-lo, math.SmallestNonzeroFloat32))
			c := color.RGBA{g, g, g, 255}
			if v > 0 {
				c.R, c.B = 255, g/2
			}
			img.SetRGBA(x, y, c)
		}
	}
	return png.Encode(w, img)
}

// argmax is the place of the largest margin.
func (s LossSurface) argmax() (row, column int) {
	for r := range s.Margin {
		for c := range s.Margin[r] {
			if s.Margin[r][c] > s.Margin[row][column] {
				row, column = r, c
			}
		}
	}
	return row, column
}

// curvature along the gradient: the second difference over the whole range
// relative to the first; 0 for a line.
func (s LossSurface) curvature() float64 {
	middle := s.Margin[SurfaceSide/2]
	a, b, c := float64(middle[0]), float64(middle[SurfaceSide/2]), float64(middle[SurfaceSide-1])
	return shareOf(math.Abs(a-2*b+c), math.Abs(c-a))
}
