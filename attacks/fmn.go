package attacks

import "math"

var _ = register(Entry{
	Name: "fmn", Paper: "Pintor, Roli, Brendel and Biggio 2021", Family: WhiteBox, Schedule: Whole,
	New: func() Attack { return new(FMN) },
})

var _ = register(Entry{
	Name: "fmn-l0", Paper: "Pintor, Roli, Brendel and Biggio 2021", Family: WhiteBox, Schedule: Whole, Own: L0,
	New: func() Attack { return new(FMNL0) },
})

// FMN is the fast minimum-norm attack of Pintor et al. 2021 (algorithm 1) in
// the threat's norm: steps along the gradient of the margin, kept in a ball
// whose radius jumps to the linearised boundary until a success is met, and
// then shrinks by Gamma after a success and grows by it otherwise. Gamma falls
// to .001 and the size of steps to a hundredth of Rate, along a cosine.
//
// Where ten steps have met no success the radius grows by Gamma too: the
// linearised boundary alone may stay a little ahead for ever.
type FMN struct {
	Common
	Steps int     `key:"steps" in:"[1,1e6]" default:"100" help:"number of steps"`
	Rate  float32 `key:"rate" in:"[1e-6,1e6]" default:"1" help:"first size of a step, in L2"`
	Gamma float32 `key:"gamma" in:"[0,1]" default:"0.05" help:"by which the radius shrinks and grows at first"`
}

// FMNL0 is [FMN] for the number of changed values: the ball keeps the largest
// changes.
type FMNL0 struct {
	Common
	Steps int     `key:"steps" in:"[1,1e6]" default:"100" help:"number of steps"`
	Rate  float32 `key:"rate" in:"[1e-6,1e6]" default:"1" help:"first size of a step, in L2"`
	Gamma float32 `key:"gamma" in:"[0,1]" default:"0.05" help:"by which the radius shrinks and grows at first"`
}

// Needs is the margin.
func (a *FMN) Needs(Victim) []Loss { return []Loss{Margin} }

// Needs is the margin.
func (a *FMNL0) Needs(Victim) []Loss { return []Loss{Margin} }

// Attack follows the boundary.
func (a *FMN) Attack(c *Case) {
	r := radius{c: c, size: math.Inf(1), least: c.worst(c.Norm), worst: c.worst(c.Norm)}
	follow(c, a.Steps, a.Rate, a.Gamma, r.adapt, func(x []float32) {
		c.Threat.Project(x, c.Image, float32(r.size))
	})
}

// Attack follows the boundary.
func (a *FMNL0) Attack(c *Case) {
	n := float64(len(c.Image))
	r := radius{c: c, size: 1, least: n, worst: n}
	sizes := make([]float32, len(c.Image))
	follow(c, a.Steps, a.Rate, a.Gamma, r.count, func(x []float32) {
		keepLargest(x, c.Image, int(r.size), sizes)
		c.Threat.Clip(x)
	})
}

// follow makes the steps of FMN. Adapt changes the radius by gamma after what
// was seen at x, project brings x into its ball.
func follow(c *Case, steps int, rate, gamma float32, adapt func(s Slope, x []float32, success bool, gamma float64), project func(x []float32)) {
	l2 := c.Threat
	l2.Norm = L2
	x, best := clone(c.Image), c.closest()
	for i := range steps {
		s := c.Uphill(Margin, x)
		c.Trace(s.Loss)
		success := c.clear(s.Logits)
		if success {
			best.offer(x)
		}
		t := float64(i) / float64(steps)
		adapt(s, x, success, anneal(float64(gamma), .001, t))
		l2.Steepest(s.Gradient, s.Gradient)
		axpy(x, x, float32(anneal(float64(rate), float64(rate)/100, t)), s.Gradient)
		project(x)
	}
	if c.clear(c.Logits(x)[0]) {
		best.offer(x)
	}
	best.show()
}

// radius is that of FMN's ball.
type radius struct {
	c     *Case
	size  float64
	least float64 // distance of the closest success met
	worst float64 // no change in the box is larger
	met   bool
	tried int // steps before a success was met
}

// adapt the radius of a norm (lines 5 to 13).
func (r *radius) adapt(s Slope, x []float32, success bool, gamma float64) {
	d := r.c.Distance(x)
	switch {
	case success:
		r.met, r.least = true, min(r.least, d)
		r.size = min(r.size*(1-gamma), r.least)
	case r.met:
		r.size *= 1 + gamma
	default:
		slope := max(float64(norm(r.c.Norm.dual(), s.Gradient)), 1e-30)
		linear := d + math.Abs(float64(s.Loss))/slope
		if r.tried++; r.tried > 10 {
			linear = max(linear, r.size*(1+gamma))
		}
		r.size = linear
	}
	r.size = min(r.size, r.worst)
}

// count adapts a number of values: it changes by one at least.
func (r *radius) count(_ Slope, x []float32, success bool, gamma float64) {
	if success {
		r.least = min(r.least, distance(L0, x, r.c.Image))
		r.size = min(r.size-1, math.Floor(r.size*(1-gamma)), r.least)
	} else {
		r.size = max(r.size+1, math.Floor(r.size*(1+gamma)))
	}
	r.size = min(max(r.size, 1), r.worst)
}

// keepLargest takes back all changes from origin but the n largest. Of equal
// ones it keeps the first.
func keepLargest(x, origin []float32, n int, sizes []float32) {
	if n >= len(x) {
		return
	}
	for i, o := range origin {
		sizes[i] = abs(x[i] - o)
	}
	least := nth(sizes, max(n, 1))
	larger := 0
	for i, o := range origin {
		if abs(x[i]-o) > least {
			larger++
		}
	}
	for i, o := range origin {
		switch d := abs(x[i] - o); {
		case d > least:
		case d == least && larger < n:
			larger++
		default:
			x[i] = o
		}
	}
}
