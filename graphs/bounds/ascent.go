package bounds

import (
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// ascent raises the bounds of a batch of domains by Adam on the slopes of
// unstable ReLUs and on the multipliers of splits.
type ascent struct {
	r       *run
	domains []*domain
	f       *feeding
	relus   []ascentRelu
	best    []float32 // by domain
	step    int
	last    [][]float32 // what the last evaluation fetched
	whole   bool        // last holds corners and coefficients
}

// ascentRelu is the state of one ReLU, a row for each domain.
type ascentRelu struct {
	slopes, splits []float32 // fed
	best           []float32 // slopes of the best bound
	slope, beta    adam
	multipliers    []float32 // β, 0 where nothing is split
	signs          []float32 // of splits, 0 for none
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
		x := ascentRelu{slopes: a.f.floats(r.v.domain.slopes[at]), splits: a.f.floats(r.v.domain.splits[at])}
		size := len(x.slopes) / n
		for i, d := range domains {
			copy(x.slopes[i*size:(i+1)*size], d.startSlopes(number, at))
		}
		clear(x.splits)
		x.multipliers, x.signs = make([]float32, len(x.slopes)), make([]float32, len(x.slopes))
		for i, d := range domains {
			for _, s := range d.splits {
				if s.at == at {
					x.multipliers[i*size+s.neuron], x.signs[i*size+s.neuron] = s.beta, s.sign
					x.splits[i*size+s.neuron] = -s.beta * s.sign
				}
			}
		}
		a.relus = append(a.relus, x)
	}
	return a
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
		outs = append(append(outs, ops.slopesGrad...), ops.splitsGrad...)
	} else {
		outs = append(append(outs, ops.corner), ops.coefficients...)
	}
	var err error
	if a.last, err = a.r.fetch(a.f, outs...); err != nil {
		return err
	}
	a.whole = !climb
	a.remember()
	return nil
}

// remember keeps the state of each domain whose bound is the best so far.
func (a *ascent) remember() {
	for i, bound := range a.last[0] {
		if !(bound > a.best[i]) {
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
			for j, s := range a.domains[i].splits {
				if s.at == a.r.v.domain.relus[n] {
					a.domains[i].splits[j].beta = x.multipliers[i*size+s.neuron]
				}
			}
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
	set, count := a.r.v.set, len(a.relus)
	decay := math.Pow(.98, float64(a.step))
	for n := range a.relus {
		x := &a.relus[n]
		x.slope.step(x.slopes, a.last[1+n], nil, a.step, set.Rate*decay)
		for i, v := range x.slopes {
			x.slopes[i] = min(max(v, 0), 1)
		}
		x.beta.step(x.multipliers, a.last[1+count+n], x.signs, a.step, set.SplitRate*decay)
		for i, s := range x.signs {
			if s != 0 {
				x.multipliers[i] = max(x.multipliers[i], 0)
				x.splits[i] = -x.multipliers[i] * s
			}
		}
	}
}

// climbPolyak moves the multipliers along their subgradient, by the step that
// would take the bound to a little above 0 if it were linear (Polyak 1969).
// Unlike Adam's it goes on where the bound has a kink in every coordinate.
func (a *ascent) climbPolyak() {
	count := len(a.relus)
	for i, bound := range a.last[0] {
		target := .1*max(-a.best[i], 0) + 1e-4
		var square float64
		a.eachSplit(i, func(x *ascentRelu, n, at int) {
			g := -x.signs[at] * a.last[1+count+n][at]
			if g > 0 || x.multipliers[at] > 0 {
				square += float64(g) * float64(g)
			}
		})
		step := float32(float64(target-bound) / max(square, 1e-12))
		a.eachSplit(i, func(x *ascentRelu, n, at int) {
			g := -x.signs[at] * a.last[1+count+n][at]
			x.multipliers[at] = max(x.multipliers[at]+step*g, 0)
			x.splits[at] = -x.multipliers[at] * x.signs[at]
		})
	}
}

// eachSplit calls do with the place of each split of domain i.
func (a *ascent) eachSplit(i int, do func(x *ascentRelu, n, at int)) {
	for n := range a.relus {
		x := &a.relus[n]
		size := len(x.slopes) / len(a.domains)
		for _, s := range a.domains[i].splits {
			if s.at == a.r.v.domain.relus[n] {
				do(x, n, i*size+s.neuron)
			}
		}
	}
}

// step moves values along the gradient. With signs, the gradient of each value
// is -sign times that given, and values without sign stay.
func (m *adam) step(values, gradient, signs []float32, step int, rate float64) {
	if m.mean == nil {
		m.mean, m.square = make([]float32, len(values)), make([]float32, len(values))
	}
	const b1, b2 = .9, .999
	size := float32(rate * math.Sqrt(1-math.Pow(b2, float64(step))) / (1 - math.Pow(b1, float64(step))))
	for i, g := range gradient {
		if signs != nil {
			g *= -signs[i]
		}
		if g == 0 && m.mean[i] == 0 || g != g {
			continue
		}
		m.mean[i] = b1*m.mean[i] + (1-b1)*g
		m.square[i] = b2*m.square[i] + (1-b2)*g*g
		values[i] += size * m.mean[i] / (float32(math.Sqrt(float64(m.square[i]))) + 1e-8)
	}
}

// keep hands the results to the domains; roots keep their slopes for those that
// come of them.
func (a *ascent) keep(optimised bool) {
	size := len(a.domains[0].s.image)
	for i, d := range a.domains {
		if b := a.best[i]; b > d.bound {
			d.bound = b
		}
		if a.whole && a.r.method == BranchAndBound {
			d.corner = slices.Clone(a.last[1][i*size : (i+1)*size])
			d.next = a.candidates(i)
		}
		if optimised && len(d.splits) == 0 && d.s.slopes != nil && len(a.relus) > 0 && a.relus[0].best != nil {
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
