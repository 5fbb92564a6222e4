package library

import (
	"math"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
)

// TestAntitheticGradient compares estimates with the gradient of a linear model.
func TestAntitheticGradient(t *testing.T) {
	l := attacktest.NewLinear(2, 4, 5, 1, 3)
	for _, gaussian := range []bool{false, true} {
		runOnImages(t, l.Victim(), attacks.Linf, l.Labelled(1, 4, .2, .8), nil, func(o *attacks.Oracle) {
			const pairs = 600
			g, z := antitheticGradient(o, o.Image, pairs, .01, func(v []float32) {
				for i := range v {
					v[i] = float32(2*o.Rand.IntN(2) - 1)
					if gaussian {
						v[i] = float32(o.Rand.NormFloat64())
					}
				}
			}, func(z []float32) float64 { return -float64(o.Margin(z)) })
			want := l.Gradient(attacks.Margin, o.Image, int32(o.Label))
			var ab, aa, bb float64
			for i := range g {
				ab -= float64(g[i]) * want[i]
				aa += float64(g[i]) * float64(g[i])
				bb += want[i] * want[i]
			}
			// n pairs in d dimensions: the noise is sqrt(d/n) of the gradient.
			if cos := ab / math.Sqrt(aa*bb); cos < .97 || math.Abs(aa/bb-1) > .15 {
				t.Errorf("gaussian %v, image %d: cosine %g, squared length %g of the true gradient's", gaussian, o.Index, cos, aa/bb)
			}
			if zz := l.Logits(o.Image); math.Abs(float64(z[0])-zz[0]) > 1e-4 {
				t.Errorf("logits %v, want %v", z, zz)
			}
			if n := recorderOf(o).forward; n != 2*pairs+1 {
				t.Errorf("want %d passes, got %d", 2*pairs+1, n)
			}
		})
	}
}
