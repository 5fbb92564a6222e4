package bounds

import (
	"cmp"
	"slices"
)

// candidates are the splits of domain i that promise the largest gain, best
// first. The score is what the relaxation of a ReLU costs the bound: the
// intercept of the upper line where its coefficient is negative (Bunel et al.
// 2020, "Branch and bound for piecewise linear neural network verification",
// BaBSR), else what its lower line lies below it at the middle of a side.
func (a *ascent) candidates(i int) []split {
	d, n := a.domains[i], a.r.v.set.Candidates
	var best []split
	for number, at := range a.r.v.domain.relus {
		lower, upper := d.restrict.lower[at], d.restrict.upper[at]
		size := len(lower)
		row := a.last[2+number][i*size : (i+1)*size]
		for j, l := range lower {
			u := upper[j]
			if !(l < 0 && u > 0) {
				continue
			}
			score := reluCost(row[j], l, u)
			if len(best) < n || score > best[len(best)-1].score { // a score of 0 may rise with multipliers
				best = insert(best, split{at: at, neuron: j, score: score}, n)
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
			tried = append(tried, p.with(x, 1), p.with(x, -1))
		}
	}
	if r.v.set.Candidates > 1 {
		for part := range slices.Chunk(tried, r.v.set.Rows) {
			if err := r.evaluate(part, 0); err != nil {
				return nil, err
			}
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
