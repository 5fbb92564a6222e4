package pipelines

import (
	"fmt"
	"math"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomediumitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/gofont/gomonoitalic"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// point is a place in the plane, y down.
type point struct{ x, y float64 }

// corner is a vertex of a flattened outline, and the way it moves when the outline grows by 1.
type corner struct{ at, out point }

// outline is the closed contours of a digit, 1 high for the tallest of its face and centred on 0.
type outline [][]corner

type face struct {
	name   string
	ttf    []byte
	digits [10]outline // after loadFaces
}

// The small-capital faces are left out: their digits are those of the regular ones.
var faces = []face{
	{name: "goregular", ttf: goregular.TTF},
	{name: "gomedium", ttf: gomedium.TTF},
	{name: "gobold", ttf: gobold.TTF},
	{name: "goitalic", ttf: goitalic.TTF},
	{name: "gomediumitalic", ttf: gomediumitalic.TTF},
	{name: "gobolditalic", ttf: gobolditalic.TTF},
	{name: "gomono", ttf: gomono.TTF},
	{name: "gomonobold", ttf: gomonobold.TTF},
	{name: "gomonoitalic", ttf: gomonoitalic.TTF},
	{name: "gomonobolditalic", ttf: gomonobolditalic.TTF},
}

// loadFaces reads the digits of all faces, once.
var loadFaces = sync.OnceValue(func() error {
	for i := range faces {
		if err := faces[i].loadDigits(); err != nil {
			return fmt.Errorf("pipelines: glyphs: font %s: %w", faces[i].name, err)
		}
	}
	return nil
})

// faceNamed finds a face of the list.
func faceNamed(name string) *face {
	for i := range faces {
		if faces[i].name == name {
			return &faces[i]
		}
	}
	return nil
}

// loadDigits reads the outlines of the ten digits.
func (f *face) loadDigits() error {
	font, err := sfnt.Parse(f.ttf)
	if err != nil {
		return err
	}
	var buffer sfnt.Buffer
	em := fixed.I(int(font.UnitsPerEm()))
	var contours [10][][]point
	tallest := 0.
	for d := range contours {
		index, err := font.GlyphIndex(&buffer, rune('0'+d))
		if err != nil {
			return err
		}
		segments, err := font.LoadGlyph(&buffer, index, em, nil)
		if err != nil {
			return err
		}
		contours[d] = flatten(segments)
		low, high := boundingBox(contours[d])
		tallest = max(tallest, high.y-low.y)
	}
	for d, c := range contours {
		f.digits[d] = makeOutline(c, tallest)
	}
	return nil
}

// linesPerCurve is how many straight lines replace a curve, and a straight line: the geometric map bends
// both.
const linesPerCurve = 6

// flatten turns segments into closed polygons without repeated points.
func flatten(segments sfnt.Segments) [][]point {
	var contours [][]point
	var from point
	add := func(p point) {
		last := len(contours) - 1
		contours[last] = append(contours[last], p)
	}
	for _, s := range segments {
		var a [3]point
		for i, p := range s.Args {
			a[i] = point{float64(p.X), float64(p.Y)}
		}
		curve := func(t float64) point { return mixPoints(from, a[0], t) }
		end := a[0]
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			contours = append(contours, nil)
			from = a[0]
			continue
		case sfnt.SegmentOpQuadTo:
			end = a[1]
			curve = func(t float64) point {
				return mixPoints(mixPoints(from, a[0], t), mixPoints(a[0], a[1], t), t)
			}
		case sfnt.SegmentOpCubeTo:
			end = a[2]
			curve = func(t float64) point {
				b := mixPoints(a[0], a[1], t)
				return mixPoints(mixPoints(mixPoints(from, a[0], t), b, t), mixPoints(b, mixPoints(a[1], a[2], t), t), t)
			}
		}
		if end == from {
			continue
		}
		for i := 1; i <= linesPerCurve; i++ {
			add(curve(float64(i) / linesPerCurve))
		}
		from = end
	}
	return contours
}

func mixPoints(a, b point, t float64) point { return point{a.x + (b.x-a.x)*t, a.y + (b.y-a.y)*t} }

// boundingBox are the corners of the box around all points.
func boundingBox(contours [][]point) (low, high point) {
	low, high = point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, c := range contours {
		for _, p := range c {
			low.x, low.y = min(low.x, p.x), min(low.y, p.y)
			high.x, high.y = max(high.x, p.x), max(high.y, p.y)
		}
	}
	return low, high
}

// makeOutline centres the contours, divides by height and finds which way is out.
func makeOutline(contours [][]point, height float64) outline {
	low, high := boundingBox(contours)
	middle := point{(low.x + high.x) / 2, (low.y + high.y) / 2}
	area := 0.
	for _, c := range contours {
		for i := range c {
			c[i] = point{(c[i].x - middle.x) / height, (c[i].y - middle.y) / height}
		}
		for i, p := range c {
			q := c[(i+1)%len(c)]
			area += p.x*q.y - q.x*p.y
		}
	}
	// Holes run against the outer contours, so one sign serves both.
	sign := math.Copysign(1, area)
	traced := make(outline, len(contours))
	for k, c := range contours {
		n := len(c)
		for i, p := range c {
			a, b := edgeNormal(c[(i+n-1)%n], p), edgeNormal(p, c[(i+1)%n])
			// The mitre of both edges' normals, held short at sharp corners.
			scale := sign / max(1+a.x*b.x+a.y*b.y, .5)
			traced[k] = append(traced[k], corner{p, point{(a.x + b.x) * scale, (a.y + b.y) * scale}})
		}
	}
	return traced
}

// edgeNormal is the unit vector to the right of the way from a to b, seen with y up.
func edgeNormal(a, b point) point {
	x, y := b.x-a.x, b.y-a.y
	l := math.Hypot(x, y)
	return point{y / l, -x / l}
}
