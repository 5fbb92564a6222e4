package library

import "unwarp/attacks"

var _ = attacks.Register(attacks.Entry{
	Name: "spsa", Title: "SPSA", Paper: "Uesato, O'Donoghue, van den Oord and Kohli 2018", Family: attacks.Score,
	Battery: []attacks.Variant{{Rank: 280, Text: "spsa(steps=40)"}},
	New:     func() attacks.Attack { return new(SPSA) },
})

// SPSA is the attack of Uesato et al. 2018: Adam on the margin, with gradients
// estimated by simultaneous perturbation (Spall 1992), from differences of the
// loss on both sides of the iterate along random vectors of ±1. The iterate is
// projected on ball and box after each step. Masked gradients do not hinder it.
//
// Defaults are cleverhans's. The paper takes up to 8192 samples: give more where
// it matters whether a defence masks its gradients. The points evaluated lie up
// to Delta outside ball and box; the claimed images do not.
type SPSA struct {
	attacks.Common
	Steps   int     `key:"steps" in:"[1,1e6]" default:"100" help:"of Adam"`
	Samples int     `key:"samples" in:"[2,1e6]" default:"128" help:"points for one gradient, in pairs"`
	Delta   float32 `key:"delta" in:"[1e-6,1]" default:".01" help:"how far from the image they are, in each value"`
	Rate    float32 `key:"lr" in:"[1e-6,1]" default:".01" help:"Adam's"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *SPSA) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run ascends from a random point of the ball.
func (a *SPSA) Run(o *attacks.Oracle) {
	x := o.RandomStart(o.Eps)
	w, dw := make([]float64, len(x)), make([]float64, len(x)) // x and the gradient, in float64
	adam, unit := newAdamOptimizer(len(x), a.Rate), attacks.LogitUnit(o.Clean)
	drawSigns := func(v []float32) {
		for i := range v {
			v[i] = randomSign(o.Rand)
		}
	}
	negatedMargin := func(z []float32) float64 { return -float64(o.Margin(z)) }
	for range a.Steps {
		g, z := antitheticGradient(o, x, (a.Samples+1)/2, a.Delta, drawSigns, negatedMargin)
		o.RecordLoss(o.Margin(z))
		if o.Success(z) && o.Claim(x) {
			return
		}
		for i, v := range x {
			w[i], dw[i] = float64(v), float64(g[i])/unit
		}
		adam.step(w, dw)
		for i, v := range w {
			x[i] = float32(v)
		}
		o.Threat.Project(x, o.Image, o.Eps)
	}
	o.Claim(x)
}
