package attacks

import "math"

var _ = register(Entry{
	Name: "ead", Paper: "Chen, Sharma, Zhang, Yi and Hsieh 2018", Family: WhiteBox, Schedule: Whole, Own: L1,
	New: func() Attack { return new(EAD) },
})

// EAD is the elastic-net attack of Chen et al. 2018 (algorithm 1): it minimises
//
//	Weight·max(0, Confidence - margin(x')) + Beta·|x'-x|₁ + |x'-x|₂²
//
// by iterative shrinkage and thresholding with momentum (FISTA), for weights
// found by binary search as in [CW]. Of the successes it shows those that are
// smallest in the elastic net, or in L1. Foolbox's Beta is 0.01.
type EAD struct {
	Common
	Search     int     `key:"search" in:"[1,100]" default:"9" help:"weights tried by binary search"`
	Steps      int     `key:"steps" in:"[1,1e6]" default:"1000" help:"steps for each weight"`
	Rate       float32 `key:"rate" in:"[1e-6,10]" default:"0.01" help:"first size of a step; it falls with the root of the steps left"`
	Weight     float32 `key:"weight" in:"[1e-10,1e10]" default:"0.001" help:"first weight of the margin"`
	Beta       float32 `key:"beta" in:"[0,1]" default:"0.001" help:"weight of the L1 norm: changes below it vanish"`
	Rule       string  `key:"rule" oneof:"en l1" default:"en" help:"which successes count: smallest in the elastic net, or in L1"`
	Confidence float32 `key:"confidence" in:"[0,1e6]" default:"0" help:"margin by which the wrong class has to lead"`
	Abort      bool    `key:"abort" default:"true" help:"end the search for a weight when the loss has not fallen over a tenth of the steps"`
}

// Needs is the margin.
func (a *EAD) Needs(Victim) []Loss { return []Loss{Margin} }

// Attack searches for weight and image.
func (a *EAD) Attack(c *Case) {
	n := len(c.Image)
	s := &fista{c: c, x: make([]float32, n), y: make([]float32, n), least: math.Inf(1), best: make([]float32, n)}
	w := newWeights(a.Weight, a.Search)
	for range a.Search {
		w.next(a.descend(s, w.at))
		s.show()
	}
}

// fista is the state of the descent: the image x, the point y ahead of it at
// which gradients are taken, and the success with the least norm so far.
type fista struct {
	c       *Case
	x, y    []float32
	best    []float32
	least   float64
	waiting bool
}

// show the best success to the referee.
func (s *fista) show() {
	if s.waiting && !s.c.Claim(s.best) {
		s.least = math.Inf(1) // it was none: let others count
	}
	s.waiting = false
}

// descend minimises the loss for one weight and tells whether it met a success.
func (a *EAD) descend(s *fista, weight float64) (found bool) {
	c := s.c
	copy(s.x, c.Image)
	copy(s.y, c.Image)
	check := newStall(a.Abort, a.Steps)
	for i := range a.Steps {
		slope := c.Uphill(Margin, s.y)
		short := float64(a.Confidence - slope.Loss)
		d := distance(L2, s.y, c.Image)
		loss := weight*max(0, short) + d*d
		c.Trace(float32(loss))
		if short <= 0 {
			clear(slope.Gradient)
		}
		rate := float64(a.Rate) * math.Sqrt(1-float64(i)/float64(a.Steps))
		a.threshold(s, slope.Gradient, rate, weight, float64(i)/float64(i+3))
		if check.stuck(i, loss) {
			break
		}
		// y is not an image of the search, and may lie outside the box.
		z := c.Logits(s.x)[0]
		if !c.clear(z) || c.margin(z) < a.Confidence {
			continue
		}
		found = true
		if size := a.size(s.x, c.Image); size < s.least {
			s.least, s.waiting = size, true
			copy(s.best, s.x)
		}
	}
	return found
}

// size is what the decision rule compares.
func (a *EAD) size(x, clean []float32) float64 {
	l1 := distance(L1, x, clean)
	if a.Rule == "l1" {
		return l1
	}
	d := distance(L2, x, clean)
	return float64(a.Beta)*l1 + d*d
}

// threshold makes a step of size rate from y, in which changes below Beta vanish
// and others shrink by it (eq. 5 and 6), and moves y ahead by momentum.
func (a *EAD) threshold(s *fista, margin []float32, rate, weight, momentum float64) {
	t, beta := s.c.Threat, a.Beta
	for i, o := range s.c.Image {
		z := s.y[i] - float32(rate*(2*(float64(s.y[i])-float64(o))-weight*float64(margin[i])))
		v := o
		switch {
		case z-o > beta:
			v = min(z-beta, t.Hi)
		case z-o < -beta:
			v = max(z+beta, t.Lo)
		}
		s.y[i] = v + float32(momentum)*(v-s.x[i])
		s.x[i] = v
	}
}
