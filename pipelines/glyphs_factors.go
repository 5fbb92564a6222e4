package pipelines

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Factors are what a glyph was drawn with. Lengths in pixels are for an image of 28 pixels a side
// and grow with it. Each number is uniform on its range unless noted.
type Factors struct {
	Digit int // 0..9, also the label

	// Appearance.
	Face       string  // name of the Go font
	Weight     float64 // outline moved outwards by this part of the digit's height, -.015 to .06
	Ink        float64 // brightness of the strokes, .6 to 1 of white
	Background float64 // brightness behind them, 0 to .25 of white; a squared uniform, so mostly dark
	Texture    float64 // part of the brightness that the texture takes at most, 0 to .4

	// Geometry, in the order in which it acts.
	StretchX, StretchY float64 // width and height over those of a digit 19 pixels high, .65 to 1.3 and .75 to 1.15
	Shear              float64 // pixels to the right per pixel up, -.35 to .35
	Rotation           float64 // degrees clockwise, -22 to 22
	ShiftX, ShiftY     float64 // pixels to the right and down, -2.5 to 2.5
	Displacement       float64 // pixels that the smooth displacement field moves any point by at most, 0 to 4
	Field              uint64  // seed of that field and of the texture
}

// glyphsFactors are the numbers and the font that a glyph is drawn with. Field is a seed,
// and not among them.
var glyphsFactors = []struct {
	name  string
	group FactorGroup
	of    func(f Factors) float64
}{
	{"weight", AppearanceFactor, func(f Factors) float64 { return f.Weight }},
	{"ink", AppearanceFactor, func(f Factors) float64 { return f.Ink }},
	{"background", AppearanceFactor, func(f Factors) float64 { return f.Background }},
	{"texture", AppearanceFactor, func(f Factors) float64 { return f.Texture }},
	{"stretch x", GeometryFactor, func(f Factors) float64 { return f.StretchX }},
	{"stretch y", GeometryFactor, func(f Factors) float64 { return f.StretchY }},
	{"shear", GeometryFactor, func(f Factors) float64 { return f.Shear }},
	{"rotation", GeometryFactor, func(f Factors) float64 { return f.Rotation }},
	{"shift x", GeometryFactor, func(f Factors) float64 { return f.ShiftX }},
	{"shift y", GeometryFactor, func(f Factors) float64 { return f.ShiftY }},
	{"displacement", GeometryFactor, func(f Factors) float64 { return f.Displacement }},
}

// FactorList describes what [Glyphs.FactorValues] returns.
func (g *Glyphs) FactorList() (list []Factor) {
	for _, f := range glyphsFactors {
		list = append(list, Factor{Name: f.name, Group: f.group})
	}
	return append(list, Factor{Name: "font", Group: AppearanceFactor, Values: len(faces)})
}

// FactorValues are those of [Glyphs.Factors] that are numbers, and the number of the font.
func (g *Glyphs) FactorValues(i int) (values []float64) {
	drawn := g.Factors(i)
	for _, f := range glyphsFactors {
		values = append(values, f.of(drawn))
	}
	return append(values, float64(slices.IndexFunc(faces, func(f face) bool { return f.name == drawn.Face })))
}

// drawDigit draws the digit of example i from a permutation of all ten for each run of ten examples,
// so the classes are balanced.
func drawDigit(g *generator, seed Seed, i int) int {
	var digits [10]int
	for d := range digits {
		digits[d] = d
	}
	g.reseed(seed.Split("digits", i/10)).Shuffle(10, func(a, b int) { digits[a], digits[b] = digits[b], digits[a] })
	return digits[i%10]
}

// drawFactors draws the factors of example i.
func drawFactors(g *generator, seed Seed, i, size int) Factors {
	at := seed.Split("example", i)
	f := Factors{Digit: drawDigit(g, seed, i), Field: uint64(at.Split("field"))}
	r := g.reseed(at)
	pixel := float64(size) / 28
	f.Face = faces[r.IntN(len(faces))].name
	f.Weight = drawUniform(r, -.015, .06)
	f.Ink = drawUniform(r, .6, 1)
	f.Background = .25 * math.Pow(r.Float64(), 2)
	f.Texture = drawUniform(r, 0, .4)
	f.StretchX = drawUniform(r, .65, 1.3)
	f.StretchY = drawUniform(r, .75, 1.15)
	f.Shear = drawUniform(r, -.35, .35)
	f.Rotation = drawUniform(r, -22, 22)
	f.ShiftX = drawUniform(r, -2.5, 2.5) * pixel
	f.ShiftY = drawUniform(r, -2.5, 2.5) * pixel
	f.Displacement = drawUniform(r, 0, 4) * pixel
	return f
}

func drawUniform(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
