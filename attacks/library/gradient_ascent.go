package library

import (
	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// gradientAscent is projected gradient ascent with steps of one size:
//
//	x = P(x + alpha·direction(∇ loss(x))),
//
// where P projects on ball and box.
type gradientAscent struct {
	steps int
	alpha float32 // size of a step, in the threat's norm
	// size is that of step i, nil for steps of one size.
	size func(i int) float32
	// lossGradient is the loss to increase at x, with its gradient.
	lossGradient func(x []float32) attacks.LossGradient
	// direction turns the gradient g at x into a direction of unit norm, in
	// place; nil is the threat's Steepest.
	direction func(g, x []float32)
}

// run makes steps from x, in place, until an iterate succeeds.
func (a gradientAscent) run(o *attacks.Oracle, x []float32) bool {
	o.BeginStart()
	for i := range a.steps {
		g := a.lossGradient(x)
		o.RecordLoss(g.Loss)
		if o.Success(g.Logits) && o.Claim(x) {
			return true
		}
		a.step(o, i, x, g.Gradient)
	}
	return o.Claim(x)
}

// runClaiming is run where the logits of the loss say nothing about success,
// being those of another model, or where not every iterate counts: every so many
// steps, and after the last, the iterate is claimed.
func (a gradientAscent) runClaiming(o *attacks.Oracle, x []float32, every int) bool {
	for i := 1; i <= a.steps; i++ {
		g := a.lossGradient(x)
		o.RecordLoss(g.Loss)
		a.step(o, i-1, x, g.Gradient)
		if (i%every == 0 || i == a.steps) && o.Claim(x) {
			return true
		}
	}
	return false
}

// step is step i: it moves x along its gradient g. Both are overwritten.
func (a gradientAscent) step(o *attacks.Oracle, i int, x, g []float32) {
	if a.direction == nil {
		o.Threat.Steepest(g, g)
	} else {
		a.direction(g, x)
	}
	size := a.alpha
	if a.size != nil {
		size = a.size(i)
	}
	vector.AXPY(x, x, size, g)
	o.Threat.Project(x, o.Image, o.Eps)
}

// attackLoss is the lossGradient that evaluates l of the label, or of the
// target, negated.
func attackLoss(o *attacks.Oracle, l attacks.Loss) func(x []float32) attacks.LossGradient {
	return func(x []float32) attacks.LossGradient { return o.AttackLoss(l, x) }
}

// stepSize is alpha, or where that is 0 the default 2.5·eps/steps, with which
// the steps reach any point of the ball from any other (Madry et al. 2018).
func stepSize(alpha, eps float32, steps int) float32 {
	if alpha == 0 {
		return 2.5 * eps / float32(steps)
	}
	return alpha
}
