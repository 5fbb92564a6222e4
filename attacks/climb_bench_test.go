package attacks

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkStep is what one step costs besides the passes, for 784 pixels.
func BenchmarkStep(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	g := draws(r, 784, 1)
	for _, norm := range Threats {
		c := &Case{Image: greyish(r, 784), Threat: box(norm), Norm: norm, Eps: map[Norm]float32{Linf: .3, L2: 2, L1: 10}[norm], Rand: r}
		b.Run("pgd/"+string(norm), func(b *testing.B) {
			k := (&PGD{Quantile: .99}).climber(c)
			x, d := clone(c.Image), clone(g)
			for b.Loop() {
				copy(d, g)
				k.step(c, x, d)
			}
		})
		b.Run("apgd/"+string(norm), func(b *testing.B) {
			var a route = newAscent(c, clone(c.Image), 100, .75)
			if norm == L1 {
				a = newSparseAscent(c, clone(c.Image), c.Eps, 100, false)
			}
			var loss float32
			b.ReportAllocs()
			for b.Loop() {
				loss++
				a.saw(Slope{Loss: loss, Gradient: g})
				a.step()
			}
		})
	}
}
