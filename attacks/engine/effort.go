package engine

import (
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// path is the way of an attack's iterates at one radius.
type path struct {
	asksGradients bool      // its iterates are the points whose gradient it asks
	last          []float32 // iterate of this start; nil before the first
	length        float64   // of this start, in the threat's norm
	first, best   float64   // margin at the first and at the best iterate of this start
	longest, rise float64   // of all starts
}

// begin ends a start.
func (p *path) begin() { p.last, p.length = nil, 0 }

// join takes in the way of a lane.
func (p *path) join(l path) {
	if l.asksGradients && !p.asksGradients {
		p.asksGradients, p.longest, p.rise = true, 0, 0
	}
	if l.asksGradients == p.asksGradients {
		p.longest, p.rise = max(p.longest, l.longest), max(p.rise, l.rise)
	}
	p.begin()
}

// visitIterate takes in a point whose gradient was asked.
func (p *path) visitIterate(q *attacks.Problem, x, logits []float32) {
	if !p.asksGradients {
		p.asksGradients, p.longest, p.rise = true, 0, 0
		p.begin()
	}
	p.visit(q, x, marginOf(q, logits))
}

// visitPoint takes in a point whose logits alone were asked: an iterate of an
// attack without gradients where its margin is the best so far.
func (p *path) visitPoint(q *attacks.Problem, x, logits []float32) {
	if p.asksGradients {
		return
	}
	if margin := marginOf(q, logits); p.last == nil || margin > p.best {
		p.visit(q, x, margin)
	}
}

func (p *path) visit(q *attacks.Problem, x []float32, margin float64) {
	if p.last == nil {
		p.last, p.first, p.best = slices.Clone(x), margin, margin
		return
	}
	p.length += distance(q.Threat.Norm, x, p.last)
	copy(p.last, x)
	p.best = max(p.best, margin)
	p.longest, p.rise = max(p.longest, p.length), max(p.rise, p.best-p.first)
}

// marginOf is by how much logits are a success: positive where they are.
func marginOf(q *attacks.Problem, logits []float32) float64 {
	class, sign := q.Label, 1.
	if q.Target >= 0 {
		class, sign = q.Target, -1
	}
	return sign * (float64(logits[vector.ArgmaxExcept(logits, class)]) - float64(logits[class]))
}

// addEffort takes in what the attack did at a radius, unless it succeeded there.
func (m *imageOracle) addEffort() {
	if anyDistance := math.IsInf(float64(m.problem.Eps), 1); anyDistance {
		m.effort = &attacks.Effort{Passes: passesOf(m.cost), Rise: finite(m.path.rise), First: finite(m.firstDistance)}
	} else if !m.verified {
		m.effort = m.effort.Least(attacks.Effort{
			Passes: passesOf(m.cost) - passesOf(m.costBefore),
			Moved:  finite(m.path.longest / float64(m.problem.Eps)),
			Rise:   finite(m.path.rise),
		})
	}
}

// finite is v to the digits that are written, so that it is the same from a
// journal; 0 where it is no finite number.
func finite(v float64) attacks.Measure {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return attacks.Measure(v).Rounded()
}
