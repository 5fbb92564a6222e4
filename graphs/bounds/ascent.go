package bounds

import (
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// ascent raises the bounds of a batch of domains by Adam on the slopes of
// unstable ReLUs and on the multipliers of constraints.
type ascent struct {
	r         *run
	domains   []*domain
	f         *feeding
	relus     []ascentRelu
	rows      [][]float32 // fed, by activation: a row for each domain
	bound     []int       // the activations whose inputs some constraint is of
	offsets   []float32   // fed
	best      []float32   // by domain
	step      int
	last      [][]float32       // what the last evaluation fetched
	gradients map[int][]float32 // of last, by activation in bound: of rows
	whole     bool              // last holds corners and coefficients
}

// ascentRelu is the state of one ReLU, a row for each domain.
type ascentRelu struct {
	slopes []float32 // fed
	best   []float32 // those of the best bound
	adam   adam
}

// adam holds the moments of Adam (Kingma and Ba 2015).
type adam struct{ mean, square []float32 }

// ascent prepares domains that are not empty.
func (r *run) ascent(domains []*domain) *ascent {
	n := len(domains)
	a := &ascent{r: r, domains: domains, f: r.v.feeding(n), best: filled(int64(n), float32(math.Inf(-1)))}
	subjects := make([]*subject, n)
	labels, targets := a.f.ints(r.v.labels), a.f.ints(r.v.domain.targets)
	for i, d := range domains {
		subjects[i], labels[i], targets[i] = d.restrict, d.s.label, d.target
	}
	r.feedImages(a.f, subjects)
	r.feedKnown(a.f, subjects)
	for number, at := range r.v.domain.relus {
		x := ascentRelu{slopes: a.f.floats(r.v.domain.slopes[at])}
		size := len(x.slopes) / n
		for i, d := range domains {
			copy(x.slopes[i*size:(i+1)*size], d.startSlopes(number, at))
		}
		a.relus = append(a.relus, x)
	}
	a.feedConstraints()
	return a
}

// feedConstraints prepares what the constraints of the domains need.
func (a *ascent) feedConstraints() {
	ops := a.r.v.domain
	a.offsets = a.f.floats(ops.offset)
	for at, node := range a.r.v.net.activations {
		rows := a.f.floats(ops.rows[at])
		clear(rows)
		a.rows = append(a.rows, rows)
		if slices.ContainsFunc(a.domains, func(d *domain) bool {
			return slices.ContainsFunc(d.constraints, func(c constraint) bool { return c.at == at })
		}) {
			a.bound = append(a.bound, at)
		}
		if o, ok := node.op.(maxpool); ok {
			open := a.f.floats(ops.open[at])
			size := len(open) / len(a.domains)
			for i, d := range a.domains {
				mask := open[i*size : (i+1)*size]
				for j := range mask {
					mask[j] = 1
				}
				d.closeCandidates(o, at, mask)
			}
		}
	}
	for i := range a.domains {
		for j := range a.domains[i].constraints {
			c := &a.domains[i].constraints[j]
			c.mean, c.square = 0, 0
		}
		a.applyMultipliers(i)
	}
}

// applyMultipliers feeds the multipliers of domain i.
func (a *ascent) applyMultipliers(i int) {
	for _, at := range a.bound {
		clear(a.rowsOf(i, at))
	}
	var offset float64
	sums := map[[2]int]float64{}
	for j := range a.domains[i].constraints {
		c := &a.domains[i].constraints[j]
		c.addTo(sums)
		offset += float64(c.beta) * float64(c.offset)
	}
	for at, sum := range sums {
		a.rowsOf(i, at[0])[at[1]] = float32(sum)
	}
	a.offsets[i] = float32(offset)
}

// rowsOf is what is added to the coefficients of an activation's inputs, in
// domain i.
func (a *ascent) rowsOf(i, at int) []float32 {
	size := len(a.rows[at]) / len(a.domains)
	return a.rows[at][i*size : (i+1)*size]
}

// startSlopes are those that an earlier ascent found for the margin, else 1
// where u > -l and 0 elsewhere.
func (d *domain) startSlopes(number, at int) []float32 {
	if d.s.slopes != nil && d.s.slopes[d.target] != nil {
		return d.s.slopes[d.target][number]
	}
	lower, upper := d.restrict.lower[at], d.restrict.upper[at]
	slopes := make([]float32, len(lower))
	for i, l := range lower {
		if upper[i] > -l {
			slopes[i] = 1
		}
	}
	return slopes
}

// evaluate bounds the domains, with gradients where a step is to follow.
func (a *ascent) evaluate(climb bool) error {
	ops := a.r.v.domain
	outs := []tf.Output{ops.lower}
	if climb {
		outs = append(outs, ops.slopesGrad...)
		for _, at := range a.bound {
			outs = append(outs, ops.rowsGrad[at])
		}
	} else {
		outs = append(append(outs, ops.corner), ops.coefficients...)
	}
	var err error
	if a.last, err = a.r.fetch(a.f, outs...); err != nil {
		return err
	}
	if a.whole = !climb; climb {
		a.gradients = map[int][]float32{}
		for i, at := range a.bound {
			a.gradients[at] = a.last[1+len(a.relus)+i]
		}
	}
	a.remember()
	return nil
}

// remember keeps the state of each domain whose bound is the best so far.
func (a *ascent) remember() {
	for i, bound := range a.last[0] {
		if !(bound > a.best[i]) || math.IsInf(float64(bound), 1) { // no bound is infinite
			continue
		}
		a.best[i] = bound
		for n := range a.relus {
			x := &a.relus[n]
			if x.best == nil {
				x.best = make([]float32, len(x.slopes))
			}
			size := len(x.slopes) / len(a.domains)
			copy(x.best[i*size:(i+1)*size], x.slopes[i*size:])
		}
		for j := range a.domains[i].constraints {
			c := &a.domains[i].constraints[j]
			c.best = c.beta
		}
	}
}

// done reports whether every bound is positive.
func (a *ascent) done() bool {
	return !slices.ContainsFunc(a.best, func(x float32) bool { return !(x > 0) })
}

// climb takes a step of Adam on slopes, kept in [0,1], and multipliers, kept
// positive.
func (a *ascent) climb() {
	a.step++
	set := a.r.v.set
	decay := math.Pow(.98, float64(a.step))
	for n := range a.relus {
		x := &a.relus[n]
		x.adam.step(x.slopes, a.last[1+n], a.step, set.Rate*decay)
		for i, v := range x.slopes {
			x.slopes[i] = min(max(v, 0), 1)
		}
	}
	rate := adamRate(a.step, set.SplitRate*decay)
	for i := range a.domains {
		for j := range a.domains[i].constraints {
			c := &a.domains[i].constraints[j]
			if g := c.slope(a.gradientOf(i, c.at)); g == g {
				c.beta = max(c.beta+adamStep(&c.mean, &c.square, g, rate), 0)
			}
		}
		a.applyMultipliers(i)
	}
}

// gradientOf is that of the rows of an activation's inputs, in domain i.
func (a *ascent) gradientOf(i, at int) []float32 {
	g := a.gradients[at]
	size := len(g) / len(a.domains)
	return g[i*size : (i+1)*size]
}

// climbPolyak moves the multipliers along their subgradient, by the step that
// would take the bound to a little above 0 if it were linear (Polyak 1969).
// Unlike Adam's it goes on where the bound has a kink in every coordinate.
func (a *ascent) climbPolyak() {
	for i, bound := range a.last[0] {
		target := .1*max(-a.best[i], 0) + 1e-4
		var square float64
		all := a.domains[i].constraints
		for j := range all {
			c := &all[j]
			if g := c.slope(a.gradientOf(i, c.at)); g > 0 || c.beta > 0 {
				square += float64(g) * float64(g)
			}
		}
		step := float32(float64(target-bound) / max(square, 1e-12))
		for j := range all {
			c := &all[j]
			c.beta = max(c.beta+step*c.slope(a.gradientOf(i, c.at)), 0)
		}
		a.applyMultipliers(i)
	}
}

// step moves values along the gradient.
func (m *adam) step(values, gradient []float32, step int, rate float64) {
	if m.mean == nil {
		m.mean, m.square = make([]float32, len(values)), make([]float32, len(values))
	}
	size := adamRate(step, rate)
	for i, g := range gradient {
		if g == 0 && m.mean[i] == 0 || g != g {
			continue
		}
		values[i] += adamStep(&m.mean[i], &m.square[i], g, size)
	}
}

const adamMean, adamSquare = .9, .999

// adamRate is the size of a step, corrected for moments that begin at 0.
func adamRate(step int, rate float64) float32 {
	return float32(rate * math.Sqrt(1-math.Pow(adamSquare, float64(step))) / (1 - math.Pow(adamMean, float64(step))))
}

func adamStep(mean, square *float32, g, size float32) float32 {
	*mean = adamMean**mean + (1-adamMean)*g
	*square = adamSquare**square + (1-adamSquare)*g*g
	return size * *mean / (float32(math.Sqrt(float64(*square))) + 1e-8)
}

// keep hands the results to the domains; roots keep their slopes for those that
// come of them.
func (a *ascent) keep(optimised bool) {
	size := len(a.domains[0].s.image)
	for i, d := range a.domains {
		if b := a.best[i]; b > d.bound {
			d.bound = b
		}
		for j := range d.constraints {
			d.constraints[j].beta = d.constraints[j].best
		}
		if a.whole && a.r.method == BranchAndBound {
			d.corner = slices.Clone(a.last[1][i*size : (i+1)*size])
			d.next = a.next(i)
		}
		if optimised && len(d.sides) == 0 && d.s.slopes != nil && len(a.relus) > 0 && a.relus[0].best != nil {
			d.s.slopes[d.target] = a.bestSlopes(i)
		}
		d.restrict = nil
	}
}

func (a *ascent) bestSlopes(i int) [][]float32 {
	var all [][]float32
	for _, x := range a.relus {
		size := len(x.slopes) / len(a.domains)
		all = append(all, slices.Clone(x.best[i*size:(i+1)*size]))
	}
	return all
}
