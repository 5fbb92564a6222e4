package corruption

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"unwarp/attacks/geometry"
)

// Severities is the number of severities of a kind: 1 is the mildest.
const Severities = 5

// Kinds are the names of all kinds.
func Kinds() (names []string) {
	for _, k := range corruptions {
		names = append(names, k.kind)
	}
	return names
}

// Apply writes to x image [H,W,C], of values in [0,1], corrupted by a kind in a
// severity of 1 to [Severities]; values are cut to [0,1]. It is the same for the
// same seed, whatever other kinds are applied.
func Apply(x, image []float32, h, w, c int, kind string, severity int, seed uint64) {
	k := corruptions[slices.Index(Kinds(), kind)]
	k.apply(picture{image, h, w, c, 0, 1}, x, severity, seed)
	for i, v := range x {
		x[i] = min(max(v, 0), 1)
	}
}

// corruption is one kind of corruption, with an amount for each severity.
type corruption struct {
	kind    string
	amounts [Severities]float64
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
	{"gaussian", [Severities]float64{.08, .12, .18, .26, .38}, addGaussianNoise},
	{"shot", [Severities]float64{60, 25, 12, 5, 3}, addShotNoise},              // photons of a white value
	{"impulse", [Severities]float64{.03, .06, .09, .17, .27}, addImpulseNoise}, // share of the values
	{"blur", [Severities]float64{.4, .6, .7, .8, 1}, blurGaussian},
	{"box", [Severities]float64{1.5, 2, 2.5, 3, 4}, blurBox},
	{"contrast", [Severities]float64{.4, .3, .2, .1, .05}, reduceContrast}, // share that is left
	{"brightness", [Severities]float64{.1, .2, .3, .4, .5}, increaseBrightness},
	{"rotation", [Severities]float64{6, 12, 18, 24, 30}, rotate},
	{"translation", [Severities]float64{1, 2, 3, 4, 5}, translate},
	{"jpeg", [Severities]float64{25, 18, 15, 10, 7}, compressJPEG}, // quality
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
	if r.Uint64()&1 == 0 {
		degrees = -degrees
	}
	p.move(x, geometry.Threat{Rotate: 180, Border: geometry.Edge}, degrees)
}

// translate moves by a number of pixels in a random direction.
func translate(p picture, x []float32, distance float64, r *rand.Rand) {
	dy, dx := math.Sincos(2 * math.Pi * r.Float64())
	p.move(x, geometry.Threat{Translate: 256, Border: geometry.Edge}, distance*dx, distance*dy)
}

// move writes p, transformed by the parameters of a threat, to x. An image with a
// side of one pixel is left as it is.
func (p picture) move(x []float32, t geometry.Threat, parameters ...float64) {
	if p.h < 2 || p.w < 2 {
		copy(x, p.pixels)
		return
	}
	t.Apply(x, p.pixels, parameters, p.h, p.w, p.c)
}
