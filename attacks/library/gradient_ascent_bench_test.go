package library

import (
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
)

// BenchmarkAscentStep measures one step without the passes, for 784 pixels.
func BenchmarkAscentStep(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	g := attacktest.NormalVector(r, 784, 1)
	for _, norm := range attacks.Threats {
		o := &attacks.Oracle{Problem: attacks.Problem{Image: attacktest.RandomImage(r, 784), Threat: attacktest.UnitBox(norm), Norm: norm, Eps: map[attacks.Norm]float32{attacks.Linf: .3, attacks.L2: 2, attacks.L1: 10}[norm], Rand: r}}
		b.Run("pgd/"+string(norm), func(b *testing.B) {
			ascent := (&PGD{Quantile: .99}).ascent(o)
			x, d := slices.Clone(o.Image), slices.Clone(g)
			for b.Loop() {
				copy(d, g)
				ascent.step(o, 0, x, d)
			}
		})
		b.Run("apgd/"+string(norm), func(b *testing.B) {
			var a stepper = newAPGDAscent(o, slices.Clone(o.Image), 100, .75)
			if norm == attacks.L1 {
				a = newAPGDL1Ascent(o, slices.Clone(o.Image), o.Eps, 100, false)
			}
			var loss float32
			b.ReportAllocs()
			for b.Loop() {
				loss++
				a.observe(attacks.LossGradient{Loss: loss, Gradient: g})
				a.step()
			}
		})
	}
}
