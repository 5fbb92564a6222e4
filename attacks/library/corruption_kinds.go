package library

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

const severities = 5

// corruption is one kind of corruption, with an amount for each severity.
type corruption struct {
	kind    string
	amounts [severities]float64
	// corrupt writes the corrupted image to x; values may lie outside the box.
	corrupt func(p picture, x []float32, amount float64, r *rand.Rand)
}

// picture is an image to corrupt, with its shape and box.
type picture struct {
	pixels  []float32 // [H,W,C]
	h, w, c int
	lo, hi  float32
}

// corruptions are all kinds. Standard deviations and differences are in units of
// the box, sizes of blur and translation in pixels, angles in degrees.
var corruptions = []corruption{
	{"gaussian", [severities]float64{.08, .12, .18, .26, .38}, addGaussianNoise},
	{"shot", [severities]float64{60, 25, 12, 5, 3}, addShotNoise},              // photons of a white value
	{"impulse", [severities]float64{.03, .06, .09, .17, .27}, addImpulseNoise}, // share of the values
	{"blur", [severities]float64{.4, .6, .7, .8, 1}, blurGaussian},
	{"box", [severities]float64{1.5, 2, 2.5, 3, 4}, blurBox},
	{"contrast", [severities]float64{.4, .3, .2, .1, .05}, reduceContrast}, // share that is left
	{"brightness", [severities]float64{.1, .2, .3, .4, .5}, increaseBrightness},
	{"rotation", [severities]float64{6, 12, 18, 24, 30}, rotate},
	{"translation", [severities]float64{1, 2, 3, 4, 5}, translate},
	{"jpeg", [severities]float64{25, 18, 15, 10, 7}, compressJPEG}, // quality
}

// apply writes the corrupted p to x, the same for the same seed.
func (k corruption) apply(p picture, x []float32, severity int, seed uint64) {
	h := fnv.New64a()
	h.Write([]byte(k.kind))
	k.corrupt(p, x, k.amounts[severity-1], rand.New(rand.NewPCG(seed, h.Sum64())))
}

// reduceContrast scales the difference of each value from its channel's mean.
func reduceContrast(p picture, x []float32, factor float64, _ *rand.Rand) {
	mean := make([]float64, p.c)
	for i, v := range p.pixels {
		mean[i%p.c] += float64(v) / float64(p.h*p.w)
	}
	for i, v := range p.pixels {
		m := mean[i%p.c]
		x[i] = float32(m + factor*(float64(v)-m))
	}
}

// increaseBrightness adds the same amount to each value.
func increaseBrightness(p picture, x []float32, amount float64, _ *rand.Rand) {
	for i, v := range p.pixels {
		x[i] = v + (p.hi-p.lo)*float32(amount)
	}
}

// rotate rotates by degrees, clockwise or counterclockwise.
func rotate(p picture, x []float32, degrees float64, r *rand.Rand) {
	degrees *= float64(randomSign(r))
	resample(x, p.pixels, p.h, p.w, p.c, false, rotateAndTranslate(p.h, p.w, degrees, 0, 0))
}

// translate moves by a number of pixels in a random direction.
func translate(p picture, x []float32, distance float64, r *rand.Rand) {
	dy, dx := math.Sincos(2 * math.Pi * r.Float64())
	resample(x, p.pixels, p.h, p.w, p.c, false, rotateAndTranslate(p.h, p.w, 0, distance*dx, distance*dy))
}
