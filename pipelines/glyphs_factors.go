package pipelines

import (
	"math"
	"math/rand/v2"
)

// Factors are what a glyph was drawn with. Lengths in pixels are for an image of 28 pixels a side
// and grow with it. Each number is uniform on its range unless noted.
type Factors struct {
	Digit int // 0..9, also the label

	// Appearance.
	Face       string  // name of the Go font
	Weight     float64 // outline moved outwards by this part of the digit's height, -.02...06
	Ink        float64 // brightness of the strokes, .6..1 of white
	Background float64 // brightness behind them, 0...25 of white; squared uniform, so mostly dark
	Texture    float64 // part of the ink that mottling takes at most, 0...45

	// Geometry, in the order in which it acts.
	StretchX, StretchY float64 // width and height over those of a digit 19 pixels high, .6..1.3 and .7..1.15
	Shear              float64 // pixels to the right per pixel up, -.4...4
	Rotation           float64 // degrees clockwise, -25..25
	ShiftX, ShiftY     float64 // pixels to the right and down, -3..3
	Displacement       float64 // greatest length of the smooth displacement field in pixels, at most; 0..4
	Field              uint64  // seed of that field and of the mottling
}

// drawFactors draws the factors of example i. The digit comes from a permutation of all ten for
// each run of ten examples, so the classes are balanced.
func drawFactors(g *generator, seed Seed, i, size int) Factors {
	var digits [10]int
	for d := range digits {
		digits[d] = d
	}
	g.at(seed.Split("digits", i/10)).Shuffle(10, func(a, b int) { digits[a], digits[b] = digits[b], digits[a] })

	at := seed.Split("example", i)
	r := g.at(at)
	pixel := float64(size) / 28
	f := Factors{Digit: digits[i%10], Field: uint64(at.Split("field"))}
	f.Face = faces[r.IntN(len(faces))].name
	f.Weight = uniform(r, -.02...06)
	f.Ink = uniform(r, .6, 1)
	f.Background = .25 * math.Pow(r.Float64(), 2)
	f.Texture = uniform(r, 0, .45)
	f.StretchX = uniform(r, .6, 1.3)
	f.StretchY = uniform(r, .7, 1.15)
	f.Shear = uniform(r, -.4, .4)
	f.Rotation = uniform(r, -25, 25)
	f.ShiftX = uniform(r, -3, 3) * pixel
	f.ShiftY = uniform(r, -3, 3) * pixel
	f.Displacement = uniform(r, 0, 4) * pixel
	return f
}

func uniform(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
