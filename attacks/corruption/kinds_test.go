package corruption

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/vector"
)

// TestCorruptions: each severity changes images more than the one below, on
// average, and the same seed gives the same result.
func TestCorruptions(t *testing.T) {
	for _, c := range []int{1, 3} {
		for _, k := range corruptions {
			var mean [Severities + 1]float64
			for i := range 12 {
				const h, w = 20, 16
				p := picture{pixels: make([]float32, h*w*c), h: h, w: w, c: c, lo: 0, hi: 1}
				r := rand.New(rand.NewPCG(uint64(i), 1))
				fy, fx := .4+.4*r.Float64(), .4+.4*r.Float64()
				for j := range p.pixels {
					y, x := float64(j/c/w)/h, float64(j/c%w)/w
					p.pixels[j] = float32(.35 + .25*math.Sin(6*fy*y+float64(j%c))*math.Cos(6*fx*x) + .1*r.Float64())
				}
				x, again := make([]float32, len(p.pixels)), make([]float32, len(p.pixels))
				for s := 1; s <= Severities; s++ {
					k.apply(p, x, s, uint64(i))
					k.apply(p, again, s, uint64(i))
					if !slices.Equal(x, again) {
						t.Fatalf("%s: not the same again", k.kind)
					}
					attacktest.UnitBox(attacks.L2).Clip(x)
					mean[s] += attacks.L2.Distance(x, p.pixels)
				}
			}
			for s := 1; s <= Severities; s++ {
				if mean[s] <= mean[s-1] {
					t.Errorf("%s, %d channels: severity %d changes %g, %d changes %g", k.kind, c, s-1, mean[s-1], s, mean[s])
				}
			}
		}
	}
}

// TestNoiseMoments: noise has the mean and the standard deviation of its kind.
func TestNoiseMoments(t *testing.T) {
	const n = 100 * 100
	p := picture{pixels: make([]float32, n), h: 100, w: 100, c: 1, lo: 0, hi: 1}
	for i := range p.pixels {
		p.pixels[i] = .5
	}
	for kind, want := range map[string]float64{
		"gaussian": .18,
		"shot":     math.Sqrt(.5 * 12 / 12 / 12), // Poisson: the variance is the mean
		"impulse":  math.Sqrt(.09 / 4),           // so many at .5 from the middle
	} {
		k := corruptions[slices.IndexFunc(corruptions, func(k corruption) bool { return k.kind == kind })]
		x := make([]float32, n)
		k.apply(p, x, 3, 1)
		var mean, square float64
		for _, v := range x {
			mean += float64(v) / n
			square += float64(v) * float64(v) / n
		}
		if spread := math.Sqrt(square - mean*mean); math.Abs(mean-.5) > .01 || math.Abs(spread-want) > .05*want {
			t.Errorf("%s: want mean .5 and standard deviation %g, got %g and %g", kind, want, mean, spread)
		}
	}
}

// TestFilters: Gaussian blur keeps the sum and has the right variance; a box of
// side 3 averages nine pixels.
func TestFilters(t *testing.T) {
	const n = 15
	p := picture{pixels: make([]float32, n*n), h: n, w: n, c: 1, lo: 0, hi: 1}
	p.pixels[7*n+7] = 1
	x := make([]float32, n*n)
	blurBox(p, x, 3, nil)
	for i, v := range x {
		want := float32(0)
		if y, u := i/n, i%n; y >= 6 && y <= 8 && u >= 6 && u <= 8 {
			want = 1. / 9
		}
		if vector.Abs(v-want) > 1e-6 {
			t.Errorf("box: (%d,%d) is %g, want %g", i/n, i%n, v, want)
		}
	}
	blurGaussian(p, x, 1, nil)
	var sum, spread float64
	for i, v := range x {
		sum += float64(v)
		spread += float64(v) * float64((i/n-7)*(i/n-7))
	}
	if math.Abs(sum-1) > 1e-4 || math.Abs(spread-1) > .01 {
		t.Errorf("gaussian: want sum 1 and variance 1, got %g and %g", sum, spread)
	}
}

// TestJPEG: at the best quality a smooth image hardly changes, in any number of
// channels, and its channels keep their order.
func TestJPEG(t *testing.T) {
	for _, c := range []int{1, 2, 3, 4} {
		const h, w = 19, 23
		p := picture{pixels: make([]float32, h*w*c), h: h, w: w, c: c, lo: -1, hi: 1}
		for i := range p.pixels {
			p.pixels[i] = float32(.8 * math.Sin(float64(i/c/w)/12+float64(i/c%w)/15+2*float64(i%c)))
		}
		x := make([]float32, len(p.pixels))
		compressJPEG(p, x, 100, nil)
		for i, v := range x {
			if d := vector.Abs(v - p.pixels[i]); d > .12 { // chroma has half the resolution
				t.Errorf("%d channels: value %d was %g, is %g", c, i, p.pixels[i], v)
				break
			}
		}
	}
}
