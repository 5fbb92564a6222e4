package attacks

import "math"

var _ = register(Entry{
	Name: "fab", Paper: "Croce and Hein 2020", Family: WhiteBox, Schedule: Whole,
	New: func() Attack { return new(FAB) },
})

// FAB is the fast adaptive boundary attack of Croce and Hein 2020 (algorithm
// 1): it projects both its iterate and the clean image on the linearised
// boundary, inside the box, steps to a mixture of the two that overshoots, and
// goes back towards the clean image after each success.
//
// With Targets it is the targeted version FAB-T: one run for each of the
// likeliest other classes, in which only the boundary between the label and
// that class counts. It needs one gradient a step instead of one for each class.
// The default of AutoAttack is fab(targets=9).
type FAB struct {
	Common
	Targets  int     `key:"targets" in:"[0,1e6]" default:"0" help:"FAB-T: other classes to go for one by one; 0: to the nearest boundary of all"`
	Steps    int     `key:"steps" in:"[1,1e6]" default:"100" help:"of each run"`
	Restarts int     `key:"restarts" in:"[1,1e6]" default:"1" help:"number of starts, all but the first at random, half as far away as the best so far or the largest radius"`
	AlphaMax float32 `key:"alpha_max" in:"[0,1]" default:"0.1" help:"largest share of the clean image's projection"`
	Eta      float32 `key:"eta" in:"[1,10]" default:"1.05" help:"overshoot"`
	Beta     float32 `key:"beta" in:"[0,1]" default:"0.9" help:"share of the way that is left after going back"`
}

// Needs is the difference of two logits.
func (f *FAB) Needs(Victim) []Loss { return []Loss{Linear} }

// Attack makes all runs, or as many as leave something to break.
func (f *FAB) Attack(c *Case) {
	r := newFabRun(f, c)
	goals := [][]int{c.rivals()}
	if f.Targets > 0 && c.Target < 0 {
		rivals := goals[0]
		goals = nil
		for _, k := range rivals[:min(len(rivals), f.Targets)] {
			goals = append(goals, []int{k})
		}
	}
	for start := range f.Restarts {
		for _, classes := range goals {
			copy(r.x, c.Image)
			if start > 0 {
				r.shake()
			}
			r.run(c.planes(classes))
			if c.settled() {
				return
			}
		}
	}
}

// fabRun is the state of a run: the iterate x, and the ways from it and from
// the clean image to the plane.
type fabRun struct {
	f            *FAB
	c            *Case
	threat       Threat // in the norm that is minimised
	x, near, far []float32
	spare        []int32
	best         *closest
}

func newFabRun(f *FAB, c *Case) *fabRun {
	n := len(c.Image)
	r := &fabRun{
		f: f, c: c, threat: c.Threat, best: c.closest(),
		x: make([]float32, n), near: make([]float32, n), far: make([]float32, n), spare: make([]int32, n),
	}
	r.threat.Norm = c.Norm
	return r
}

// shake moves x to a random point half as far from the clean image as the best
// example, or the largest radius, whichever is less.
func (r *fabRun) shake() {
	c := r.c
	for i := range r.near {
		if c.Norm == Linf {
			r.near[i] = 2*c.Rand.Float32() - 1
		} else {
			r.near[i] = float32(c.Rand.NormFloat64())
		}
	}
	size := min(c.Bound, float64(c.Radii[len(c.Radii)-1])) / 2
	axpy(r.x, c.Image, float32(size)/nonzero(norm(c.Norm, r.near)), r.near)
	c.Threat.Clip(r.x)
}

// run makes the steps of one run.
func (r *fabRun) run(p *planes) {
	c := r.c
	pull := true
	for range r.f.Steps {
		s, _ := p.at(r.x, c.Norm)
		if s.Gradient == nil {
			return // flat: there is no direction to go
		}
		c.Trace(s.Loss)
		r.step(s, pull)
		pull = c.Target < 0
		z := c.Logits(r.x)[0]
		if c.clear(z) {
			r.best.offer(r.x)
		} else if c.margin(z) < -rounding(z) {
			continue
		}
		pull = true
		// On the boundary itself there is nothing to step to: go back from there too.
		for i, o := range c.Image {
			r.x[i] = o + r.f.Beta*(r.x[i]-o)
		}
	}
	r.best.show()
}

// step moves x to the mixture of both projections (eq. 9 and 10). Around the
// region of a target there are several planes; the pull towards the clean image
// and its projection on one of them could keep x outside for ever, so there only
// the step after a success has it.
func (r *fabRun) step(s Slope, pull bool) {
	c, eta := r.c, r.f.Eta
	gain := -float64(s.Loss)
	r.threat.cross(r.near, r.x, s.Gradient, gain, r.spare)
	for i, v := range s.Gradient {
		gain += float64(v) * (float64(r.x[i]) - float64(c.Image[i]))
	}
	r.threat.cross(r.far, c.Image, s.Gradient, gain, r.spare)
	const least = 1e-8
	a, b := max(float64(norm(c.Norm, r.near)), least), max(float64(norm(c.Norm, r.far)), least)
	alpha := float32(math.Min(a/(a+b), float64(r.f.AlphaMax)))
	if !pull {
		alpha = 0
	}
	for i, o := range c.Image {
		r.x[i] = (1-alpha)*(r.x[i]+eta*r.near[i]) + alpha*(o+eta*r.far[i])
	}
	c.Threat.Clip(r.x)
}
