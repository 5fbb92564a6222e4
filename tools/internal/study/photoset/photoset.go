// Package photoset draws a set of image files that is like a person's photos:
// classes in folders, sizes and formats mixed, some turned by their EXIF tag,
// colours and light without a bearing on the class. It is drawn from a seed, for
// tests and comparisons.
package photoset

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"unwarp/pipelines/files"
)

// Classes are the names of the classes, of which each is a shape.
var Classes = []string{"balloon", "kite", "leaf", "window"}

// Set describes a set.
type Set struct {
	Seed     uint64
	PerClass int
	Least    int // the shortest side, in pixels
	Most     int // the longest side
	// Clutter is how many things of no class stand around the shape, which is then smaller, paler and
	// turned farther; 0 for the plain set.
	Clutter int
}

// mostClutter bounds the time of drawing.
const mostClutter = 100

// Write writes the files into folders below dir, which must not exist.
func (s Set) Write(dir string) error {
	if s.Clutter < 0 || s.Clutter > mostClutter {
		return fmt.Errorf("photoset: want 0 to %d things around a shape, got %d", mostClutter, s.Clutter)
	}
	if s.PerClass < 1 || s.Least < 8 || s.Most < s.Least {
		return fmt.Errorf("photoset: want at least 1 image of a class, and sides of 8 pixels or more, the longest not below the shortest, got %d images, sides of %d to %d", s.PerClass, s.Least, s.Most)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return fmt.Errorf("photoset: %w: name a new folder", err)
	}
	for c, class := range Classes {
		if err := os.Mkdir(filepath.Join(dir, class), 0o777); err != nil {
			return err
		}
		for i := range s.PerClass {
			r := rand.New(rand.NewPCG(s.Seed, uint64(c)<<32|uint64(i)))
			name, raw, err := encode(s.draw(r, c), r)
			if err != nil {
				return err
			}
			if err := files.Write(filepath.Join(dir, class, fmt.Sprintf("IMG_%04d.%s", i+1, name)), raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// draw draws an image of a class: a shape somewhere on a background that grows lighter in some direction, with grain.
func (s Set) draw(r *rand.Rand, class int) *image.RGBA {
	short := math.Exp(math.Log(float64(s.Least)) + r.Float64()*math.Log(float64(s.Most)/float64(s.Least)))
	long := min(short*(1+.6*r.Float64()), float64(s.Most))
	w, h := int(long), int(short)
	if r.IntN(3) == 0 {
		w, h = h, w
	}
	p := newPlacement(r, min(w, h), w, h)
	back, front, apart := randomColour(r), randomColour(r), .35
	var around []fragment
	if s.Clutter > 0 {
		apart, p = .2, p.hide(r, min(w, h), w, h)
		around = drawFragments(r, s.Clutter, w, h)
	}
	for distance(back, front) < apart {
		front = randomColour(r)
	}
	tilt, slope, grain := r.Float64()*2*math.Pi, .5*r.Float64(), .02+.06*r.Float64()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			light := 1 + slope*((float64(x)/float64(w)-.5)*math.Cos(tilt)+(float64(y)/float64(h)-.5)*math.Sin(tilt)) + grain*r.NormFloat64()
			colour := colourAt(around, false, float64(x), float64(y), back)
			if u, v := p.to(float64(x), float64(y)); inside(class, u, v) {
				colour = front
			}
			colour = colourAt(around, true, float64(x), float64(y), colour)
			m.SetRGBA(x, y, shade(colour, light))
		}
	}
	return m
}

// placement maps pixels to the coordinates of a shape, which fills about [-1,1] x [-1,1].
type placement struct{ x, y, cos, sin, size float64 }

func newPlacement(r *rand.Rand, side, w, h int) placement {
	turn, size := (r.Float64()-.5)*.8, (.22+.2*r.Float64())*float64(side)
	return placement{
		x: float64(w)/2 + (r.Float64()-.5)*.3*float64(side), y: float64(h)/2 + (r.Float64()-.5)*.3*float64(side),
		cos: math.Cos(turn), sin: math.Sin(turn), size: size,
	}
}

func (p placement) to(x, y float64) (u, v float64) {
	x, y = (x-p.x)/p.size, (y-p.y)/p.size
	return p.cos*x + p.sin*y, p.cos*y - p.sin*x
}

// inside tells whether a point belongs to the shape of a class.
func inside(class int, u, v float64) bool {
	switch class {
	case 0: // a disc with a string
		return u*u+v*v < .8 || math.Abs(u) < .06 && v > 0 && v < 1.5
	case 1: // a square on its corner
		return math.Abs(u)+math.Abs(v) < 1.05
	case 2: // two arcs, with a vein left out
		return (u-.6)*(u-.6)+v*v < 1.35 && (u+.6)*(u+.6)+v*v < 1.35 && math.Abs(u) > .06
	default: // four panes
		return max(math.Abs(u), math.Abs(v)) < .9 && math.Abs(u) > .12 && math.Abs(v) > .12
	}
}

func randomColour(r *rand.Rand) [3]float64 {
	return [3]float64{.1 + .8*r.Float64(), .1 + .8*r.Float64(), .1 + .8*r.Float64()}
}

func distance(a, b [3]float64) float64 {
	return math.Abs(.3*(a[0]-b[0]) + .59*(a[1]-b[1]) + .11*(a[2]-b[2])) // of luma
}

func shade(c [3]float64, light float64) color.RGBA {
	of := func(v float64) uint8 { return uint8(255*min(max(v*light, 0), 1) + .5) }
	return color.RGBA{of(c[0]), of(c[1]), of(c[2]), 255}
}

// encode encodes an image in one of the formats, most often JPEG, of which some are turned.
func encode(m *image.RGBA, r *rand.Rand) (name string, raw []byte, err error) {
	var b bytes.Buffer
	switch r.IntN(10) {
	case 0:
		name, err = "png", png.Encode(&b, m)
	case 1:
		name, err = "gif", gif.Encode(&b, m, nil)
	case 2:
		name, err = "bmp", bmp.Encode(&b, m)
	case 3:
		name, err = "tif", tiff.Encode(&b, m, &tiff.Options{Compression: tiff.Deflate})
	case 4, 5:
		err = jpeg.Encode(&b, turnLeft(m), &jpeg.Options{Quality: 88})
		return "JPG", tagTurned(b.Bytes()), err
	default:
		name, err = "jpg", jpeg.Encode(&b, m, &jpeg.Options{Quality: 70 + r.IntN(30)})
	}
	return name, b.Bytes(), err
}

// turnLeft turns an image by a quarter to the left, as a camera that is held upright stores it.
func turnLeft(m *image.RGBA) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	to := image.NewRGBA(image.Rect(0, 0, h, w))
	for y := range h {
		for x := range w {
			to.SetRGBA(y, w-1-x, m.RGBAAt(x, y))
		}
	}
	return to
}

// tagTurned adds the EXIF tag that says: turn this to the right (orientation 6).
func tagTurned(file []byte) []byte {
	tag := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	return append(append(append([]byte{}, file[:2]...), tag...), file[2:]...)
}
