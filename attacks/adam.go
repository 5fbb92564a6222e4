package attacks

import "math"

// adam is the optimiser of Kingma and Ba 2015 (algorithm 1, with its defaults)
// for one image.
type adam struct {
	rate float64
	m, v []float64
	t    int
}

func newAdam(n int, rate float32) *adam {
	return &adam{rate: float64(rate), m: make([]float64, n), v: make([]float64, n)}
}

// reset forgets all steps.
func (a *adam) reset() {
	clear(a.m)
	clear(a.v)
	a.t = 0
}

// step moves w against its gradient g.
func (a *adam) step(w, g []float64) {
	const b1, b2, eps = .9, .999, 1e-8
	a.t++
	first, second := 1/(1-math.Pow(b1, float64(a.t))), 1/(1-math.Pow(b2, float64(a.t)))
	for i, d := range g {
		a.m[i] = b1*a.m[i] + (1-b1)*d
		a.v[i] = b2*a.v[i] + (1-b2)*d*d
		w[i] -= a.rate * first * a.m[i] / (math.Sqrt(second*a.v[i]) + eps)
	}
}
