package attacks

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

const severities = 5

// corruption is one kind, with what each severity means.
type corruption struct {
	kind string
	by   [severities]float64
	// spoil writes to x what becomes of p, before it is cut at the box.
	spoil func(p picture, x []float32, by float64, r *rand.Rand)
}

// picture is an image to spoil.
type picture struct {
	pixels  []float32 // [H,W,C]
	h, w, c int
	lo, hi  float32
}

// corruptions are all kinds. Standard deviations and steps are in units of the
// box, blur's and translation's sizes in pixels, rotation's in degrees.
var corruptions = []corruption{
	{"gaussian", [severities]float64{.08, .12, .18, .26, .38}, gaussianNoise},
	{"shot", [severities]float64{60, 25, 12, 5, 3}, shotNoise},              // photons of white
	{"impulse", [severities]float64{.03, .06, .09, .17, .27}, impulseNoise}, // share of the values
	{"blur", [severities]float64{.4, .6, .7, .8, 1}, gaussianBlur},
	{"box", [severities]float64{1.5, 2, 2.5, 3, 4}, boxBlur},
	{"contrast", [severities]float64{.4, .3, .2, .1, .05}, lessContrast}, // that is left
	{"brightness", [severities]float64{.1, .2, .3, .4, .5}, brighter},
	{"rotation", [severities]float64{6, 12, 18, 24, 30}, rotated},
	{"translation", [severities]float64{1, 2, 3, 4, 5}, translated},
	{"jpeg", [severities]float64{25, 18, 15, 10, 7}, jpegCoded}, // quality
}

// apply writes to x what becomes of p, the same for the same seed.
func (k corruption) apply(p picture, x []float32, severity int, seed uint64) {
	h := fnv.New64a()
	h.Write([]byte(k.kind))
	k.spoil(p, x, k.by[severity-1], rand.New(rand.NewPCG(seed, h.Sum64())))
}

func gaussianNoise(p picture, x []float32, by float64, r *rand.Rand) {
	for i, v := range p.pixels {
		x[i] = v + (p.hi-p.lo)*float32(by*r.NormFloat64())
	}
}

// shotNoise counts photons, of which white has by.
func shotNoise(p picture, x []float32, by float64, r *rand.Rand) {
	for i, v := range p.pixels {
		x[i] = p.lo + (p.hi-p.lo)*float32(float64(poisson(by*float64((v-p.lo)/(p.hi-p.lo)), r))/by)
	}
}

// poisson counts arrivals in unit time, at a rate that is not large.
func poisson(rate float64, r *rand.Rand) (n int) {
	for t := r.ExpFloat64(); t < rate; t += r.ExpFloat64() {
		n++
	}
	return n
}

func impulseNoise(p picture, x []float32, by float64, r *rand.Rand) {
	for i, v := range p.pixels {
		switch u := r.Float64(); {
		case u < by/2:
			x[i] = p.lo
		case u < by:
			x[i] = p.hi
		default:
			x[i] = v
		}
	}
}

// gaussianBlur has standard deviation by, cut after four of them.
func gaussianBlur(p picture, x []float32, by float64, _ *rand.Rand) {
	reach := int(4*by + .5)
	kernel := make([]float64, 2*reach+1)
	for i := range kernel {
		d := float64(i - reach)
		kernel[i] = math.Exp(-d * d / (2 * by * by))
	}
	p.filter(x, kernel)
}

// boxBlur averages over a square of side by, whose outer pixels may count in
// part.
func boxBlur(p picture, x []float32, by float64, _ *rand.Rand) {
	reach := int(math.Ceil((by - 1) / 2))
	kernel := make([]float64, 2*reach+1)
	for i := range kernel {
		d := math.Abs(float64(i - reach))
		kernel[i] = min(1, max(0, by/2+.5-d))
	}
	p.filter(x, kernel)
}

// filter convolves both sides with a kernel, which is scaled to sum 1. Edge
// pixels repeat.
func (p picture) filter(x []float32, kernel []float64) {
	var sum float64
	for _, k := range kernel {
		sum += k
	}
	reach := len(kernel) / 2
	half := make([]float64, len(x))
	for y := range p.h {
		for u := range p.w {
			for k := range p.c {
				var v float64
				for i, weight := range kernel {
					at := min(max(u+i-reach, 0), p.w-1)
					v += weight * float64(p.pixels[(y*p.w+at)*p.c+k])
				}
				half[(y*p.w+u)*p.c+k] = v / sum
			}
		}
	}
	for y := range p.h {
		for i := range p.w * p.c {
			var v float64
			for j, weight := range kernel {
				v += weight * half[min(max(y+j-reach, 0), p.h-1)*p.w*p.c+i]
			}
			x[y*p.w*p.c+i] = float32(v / sum)
		}
	}
}

// lessContrast brings each channel nearer to its mean.
func lessContrast(p picture, x []float32, by float64, _ *rand.Rand) {
	mean := make([]float64, p.c)
	for i, v := range p.pixels {
		mean[i%p.c] += float64(v) / float64(p.h*p.w)
	}
	for i, v := range p.pixels {
		m := mean[i%p.c]
		x[i] = float32(m + by*(float64(v)-m))
	}
}

func brighter(p picture, x []float32, by float64, _ *rand.Rand) {
	for i, v := range p.pixels {
		x[i] = v + (p.hi-p.lo)*float32(by)
	}
}

func rotated(p picture, x []float32, by float64, r *rand.Rand) {
	if r.Uint64()&1 == 0 {
		by = -by
	}
	resample(x, p.pixels, p.h, p.w, p.c, false, turned(p.h, p.w, by, 0, 0))
}

// translated moves by so many pixels in any direction.
func translated(p picture, x []float32, by float64, r *rand.Rand) {
	dy, dx := math.Sincos(2 * math.Pi * r.Float64())
	resample(x, p.pixels, p.h, p.w, p.c, false, turned(p.h, p.w, 0, by*dx, by*dy))
}
