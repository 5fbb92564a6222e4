package engine_test

import (
	"math"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	_ "unwarp/attacks/library"
)

// TestLattice: attacks of all kinds find examples that are images of few values,
// near those that they find among all images, and what is stored is such an image.
func TestLattice(t *testing.T) {
	const levels = 64
	linear := attacktest.NewLinear(7, 4, 4, 1, 4)
	v := linear.Victim()
	list := attacktest.Parse(t, "fgsm", "pgd(steps=10)", "deepfool", "ddn(steps=30)", "square(queries=300)", "random")
	eps := []float32{8. / levels, 24. / levels}
	evaluate := func(lattice int, images attacks.Images) *attacks.Evaluation {
		s := attacktest.NewSession(t, v, attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1, Lattice: lattice}, list...)
		return attacktest.Evaluate(t, s, images, engine.Options{Attacks: list, Eps: eps, Batch: 16, Keep: 100})
	}
	images := linear.Labelled(3, 12, 0, 1)
	for i, x := range images.Pixels {
		images.Pixels[i] = float32(math.Round(float64(x)*levels)) / levels
	}
	any, on := evaluate(0, images), evaluate(levels, images)
	if on.Lattice != levels || any.Lattice != 0 {
		t.Errorf("want the lattice in the evaluation, got %d and %d", on.Lattice, any.Lattice)
	}
	found := 0
	for a := range on.Attacks {
		for i, r := range on.Attacks[a].Results {
			if r.Image == nil {
				continue
			}
			found++
			if slices.ContainsFunc(r.Image, func(x float32) bool { return x*levels != float32(math.Round(float64(x*levels))) }) {
				t.Errorf("%s, image %d: %v", on.Attacks[a].Attack, i, r.Image)
			}
		}
	}
	for _, e := range eps {
		n := on.CountLattice(e)
		if lost := any.CleanCorrect - any.RobustCount(e) - n.On; found == 0 || lost > 2 || n.Any < n.On {
			t.Errorf("eps %g: %d broken among all images, on the lattice %+v", e, any.CleanCorrect-any.RobustCount(e), n)
		}
	}
}

// TestRoundingLost: an example that no image near it stands for does not count, and
// its distance is kept; claims that the lattice does not hold are no success.
func TestRoundingLost(t *testing.T) {
	// Class 1 from .5 on: within .21 of .3 the lattice of 5 has .2 and .4 alone.
	a := &scripted{do: func(o *attacks.Oracle) {
		o.Logits(o.Image)
		if o.Claim([]float32{.505}) {
			t.Error("want a claim whose rounding fails refused")
		}
	}}
	s := attacktest.NewSession(t, thresholdVictim(), attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1, Lattice: 5}, a)
	ev := attacktest.Evaluate(t, s, greyImages(.3), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.21}, Batch: 2})
	r := ev.Attacks[0].Results[0]
	if r.Found() || r.OffLattice == nil || math.Abs(float64(*r.OffLattice)-.205) > 1e-6 {
		t.Errorf("want a distance of .205 off the lattice alone, got %+v", r)
	}
	if n := ev.CountLattice(.21); n.Any != 1 || n.On != 0 {
		t.Errorf("want one example, none of the lattice, got %+v", n)
	}
}
