package library

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAdam compares the running averages with their closed form: sums of past
// gradients with powers of the decay.
func TestAdam(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	a := newAdamOptimizer(1, .01)
	for run := range 2 { // the second after a reset
		a.reset()
		w, want := []float64{.3}, .3
		var past []float64
		for range 50 {
			g := r.NormFloat64() + 1
			past = append(past, g)
			a.step(w, []float64{g})
			var m, v, mass1, mass2 float64
			for i, g := range past {
				age := float64(len(past) - 1 - i)
				m, v = m+math.Pow(.9, age)*g, v+math.Pow(.999, age)*g*g
				mass1, mass2 = mass1+math.Pow(.9, age), mass2+math.Pow(.999, age)
			}
			want -= float64(float32(.01)) * (m / mass1) / (math.Sqrt(v/mass2) + 1e-8)
			if math.Abs(w[0]-want) > 1e-12 {
				t.Fatalf("run %d, step %d: want %g, got %g", run, len(past), want, w[0])
			}
		}
	}
}
