package bounds

import (
	"cmp"
	"math"
	"slices"
)

// next are the splits of domain i that promise the largest gain, best first. The
// score is what the relaxation of an activation costs the bound. Of a ReLU: the
// intercept of the upper line where its coefficient is negative (Bunel et al.
// 2020, "Branch and bound for piecewise linear neural network verification",
// BaBSR), else what its lower line lies below it at the middle of a side. Of
// other activations: the coefficient times how far the lines lie apart.
func (a *ascent) next(i int) []split {
	d, n := a.domains[i], a.r.v.set.Candidates
	var best []split
	offer := func(x split) {
		if len(best) < n || x.score > best[len(best)-1].score { // a score of 0 may rise with multipliers
			best = insert(best, x, n)
		}
	}
	for at, node := range a.r.v.net.activations {
		row := a.last[2+at]
		size := len(row) / len(a.domains)
		row = row[i*size : (i+1)*size]
		lower, upper := d.restrict.lower[at], d.restrict.upper[at]
		switch o := node.op.(type) {
		case relu:
			for j, l := range lower {
				if u := upper[j]; l < 0 && u > 0 {
					offer(split{at: at, neuron: j, score: reluCost(row[j], l, u)})
				}
			}
		case sshape:
			for j, l := range lower {
				if x, ok := o.split(row[j], l, upper[j]); ok {
					x.at, x.neuron = at, j
					offer(x)
				}
			}
		case maxpool:
			for j, c := range row {
				if x, ok := d.splitPool(o, at, j, c); ok {
					offer(x)
				}
			}
		}
	}
	return best
}

// reluCost is the score of an unstable ReLU with bounds l < 0 < u whose output
// has coefficient a.
func reluCost(a, l, u float32) float32 {
	if a < 0 {
		return a * u * l / (u - l)
	}
	return a * min(u, -l) / 2
}

// leastWidth is down to which width inputs of sigmoid and tanh are split.
const leastWidth = 1e-3

// split divides the input of a sigmoid or tanh at 0, between the convex part and
// the concave one, else in the middle. The score is the coefficient times how far
// the function is from its chord in the middle, at most.
func (o sshape) split(a, l, u float32) (split, bool) {
	if !(u-l > leastWidth) {
		return split{}, false
	}
	point := (l + u) / 2
	if l < 0 && u > 0 && min(-l, u) > leastWidth/2 {
		point = 0
	}
	f := math.Tanh
	if !o.tanh {
		f = func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	}
	fl, fm, fu := f(float64(l)), f(float64(l+u)/2), f(float64(u))
	gap := math.Abs(fm - (fl+fu)/2)
	if point == 0 {
		gap = max(gap, (fu-fl)/4)
	}
	return split{point: point, score: float32(math.Abs(float64(a)) * gap)}, true
}

// splitPool asks whether the value with the largest upper bound is the largest
// of the window of an output with coefficient a. Values below the largest lower
// bound are none. The score is how far the largest may lie above its lower line,
// or the upper line above it.
func (d *domain) splitPool(o maxpool, at, output int, a float32) (split, bool) {
	window := o.inputs(output)
	lower, upper := d.restrict.lower[at], d.restrict.upper[at]
	open := d.candidates(at, output, window)
	floor := float32(math.Inf(-1))
	for _, place := range open {
		floor = max(floor, lower[window[place]])
	}
	open = slices.DeleteFunc(open, func(place int) bool { return upper[window[place]] < floor })
	if len(open) < 2 {
		return split{}, false
	}
	slices.SortStableFunc(open, func(a, b int) int { return cmp.Compare(upper[window[b]], upper[window[a]]) })
	u, v := upper[window[open[0]]], upper[window[open[1]]]
	if !(v > floor) {
		return split{}, false
	}
	score := a * (v - floor) / 2
	if a < 0 {
		l := lower[window[open[0]]]
		score = -a * (v - floor) * (u - v) / max(u-l, 1e-30)
		score = max(score, -a*(v-floor)/4)
	}
	return split{at: at, neuron: output, place: open[0], open: open, score: score}, true
}

// insert keeps the n best splits in order.
func insert(best []split, x split, n int) []split {
	at, _ := slices.BinarySearchFunc(best, x, func(a, b split) int { return cmp.Compare(b.score, a.score) })
	best = slices.Insert(best, at, x)
	return best[:min(n, len(best))]
}

// divide splits each of some domains in two, at the candidate whose worse half
// has the best bound: filtered smart branching (De Palma et al. 2021,
// arXiv 2104.06718).
func (r *run) divide(parents []*domain) ([]*domain, error) {
	var tried []*domain
	for _, p := range parents {
		for _, x := range p.next {
			tried = append(tried, p.with(r.v.net, x, true), p.with(r.v.net, x, false))
		}
	}
	if r.v.set.Candidates > 1 {
		if err := r.evaluateParts(tried, 0); err != nil {
			return nil, err
		}
	}
	var chosen []*domain
	for _, p := range parents {
		n := 2 * len(p.next)
		best := 0
		for i := 2; i < n; i += 2 {
			if worth(tried[i], tried[i+1]) > worth(tried[best], tried[best+1]) {
				best = i
			}
		}
		chosen = append(chosen, tried[best], tried[best+1])
		tried = tried[n:]
	}
	return chosen, nil
}

// worth is the bound of the worse half, and a little of that of the better.
func worth(a, b *domain) float32 {
	lo, hi := min(a.bound, b.bound), max(a.bound, b.bound)
	return min(lo, 0) + .1*min(hi, 0)
}
