package engine

import (
	"math"
	"math/rand/v2"
	"testing"
	"unwarp/attacks"
)

func TestLegal(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name      string
		norm      attacks.Norm
		x, origin []float32
		eps       float32
		far       float64
		ok        bool
	}{
		{"nothing moved", attacks.Linf, []float32{.5, .25}, []float32{.5, .25}, .125, 0, true},
		{"on the ball", attacks.Linf, []float32{.625, .125}, []float32{.5, .25}, .125, .125, true},
		{"one value beyond", attacks.Linf, []float32{.75, .25}, []float32{.5, .25}, .125, .25, false},
		{"a rounding error beyond", attacks.Linf, []float32{.6250005, .25}, []float32{.5, .25}, .125, .1250005, true},
		{"more than that", attacks.Linf, []float32{.625002, .25}, []float32{.5, .25}, .125, .125002, false},
		{"downwards", attacks.Linf, []float32{.5, 0}, []float32{.5, .25}, .0625, .25, false},
		{"above the box", attacks.Linf, []float32{1.25, .25}, []float32{1, .25}, .5, .25, false},
		{"below the box", attacks.Linf, []float32{-.125, .25}, []float32{0, .25}, .5, .125, false},
		{"3-4-5 inside", attacks.L2, []float32{.375, .5}, []float32{0, 0}, .625, .625, true},
		{"3-4-5 beyond", attacks.L2, []float32{.375, .5}, []float32{0, 0}, .5, .625, false},
		{"L2 above the box", attacks.L2, []float32{1.25, 0}, []float32{1, 0}, .5, .25, false},
		{"L1 inside", attacks.L1, []float32{.375, .5}, []float32{.5, 0}, .625, .625, true},
		{"L1 beyond", attacks.L1, []float32{.375, .5}, []float32{.5, 0}, .5, .625, false},
		{"not a number", attacks.Linf, []float32{nan, 0}, []float32{0, 0}, .5, math.NaN(), false},
		{"not a number, L2", attacks.L2, []float32{0, nan}, []float32{0, 0}, .5, math.NaN(), false},
		{"infinite", attacks.L1, []float32{inf, 0}, []float32{0, 0}, inf, math.Inf(1), false},
		{"anywhere", attacks.L1, []float32{1, 1}, []float32{0, 0}, inf, 2, true},
		{"a value short", attacks.Linf, []float32{.5}, []float32{.5, .25}, 1, 0, false},
	} {
		if got := isLegal(c.x, c.origin, attacks.Threat{Norm: c.norm, Lo: 0, Hi: 1}, c.eps); got != c.ok {
			t.Errorf("%s: want %t, got %t", c.name, c.ok, got)
		}
		if c.far == c.far && math.Abs(distance(c.norm, c.x, c.origin[:len(c.x)])-c.far) > 1e-7 {
			t.Errorf("%s: want a distance of %g, got %g", c.name, c.far, distance(c.norm, c.x, c.origin))
		}
	}
	if isLegal([]float32{.125}, []float32{.25}, attacks.Threat{Norm: attacks.Linf, Lo: .25, Hi: .75}, .5) {
		t.Error("other box: want what is below it refused")
	}
	if d := attacks.L0.Distance([]float32{.1, .2, .3, 0}, []float32{.1, .3, .3, .1}); d != 2 {
		t.Errorf("want 2 changed values, got %g", d)
	}
}

// The rounding of a large image is no reason to refuse it, not even where all
// values are rounded alike; one value that leaves the ball for good is.
func TestSlack(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	origin, x := uniformImage(r, 3*224*224), make([]float32, 3*224*224)
	for _, norm := range attacks.Threats {
		for k := range 12 {
			eps := []float32{.03, 3, 100}[k%3]
			for i := range x {
				if k >= 3 { // one grey
					origin[i] = .85 + .01*float32(k)
				}
				if x[i] = origin[i] - 1; k < 3 {
					x[i] = origin[i] + 2*r.Float32() - 1
				}
			}
			attacks.Threat{Norm: norm, Lo: 0, Hi: 1}.Project(x, origin, eps)
			if !isLegal(x, origin, attacks.Threat{Norm: norm, Lo: 0, Hi: 1}, eps) {
				t.Errorf("%s: projected on %g, refused at %.9g", norm, eps, norm.Distance(x, origin))
			}
			if x[0] = 1 - float32(math.Round(float64(origin[0]))); norm == attacks.Linf && eps < .5 && isLegal(x, origin, attacks.Threat{Norm: norm, Lo: 0, Hi: 1}, eps) {
				t.Errorf("%s: a change by half the box allowed within %g", norm, eps)
			}
		}
		origin = uniformImage(r, len(x))
	}
}

func uniformImage(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32()
	}
	return x
}
