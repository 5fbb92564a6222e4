package attacks

import "math"

var _ = register(Entry{
	Name: "cw", Paper: "Carlini and Wagner 2017", Family: WhiteBox, Schedule: Whole, Own: L2,
	New: func() Attack { return new(CW) },
})

// CW is the L2 attack of Carlini and Wagner 2017 (section VI A): it minimises
//
//	|x'-x|² + c·max(0, Confidence - margin(x')),  x' = (tanh(w)+1)/2 in the box,
//
// over w by Adam, for weights c found by binary search. All state belongs to
// one image: the loss that ends a search early is its own, not a batch's.
type CW struct {
	Common
	Search     int     `key:"search" in:"[1,100]" default:"9" help:"weights tried by binary search"`
	Steps      int     `key:"steps" in:"[1,1e6]" default:"10000" help:"steps for each weight"`
	Rate       float32 `key:"rate" in:"[1e-6,10]" default:"0.01" help:"learning rate of Adam"`
	Weight     float32 `key:"weight" in:"[1e-10,1e10]" default:"0.001" help:"first weight of the margin"`
	Confidence float32 `key:"confidence" in:"[0,1e6]" default:"0" help:"margin by which the wrong class has to lead"`
	Abort      bool    `key:"abort" default:"true" help:"end the search for a weight when the loss has not fallen over a tenth of the steps"`
}

// Needs is the margin.
func (a *CW) Needs(Victim) []Loss { return []Loss{Margin} }

// Attack searches for weight and image.
func (a *CW) Attack(c *Case) {
	r := newTanhSpace(c.Threat, c.Image)
	opt := newAdam(len(c.Image), a.Rate)
	best := c.closest()
	w := newWeights(a.Weight, a.Search)
	for range a.Search {
		r.reset()
		opt.reset()
		w.next(a.descend(c, r, opt, w.at, best))
		best.show()
	}
}

// descend minimises the loss for one weight and tells whether it met a success.
func (a *CW) descend(c *Case, r *tanhSpace, opt *adam, weight float64, best *closest) (found bool) {
	check := newStall(a.Abort, a.Steps)
	for i := range a.Steps {
		s := c.Uphill(Margin, r.x)
		short := float64(a.Confidence - s.Loss)
		d := c.Distance(r.x)
		loss := d*d + weight*max(0, short)
		c.Trace(float32(loss))
		if short <= 0 && c.clear(s.Logits) {
			found = true
			best.offer(r.x)
		}
		if check.stuck(i, loss) {
			break
		}
		if short <= 0 {
			clear(s.Gradient)
		}
		opt.step(r.w, r.gradient(s.Gradient, weight))
		r.move()
	}
	return found
}

// weights is the search for the smallest weight of the margin that leads to a
// success: ten times as much until one does, then halfway between the largest
// that failed and the smallest that did not. As in the authors' code the last
// of ten or more is the smallest that did, again.
type weights struct {
	lo, hi, at  float64
	tries, made int
}

func newWeights(first float32, tries int) *weights {
	return &weights{lo: 0, hi: math.Inf(1), at: float64(first), tries: tries}
}

// next takes in how the last weight did.
func (w *weights) next(success bool) {
	w.made++
	if success {
		w.hi = w.at
	} else {
		w.lo = w.at
	}
	switch {
	case math.IsInf(w.hi, 1):
		w.at *= 10
	case w.tries >= 10 && w.made == w.tries-1:
		w.at = w.hi
	default:
		w.at = (w.lo + w.hi) / 2
	}
}

// stall watches a loss: it is stuck when it has not fallen by a ten-thousandth
// over a tenth of the steps.
type stall struct {
	every int
	last  float64
}

func newStall(on bool, steps int) *stall {
	if !on {
		return &stall{0, 0}
	}
	return &stall{(steps + 9) / 10, math.Inf(1)}
}

func (s *stall) stuck(step int, loss float64) bool {
	if s.every == 0 || step%s.every != 0 {
		return false
	}
	if !(loss <= .9999*s.last) {
		return true
	}
	s.last = loss
	return false
}

// tanhSpace writes an image x as middle + half·tanh(w), so that no w leaves
// the box.
type tanhSpace struct {
	clean        []float32
	middle, half float64
	first, w, g  []float64
	x            []float32
	tanh         []float64
}

func newTanhSpace(t Threat, clean []float32) *tanhSpace {
	n := len(clean)
	r := &tanhSpace{
		clean: clean, middle: (float64(t.Hi) + float64(t.Lo)) / 2, half: (float64(t.Hi) - float64(t.Lo)) / 2,
		first: make([]float64, n), w: make([]float64, n), g: make([]float64, n), tanh: make([]float64, n), x: make([]float32, n),
	}
	for i, v := range clean {
		// The corners of the box lie at infinity: stop a little short of them.
		r.first[i] = math.Atanh((1 - 1e-6) * (float64(v) - r.middle) / r.half)
	}
	r.reset()
	return r
}

// reset goes back to the clean image.
func (r *tanhSpace) reset() {
	copy(r.w, r.first)
	r.move()
}

// move makes x the image of w.
func (r *tanhSpace) move() {
	lo, hi := float32(r.middle-r.half), float32(r.middle+r.half)
	for i, w := range r.w {
		r.tanh[i] = math.Tanh(w)
		r.x[i] = min(max(float32(r.middle+r.half*r.tanh[i]), lo), hi)
	}
}

// gradient of |x-clean|² - weight·margin with respect to w, of the gradient of
// margin with respect to x.
func (r *tanhSpace) gradient(margin []float32, weight float64) []float64 {
	for i, v := range r.tanh {
		r.g[i] = (2*(float64(r.x[i])-float64(r.clean[i])) - weight*float64(margin[i])) * r.half * (1 - v*v)
	}
	return r.g
}
