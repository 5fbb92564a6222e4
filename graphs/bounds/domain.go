package bounds

import (
	"math"
	"slices"
)

// domain is a part of a ball for one margin: where some ReLUs' inputs have a
// known sign.
type domain struct {
	s        *subject
	target   int32
	splits   []split
	bound    float32   // of the margin; +Inf: the domain is empty
	next     []split   // the most promising splits, best first
	corner   []float32 // of the ball, where the linear bound is least
	restrict *subject  // while it is evaluated: bounds within the domain
}

// split is the sign of one ReLU's input, and the multiplier of that constraint.
type split struct {
	at, neuron int // activation, value of its input
	sign       float32
	beta       float32
	score      float32
}

// with is d with one more split.
func (d *domain) with(x split, sign float32) *domain {
	x.sign, x.beta = sign, 0
	return &domain{s: d.s, target: d.target, splits: append(slices.Clone(d.splits), x), bound: d.bound}
}

// optimise is α-CROWN: it bounds each open margin with slopes of its own.
func (r *run) optimise(subjects []*subject) error {
	var all []*domain
	for _, s := range subjects {
		s.slopes = make([][][]float32, r.v.net.Classes)
		for _, k := range s.open() {
			all = append(all, &domain{s: s, target: int32(k), bound: s.verdict.Lower[k]})
		}
	}
	for part := range slices.Chunk(all, r.v.set.Rows) {
		if err := r.evaluate(part, r.v.set.Steps); err != nil {
			return err
		}
	}
	for _, d := range all {
		d.s.raise(int(d.target), d.bound)
		d.s.conclude()
	}
	return nil
}

// evaluate bounds domains, at most Rows of them, with so many steps of Adam on
// slopes and multipliers; 0 is one evaluation. A bound only rises.
func (r *run) evaluate(domains []*domain, steps int) error {
	return r.ascend(domains, steps, (*ascent).climb)
}

// ascend is evaluate with other steps than Adam's.
func (r *run) ascend(domains []*domain, steps int, climb func(*ascent)) error {
	domains, err := r.feasible(domains)
	if err != nil || len(domains) == 0 {
		return err
	}
	if len(r.v.domain.relus) == 0 { // nothing to optimise
		steps = 0
	}
	a := r.ascent(domains)
	for i := range steps + 1 {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := a.evaluate(i < steps); err != nil {
			return err
		}
		if i < steps {
			climb(a)
		}
		if i < steps && a.done() {
			break
		}
	}
	a.keep(steps > 0)
	return nil
}

// feasible closes the domains that are empty, and returns the others.
func (r *run) feasible(domains []*domain) ([]*domain, error) {
	var split []*subject
	for _, d := range domains {
		split = append(split, d.restricted())
	}
	if slices.ContainsFunc(domains, func(d *domain) bool { return len(d.splits) > 0 }) {
		if err := r.intervals(split); err != nil {
			return nil, err
		}
	}
	var left []*domain
	for i, d := range domains {
		if split[i].empty() {
			d.bound = float32(math.Inf(1))
			continue
		}
		d.restrict = split[i]
		left = append(left, d)
	}
	return left, nil
}

// restricted is the subject with what the splits say of its bounds.
func (d *domain) restricted() *subject {
	if len(d.splits) == 0 {
		return d.s
	}
	s := &subject{image: d.s.image, label: d.s.label, eps: d.s.eps}
	for at := range d.s.lower {
		s.lower, s.upper = append(s.lower, slices.Clone(d.s.lower[at])), append(s.upper, slices.Clone(d.s.upper[at]))
	}
	for _, x := range d.splits {
		if x.sign > 0 {
			s.lower[x.at][x.neuron] = max(s.lower[x.at][x.neuron], 0)
		} else {
			s.upper[x.at][x.neuron] = min(s.upper[x.at][x.neuron], 0)
		}
	}
	return s
}

// empty reports whether some lower bound exceeds the upper one: both are sound,
// so that no image has such values.
func (s *subject) empty() bool {
	for at, lower := range s.lower {
		for i, l := range lower {
			if l > s.upper[at][i] {
				return true
			}
		}
	}
	return false
}
