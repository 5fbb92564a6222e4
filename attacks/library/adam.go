package library

import "math"

// adamOptimizer is Adam (Kingma and Ba 2015, algorithm 1, with its default β1, β2
// and ε) for the variables of one image.
type adamOptimizer struct {
	rate float64
	m, v []float64 // moving averages of the gradient and of its square
	t    int       // steps made
}

func newAdamOptimizer(n int, rate float32) *adamOptimizer {
	return &adamOptimizer{rate: float64(rate), m: make([]float64, n), v: make([]float64, n)}
}

// reset forgets all steps.
func (a *adamOptimizer) reset() {
	clear(a.m)
	clear(a.v)
	a.t = 0
}

// step moves w against its gradient g, in place.
func (a *adamOptimizer) step(w, g []float64) {
	const b1, b2, eps = .9, .999, 1e-8
	a.t++
	first, second := 1/(1-math.Pow(b1, float64(a.t))), 1/(1-math.Pow(b2, float64(a.t)))
	for i, d := range g {
		a.m[i] = b1*a.m[i] + (1-b1)*d
		a.v[i] = b2*a.v[i] + (1-b2)*d*d
		w[i] -= a.rate * first * a.m[i] / (math.Sqrt(second*a.v[i]) + eps)
	}
}
