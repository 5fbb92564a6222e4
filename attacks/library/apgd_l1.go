package library

import (
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// apgdPhase is a part of a start in L1: a number of steps in a ball of radius eps.
type apgdPhase struct {
	eps   float32
	steps int
}

// phases are 30 % of the steps at 3 eps, 30 % at 2 eps, and the rest at eps.
func (p apgdSettings) phases(eps float32) []apgdPhase {
	part := min((3*p.steps+9)/10, p.steps/2)
	return []apgdPhase{{3 * eps, part}, {2 * eps, part}, {eps, p.steps - 2*part}}
}

// start starts at the projection of x on the phase's ball.
func (g apgdPhase) start(o *attacks.Oracle, x []float32) *apgdL1Ascent {
	projectL1InBox(o, x, g.eps)
	return newAPGDL1Ascent(o, x, g.eps, g.steps, true)
}

// apgdL1Ascent is one start of APGD in L1 (Croce and Hein 2021, algorithm 1). A
// step changes only the values with the largest gradients, 1/1.5 of as many as
// the best point has changed. The step size decreases while that number does not
// decrease; when it does the step size is eps again.
type apgdL1Ascent struct {
	ascentState
	o        *attacks.Oracle
	eps      float32
	z, sizes []float32 // scratch
	stepSize float32
	share    float32 // of the values that a step changes; in float32, to round as PyTorch does
	changed  float32 // number of values that the best point had changed at the last checkpoint
	interval int     // steps from one checkpoint to the next
}

// newAPGDL1Ascent starts at x, which it keeps and changes. If x is given, and
// not drawn at random, the number of values that it changes sets the first
// share, which is otherwise a fifth.
func newAPGDL1Ascent(o *attacks.Oracle, x []float32, eps float32, steps int, given bool) *apgdL1Ascent {
	a := &apgdL1Ascent{
		ascentState: ascentState{x: x, best: slices.Clone(x)},
		o:           o, eps: eps, z: make([]float32, len(x)), sizes: make([]float32, len(x)),
		stepSize: eps, share: .2, changed: float32(len(x)), interval: max(int(.04*float64(steps)), 1),
	}
	if given {
		a.changed = a.countChanged()
		a.share = a.changed / float32(len(x)) / 1.5
	}
	return a
}

// countChanged counts the values in which the best point differs from the image
// by more than a rounding error. AutoAttack counts rounding errors too.
func (a *apgdL1Ascent) countChanged() (n float32) {
	for i, v := range a.best {
		if vector.Abs(v-a.o.Image[i]) > 1e-6 {
			n++
		}
	}
	return n
}

// step moves x along the signs of the largest gradients and projects it.
func (a *apgdL1Ascent) step() {
	n := len(a.x)
	keep := n - min(max(int((1-a.share)*float32(n)), 0), n-1)
	vector.LargestSigns(a.z, a.gradient, keep, a.sizes)
	vector.AXPY(a.x, a.x, a.stepSize, a.z)
	projectL1InBox(a.o, a.x, a.eps)
}

// observe records the loss at x, and at a checkpoint sets share and step size.
func (a *apgdL1Ascent) observe(g attacks.LossGradient) {
	a.ascentState.observe(g)
	if steps := a.observed - 1; steps == 0 || steps%a.interval != 0 {
		return
	}
	changed := a.countChanged()
	sparser := changed/a.changed < .95
	a.share, a.changed = changed/float32(len(a.x))/1.5, changed
	if sparser {
		a.stepSize = a.eps
		a.returnToBest()
		return
	}
	a.stepSize = max(a.stepSize/1.5, a.eps/10)
}
