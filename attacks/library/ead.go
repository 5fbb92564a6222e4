package library

import (
	"math"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "ead", Title: "EAD", Paper: "Chen, Sharma, Zhang, Yi and Hsieh 2018", Family: attacks.WhiteBox, Search: attacks.MinimumNorm, OwnNorm: attacks.L1,
	Battery: []attacks.Variant{{Rank: 250, Text: "ead(search=5,steps=300)"}},
	New:     func() attacks.Attack { return new(EAD) },
})

// EAD is the elastic-net attack of Chen et al. 2018 (algorithm 1): it minimises
//
//	Weight·max(0, Confidence - margin(x')) + Beta·|x'-x|₁ + |x'-x|₂²
//
// by iterative shrinkage and thresholding with momentum (FISTA), for weights
// found by binary search as in [CW], with margins in the same units. It claims the success that is smallest in
// the elastic net, or in L1. Foolbox's Beta is 0.01.
type EAD struct {
	attacks.Common
	Search     int     `key:"search" in:"[1,100]" default:"9" help:"weights tried by binary search"`
	Steps      int     `key:"steps" in:"[1,1e6]" default:"1000" help:"steps for each weight"`
	Rate       float32 `key:"rate" in:"[1e-6,10]" default:"0.01" help:"first size of a step; it falls with the root of the steps left"`
	Weight     float32 `key:"weight" in:"[1e-10,1e10]" default:"0.001" help:"first weight of the margin"`
	Beta       float32 `key:"beta" in:"[0,1]" default:"0.001" help:"weight of the L1 norm: changes below it vanish"`
	Rule       string  `key:"rule" oneof:"en l1" default:"en" help:"which successes count: smallest in the elastic net, or in L1"`
	Confidence float32 `key:"confidence" in:"[0,1e6]" default:"0" help:"margin by which the wrong class has to lead"`
	Abort      bool    `key:"abort" default:"true" help:"end the search for a weight when the loss has not fallen over a tenth of the steps"`
}

// Losses implements [attacks.Attack].
func (a *EAD) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{attacks.Margin} }

// Run minimises the loss for each weight of the binary search.
func (a *EAD) Run(o *attacks.Oracle) {
	n := len(o.Image)
	s := &fista{o: o, x: make([]float32, n), y: make([]float32, n), bestSize: math.Inf(1), best: make([]float32, n)}
	w, unit := newWeightSearch(a.Weight, a.Search), attacks.LogitUnit(o.Clean)
	for range a.Search {
		w.next(a.descend(s, w.weight/unit))
		s.claimBest()
	}
}

// fista is the state of the minimisation.
type fista struct {
	o        *attacks.Oracle
	x        []float32 // the image
	y        []float32 // x plus momentum, where gradients are taken; may lie outside the box
	best     []float32 // the smallest success so far
	bestSize float64   // what the decision rule compares, of best
	pending  bool      // best was not claimed yet
}

// claimBest claims the smallest success. If it is refused, larger ones count
// again.
func (s *fista) claimBest() {
	if s.pending && !s.o.Claim(s.best) {
		s.bestSize = math.Inf(1)
	}
	s.pending = false
}

// descend minimises the loss for one weight, and reports whether an iterate was
// misclassified with the wanted confidence.
func (a *EAD) descend(s *fista, weight float64) (found bool) {
	o := s.o
	copy(s.x, o.Image)
	copy(s.y, o.Image)
	stall := newStallDetector(a.Abort, a.Steps)
	for i := range a.Steps {
		g := o.AttackLoss(attacks.Margin, s.y)
		shortfall := float64(a.Confidence - g.Loss)
		d := attacks.L2.Distance(s.y, o.Image)
		loss := weight*max(0, shortfall) + d*d
		o.RecordLoss(float32(loss))
		if shortfall <= 0 {
			clear(g.Gradient)
		}
		rate := float64(a.Rate) * math.Sqrt(1-float64(i)/float64(a.Steps))
		a.shrinkageStep(s, g.Gradient, rate, weight, float64(i)/float64(i+3))
		if stall.isStalled(i, loss) {
			break
		}
		z := o.Logits(s.x)[0]
		if !o.ClearSuccess(z) || o.Margin(z) < a.Confidence {
			continue
		}
		found = true
		if size := a.decisionSize(s.x, o.Image); size < s.bestSize {
			s.bestSize, s.pending = size, true
			copy(s.best, s.x)
		}
	}
	return found
}

// decisionSize is the quantity that the decision rule minimises.
func (a *EAD) decisionSize(x, clean []float32) float64 {
	l1 := attacks.L1.Distance(x, clean)
	if a.Rule == "l1" {
		return l1
	}
	d := attacks.L2.Distance(x, clean)
	return float64(a.Beta)*l1 + d*d
}

// shrinkageStep makes a gradient step of size rate from y, shrinks each change
// by Beta, to 0 at least, to get x (eq. 5 and 6), and adds momentum to get y.
// margin is the gradient of the margin at y.
func (a *EAD) shrinkageStep(s *fista, margin []float32, rate, weight, momentum float64) {
	t, beta := s.o.Threat, a.Beta
	for i, x0 := range s.o.Image {
		z := s.y[i] - float32(rate*(2*(float64(s.y[i])-float64(x0))-weight*float64(margin[i])))
		v := x0
		switch {
		case z-x0 > beta:
			v = min(z-beta, t.Hi)
		case z-x0 < -beta:
			v = max(z+beta, t.Lo)
		}
		s.y[i] = v + float32(momentum)*(v-s.x[i])
		s.x[i] = v
	}
}
