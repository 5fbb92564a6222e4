package bounds

import (
	"math"
	"slices"
)

// domain is a part of a ball for one margin: one half of each of some splits.
type domain struct {
	s           *subject
	target      int32
	sides       []side
	constraints []constraint // that the sides give
	bound       float32      // of the margin; +Inf: the domain is empty
	next        []split      // the most promising splits, best first
	corner      []float32    // of the ball, where the linear bound is least
	restrict    *subject     // while it is evaluated: bounds within the domain
}

// optimise is α-CROWN: it bounds each open margin with slopes of its own, after
// the neurons where the settings say so.
func (r *run) optimise(subjects []*subject) error {
	if r.v.set.NeuronSteps > 0 {
		raising := *r
		raising.raising = true
		if err := raising.crown(subjects); err != nil {
			return err
		}
	}
	var all []*domain
	for _, s := range subjects {
		s.slopes = make([][][]float32, r.v.net.Classes)
		for _, k := range r.targets(s) {
			all = append(all, &domain{s: s, target: int32(k), bound: s.verdict.Lower[k]})
		}
	}
	if err := r.evaluateParts(all, r.v.set.Steps); err != nil {
		return err
	}
	for _, d := range all {
		d.s.raise(int(d.target), d.bound)
		d.s.conclude()
	}
	return nil
}

// evaluateParts is evaluate of any number of domains.
func (r *run) evaluateParts(domains []*domain, steps int) error {
	for part := range slices.Chunk(domains, r.v.atOnce) {
		if err := r.evaluate(part, steps); err != nil {
			return err
		}
	}
	return nil
}

// evaluate bounds domains, at most so many as run at once, with so many steps of Adam on
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
	constrained := slices.ContainsFunc(domains, func(d *domain) bool { return len(d.constraints) > 0 })
	if len(r.v.domain.relus) == 0 && !constrained { // nothing to optimise
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
		if i < steps && !r.every && a.done() {
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
		split = append(split, d.restricted(r.v.net))
	}
	if slices.ContainsFunc(domains, func(d *domain) bool { return len(d.sides) > 0 }) {
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

// restricted is the subject with what the sides say of its bounds.
func (d *domain) restricted(n *Network) *subject {
	if len(d.sides) == 0 {
		return d.s
	}
	s := &subject{image: d.s.image, label: d.s.label, eps: d.s.eps, set: d.s.set}
	for at := range d.s.lower {
		s.lower, s.upper = append(s.lower, slices.Clone(d.s.lower[at])), append(s.upper, slices.Clone(d.s.upper[at]))
	}
	for _, x := range d.sides {
		x.restrict(n, d, s)
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
