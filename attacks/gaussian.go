package attacks

import "math"

var _ = register(Entry{
	Name: "gaussian", Paper: "Rauber, Zimmermann, Bethge and Brendel 2020", Family: Baseline, Schedule: Ascending,
	New: func() Attack { return new(Gaussian) },
})

// Gaussian is Gaussian noise in the ball. In L2 and L1 its direction is
// Gaussian and its size eps after it was cut at the box (the clipping-aware
// scaling of Rauber and Bethge 2020). In Linf its standard deviation is
// Sigma·eps, and values beyond eps are cut.
type Gaussian struct {
	Common
	Draws int     `key:"draws" in:"[1,1e9]" default:"100" help:"tries at each eps"`
	Sigma float32 `key:"sigma" in:"[1e-3,1e3]" default:"1" help:"standard deviation in linf, as a share of eps"`
}

// Needs is nothing.
func (a *Gaussian) Needs(Victim) []Loss { return nil }

// Attack draws until a draw succeeds.
func (a *Gaussian) Attack(c *Case) {
	d := make([]float32, len(c.Image))
	c.draws(a.Draws, func(x []float32) {
		for i := range d {
			d[i] = float32(c.Rand.NormFloat64())
		}
		size := a.Sigma * c.Eps
		if c.Threat.Norm != Linf {
			size = c.stretch(x, d)
		}
		axpy(x, c.Image, size, d)
		c.Threat.Project(x, c.Image, c.Eps)
	})
}

// stretch is the factor at which a step along d, cut at the box, has size Eps.
// Where the box holds no such step it is large. x is scratch.
func (c *Case) stretch(x, d []float32) float32 {
	lo, hi := 0., 2*float64(c.Eps)/max(float64(norm(c.Threat.Norm, d)), 1e-30)
	reaches := func(f float64) bool {
		axpy(x, c.Image, float32(f), d)
		c.Threat.Clip(x)
		return distance(c.Threat.Norm, x, c.Image) >= float64(c.Eps)
	}
	for range 40 {
		if reaches(hi) {
			break
		}
		lo, hi = hi, 2*hi
	}
	for range 24 {
		if mid := (lo + hi) / 2; reaches(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return float32(math.Min(hi, math.MaxFloat32))
}
