package library

import (
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "nes", Title: "NES", Paper: "Ilyas, Engstrom, Athalye and Lin 2018", Family: attacks.Score,
	Battery: []attacks.Variant{{Rank: 270, Text: "nes"}},
	New:     func() attacks.Attack { return new(NES) },
})

// NES is the query-limited attack of Ilyas et al. 2018: projected gradient descent
// with momentum on the cross-entropy, with gradients estimated by natural
// evolution strategies from antithetic pairs of Gaussian points around the
// iterate. The step size is divided by Drop when the loss has not improved for
// Plateau steps.
//
// Defaults are those of the authors' code; their images have 299 pixels a side.
// They give no L2 version: there the step is eps/5 along the gradient. The points
// evaluated may lie a few Sigma outside ball and box; the claimed images do not.
type NES struct {
	attacks.Common
	Queries  int     `key:"queries" in:"[1,1e9]" default:"10000" help:"points evaluated, at most"`
	Samples  int     `key:"samples" in:"[2,1e6]" default:"50" help:"points for one gradient, in pairs"`
	Sigma    float32 `key:"sigma" in:"[1e-6,1]" default:".001" help:"their standard deviation"`
	Rate     float32 `key:"lr" in:"[0,1e3]" default:"0" help:"size of the first steps; 0: .01 in linf, eps/5 otherwise"`
	Floor    float32 `key:"floor" in:"[0,1]" default:".005" help:"smallest step size, as a share of the first"`
	Momentum float32 `key:"momentum" in:"[0,1]" default:".9" help:"share of the gradient that a step keeps"`
	Plateau  int     `key:"plateau" in:"[2,1e6]" default:"5" help:"steps over which the loss must improve"`
	Drop     float32 `key:"drop" in:"[1,1e3]" default:"2" help:"what the step size is divided by if it does not"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *NES) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run descends from the clean image.
func (a *NES) Run(o *attacks.Oracle) {
	x := slices.Clone(o.Image)
	rate := a.firstRate(o)
	minRate := rate * a.Floor
	momentum, direction := make([]float32, len(x)), make([]float32, len(x))
	var recent []float64 // the latest losses
	pairs := (a.Samples + 1) / 2
	crossEntropy := func(z []float32) float64 { return successCrossEntropy(o, z) }
	for range a.Queries / (2*pairs + 1) {
		g, z := antitheticGradient(o, x, pairs, a.Sigma, func(v []float32) { fillNormal(o.Rand, v) }, crossEntropy)
		loss := crossEntropy(z)
		o.RecordLoss(float32(-loss))
		if o.Success(z) && o.Claim(x) {
			return
		}
		if recent = append(recent, loss); len(recent) > a.Plateau {
			recent = recent[1:]
		}
		if len(recent) == a.Plateau && loss >= recent[0] {
			rate = max(rate/a.Drop, minRate)
			recent = recent[:0]
		}
		vector.Scale(momentum, momentum, a.Momentum)
		vector.AXPY(momentum, momentum, -(1 - a.Momentum), g)
		o.Threat.Steepest(direction, momentum)
		vector.AXPY(x, x, rate, direction)
		o.Threat.Project(x, o.Image, o.Eps)
	}
	o.Claim(x)
}

// firstRate is the size of the first steps.
func (a *NES) firstRate(o *attacks.Oracle) float32 {
	switch {
	case a.Rate != 0:
		return a.Rate
	case o.Threat.Norm == attacks.Linf:
		return .01
	}
	return o.Eps / 5
}
