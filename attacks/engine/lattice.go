package engine

import (
	"cmp"
	"math"
	"slices"

	"unwarp/attacks"
)

// Where examples have to be images of few values, as 8-bit files hold them
// ([attacks.Threat].Lattice), the image of the lattice that stands for what an
// attack claims is judged in its place. So every attack benefits, also those that
// know nothing of it: a claim fails where its image does, and the attack goes on.

// lattice rounds images to values k/levels within a threat.
type lattice struct {
	levels float64
	threat attacks.Threat
	eps    float64
	origin []float32
}

// reach is by how much, in steps of the lattice, rounding of float32 may take a
// value of it away from its place.
func (l lattice) reach() float64 { return 1e-4 + 2e-7*l.levels }

// value is the value k of the lattice.
func (l lattice) value(k float64) float32 { return float32(k / l.levels) }

// limits are the least and the largest value that the threat allows at place i.
func (l lattice) limits(i int) (lo, hi float64) {
	least, most := float64(l.threat.Lo), float64(l.threat.Hi)
	if l.threat.Norm == attacks.Linf {
		least, most = max(least, float64(l.origin[i])-l.eps), min(most, float64(l.origin[i])+l.eps)
	}
	return math.Ceil(least*l.levels - l.reach()), math.Floor(most*l.levels + l.reach())
}

// round is the image of the lattice that choose makes of x, value by value, within
// the threat; nil where the threat holds none near it.
func (l lattice) round(x []float32, choose func(i int, v float64) float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		lo, hi := l.limits(i)
		if lo > hi {
			return nil
		}
		y[i] = l.value(min(max(choose(i, float64(v)*l.levels), lo), hi))
	}
	if !l.shrink(y, x) {
		return nil
	}
	return y
}

// nearest rounds to the nearest values.
func (l lattice) nearest(x []float32) []float32 {
	return l.round(x, func(_ int, v float64) float64 { return math.Round(v) })
}

// outward rounds away from the origin: no change becomes smaller.
func (l lattice) outward(x []float32) []float32 {
	return l.round(x, func(i int, v float64) float64 {
		switch o := float64(l.origin[i]) * l.levels; {
		case v > o:
			return math.Ceil(v - l.reach())
		case v < o:
			return math.Floor(v + l.reach())
		}
		return math.Round(v)
	})
}

// scaled rounds what lies times as far from the origin as x.
func (l lattice) scaled(x []float32, times float32) []float32 {
	y := make([]float32, len(x))
	for i, o := range l.origin {
		y[i] = min(max(o+times*(x[i]-o), l.threat.Lo), l.threat.Hi)
	}
	return l.nearest(y)
}

// shrink takes values of y a step back towards the origin, those first that stay
// nearest to x, until y lies in the ball; false where that does not suffice.
func (l lattice) shrink(y, x []float32) bool {
	n := l.threat.Norm
	limit := l.eps + slack(n, len(y), l.eps)/2
	power := func(d float64) float64 {
		if n == attacks.L2 {
			return d * d
		}
		return math.Abs(d)
	}
	if n == attacks.Linf || distance(n, y, l.origin) <= limit {
		return true
	}
	limit = power(limit)
	type step struct {
		i          int
		value      float32
		cost, gain float64
	}
	var steps []step
	sum := 0.
	for i, v := range y {
		o := float64(l.origin[i])
		sum += power(float64(v) - o)
		back := l.value(math.Round(float64(v)*l.levels) - math.Copysign(1, float64(v)-o))
		if gain := power(float64(v)-o) - power(float64(back)-o); gain > 0 {
			steps = append(steps, step{i, back, math.Abs(float64(back)-float64(x[i])) - math.Abs(float64(v)-float64(x[i])), gain})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.cost, b.cost) })
	for _, s := range steps {
		if sum <= limit {
			break
		}
		y[s.i] = s.value
		sum -= s.gain
	}
	return sum <= limit
}

// repairs are images of the lattice beside the nearest one, the smallest changes
// first: rounding may have taken an example back over the boundary.
func (l lattice) repairs(x, nearest []float32) [][]float32 {
	tried := [][]float32{nearest}
	add := func(y []float32) {
		if y != nil && !slices.ContainsFunc(tried, func(z []float32) bool { return slices.Equal(y, z) }) {
			tried = append(tried, y)
		}
	}
	add(l.outward(x))
	for _, times := range []float32{1.05, 1.1, 1.25, 1.5, 2} {
		add(l.scaled(x, times))
	}
	return tried[1:]
}

// isOnLattice tells whether all values are k/levels, as float32 has them; 0 levels
// are all values.
func isOnLattice(x []float32, levels int) bool {
	if levels == 0 {
		return true
	}
	for _, v := range x {
		k := math.Round(float64(v) * float64(levels))
		if v != float32(k/float64(levels)) {
			return false
		}
	}
	return true
}

// confirmOnLattice is [imageOracle.Confirm] where examples have to be images of the
// lattice: of each claim the nearest is judged, and where that fails others near
// it, beside the claim itself. Of one that succeeds alone the distance is kept: so
// a report can say how many examples rounding has cost.
func (m *imageOracle) confirmOnLattice(images [][]float32) int {
	p := m.problem
	l := lattice{float64(p.Threat.Lattice), p.Threat, float64(p.Eps), p.Image}
	free := p.Threat
	free.Lattice = 0
	var claims []latticeClaim
	for i, x := range images {
		if !isLegal(x, p.Image, free, p.Eps) {
			m.invalid++
			continue
		}
		c := latticeClaim{place: i, claimed: x}
		if y := l.nearest(x); y != nil && isLegal(y, p.Image, p.Threat, p.Eps) {
			c.nearest = y
		}
		claims = append(claims, c)
	}
	first := m.judgeNearest(claims)
	if m.cost.Forward == 0 { // the attack has seen nothing of the model: most of its claims are none
		return first
	}
	for _, c := range claims {
		if c.succeeded {
			continue
		}
		if m.judgeRepairs(l, c) && (first < 0 || c.place < first) {
			first = c.place
		}
	}
	return first
}

// latticeClaim is an image that an attack claims.
type latticeClaim struct {
	place            int
	claimed, nearest []float32 // nearest is nil where the threat holds no image of the lattice near it
	succeeded        bool
}

// judgeNearest judges the nearest images of the lattice of all claims. It returns
// the place of the first that succeeds, -1 for none.
func (m *imageOracle) judgeNearest(claims []latticeClaim) int {
	var requests []attacks.Request
	var of []int
	for k, c := range claims {
		if c.nearest != nil {
			requests, of = append(requests, attacks.Request{Image: c.nearest}), append(of, k)
			if m.keepImages {
				m.lastClaim = slices.Clone(c.nearest)
			}
		}
	}
	what := verifiedLogits
	if m.cost.Forward == 0 {
		what = claimedLogits
	}
	first := -1
	for k, r := range m.ask(requestKind{referenceSession, what}, requests) {
		c := &claims[of[k]]
		if c.succeeded = m.keepIfSuccess(c.nearest, r.logits); c.succeeded && first < 0 {
			first = c.place
		}
	}
	return first
}

// judgeRepairs judges what stands near a claim whose nearest image of the lattice
// has failed, and the claim itself.
func (m *imageOracle) judgeRepairs(l lattice, c latticeClaim) (succeeded bool) {
	p := m.problem
	var requests []attacks.Request
	for _, y := range l.repairs(c.claimed, c.nearest) {
		if isLegal(y, p.Image, p.Threat, p.Eps) {
			requests = append(requests, attacks.Request{Image: y})
		}
	}
	requests = append(requests, attacks.Request{Image: c.claimed})
	responses := m.ask(requestKind{referenceSession, verifiedLogits}, requests)
	last := len(requests) - 1
	for k, r := range responses[:min(last, len(responses))] {
		succeeded = m.keepIfSuccess(requests[k].Image, r.logits) || succeeded
	}
	if !succeeded && len(responses) == len(requests) && m.isSuccess(c.claimed, responses[last].logits) {
		d := attacks.Distance(distance(p.Threat.Norm, c.claimed, p.Image))
		if m.offLattice == nil || d < *m.offLattice {
			m.offLattice = &d
		}
	}
	return succeeded
}

// keepIfSuccess takes in x with its logits where they are those of a success.
func (m *imageOracle) keepIfSuccess(x, logits []float32) bool {
	p := m.problem
	if !m.isSuccess(x, logits) {
		return false
	}
	m.keepSmallest(example{distance: distance(p.Norm, x, p.Image), threatDistance: distance(p.Threat.Norm, x, p.Image)}, x, logits)
	return true
}
