package library

import (
	"math"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "gaussian", Title: "gaussian", Paper: "Rauber, Zimmermann, Bethge and Brendel 2020", Family: attacks.Baseline, Search: attacks.Ascending,
	Battery: []attacks.Variant{{Rank: 330, Text: "gaussian"}},
	New:     func() attacks.Attack { return new(Gaussian) },
})

// Gaussian adds normal noise, clipped to the ball. In L2 and L1 the noise is
// scaled so that its norm is eps after clipping to the box (the clipping-aware
// scaling of Rauber and Bethge 2020). In Linf its standard deviation is
// Sigma·eps, and values beyond eps are clipped.
type Gaussian struct {
	attacks.Common
	Draws int     `key:"draws" in:"[1,1e9]" default:"100" help:"tries at each eps"`
	Sigma float32 `key:"sigma" in:"[1e-3,1e3]" default:"1" help:"standard deviation in linf, as a share of eps"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *Gaussian) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run draws until a draw succeeds.
func (a *Gaussian) Run(o *attacks.Oracle) {
	noise := make([]float32, len(o.Image))
	claimFirst(o, a.Draws, func(x []float32) {
		fillNormal(o.Rand, noise)
		scale := a.Sigma * o.Eps
		if o.Threat.Norm != attacks.Linf {
			scale = clippedScale(o, x, noise)
		}
		vector.AXPY(x, o.Image, scale, noise)
		o.Threat.Project(x, o.Image, o.Eps)
	})
}

// clippedScale is the factor f for which f·noise, clipped to the box, has norm
// Eps, by bisection; a large factor if there is none. x is scratch.
func clippedScale(o *attacks.Oracle, x, noise []float32) float32 {
	lo, hi := 0., 2*float64(o.Eps)/max(float64(o.Threat.Norm.Of(noise)), 1e-30)
	reachesEps := func(f float64) bool {
		vector.AXPY(x, o.Image, float32(f), noise)
		o.Threat.Clip(x)
		return o.Threat.Norm.Distance(x, o.Image) >= float64(o.Eps)
	}
	for range 40 {
		if reachesEps(hi) {
			break
		}
		lo, hi = hi, 2*hi
	}
	for range 24 {
		if mid := (lo + hi) / 2; reachesEps(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return float32(math.Min(hi, math.MaxFloat32))
}
