package library

import (
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// stepper is an ascent whose caller evaluates the loss: it observes the loss and
// gradient at its point, and then makes a step.
type stepper interface {
	point() []float32
	observe(g attacks.LossGradient)
	step()
}

// followStepper makes steps until an iterate succeeds. Without claim it makes
// all steps: the iterates are not in the threat's ball.
func followStepper(o *attacks.Oracle, a stepper, steps int, claim bool, lossGradient func(x []float32) attacks.LossGradient) bool {
	o.BeginStart()
	for i := 0; ; i++ {
		g := lossGradient(a.point())
		o.RecordLoss(g.Loss)
		if claim && o.Success(g.Logits) && o.Claim(a.point()) {
			return true
		}
		if a.observe(g); i == steps {
			return false
		}
		a.step()
	}
}

// ascentState is the current point of an ascent, and the best observed so far.
type ascentState struct {
	x, gradient        []float32
	best, bestGradient []float32
	loss               float32 // at best
	observed           int     // number of points observed
}

func (u *ascentState) point() []float32 { return u.x }

func (u *ascentState) observe(g attacks.LossGradient) {
	u.gradient = g.Gradient
	if u.observed == 0 || g.Loss > u.loss {
		copy(u.best, u.x)
		u.bestGradient, u.loss = g.Gradient, g.Loss
	}
	u.observed++
}

// returnToBest makes the best point the current one.
func (u *ascentState) returnToBest() {
	copy(u.x, u.best)
	u.gradient = u.bestGradient
}

// apgdAscent is one start of APGD in Linf and L2 (Croce and Hein 2020,
// algorithm 1).
type apgdAscent struct {
	ascentState
	o                *attacks.Oracle
	previous, z      []float32 // the point before x; scratch
	stepSize         float32
	rho              float64
	losses           []float32 // after each step
	interval         int       // steps from the last checkpoint to the next
	minInterval      int
	intervalDecrease int // after each checkpoint
	sinceCheckpoint  int // steps since the last checkpoint
	bestAtCheckpoint float32
	halved           bool // the last checkpoint halved the step size
}

// newAPGDAscent starts at x, which it keeps and changes. The checkpoints are
// those of AutoAttack, which rounds each interval by itself.
func newAPGDAscent(o *attacks.Oracle, x []float32, steps int, rho float64) *apgdAscent {
	n := float64(steps)
	return &apgdAscent{
		ascentState: ascentState{x: x, best: slices.Clone(x)},
		o:           o, previous: slices.Clone(x), z: make([]float32, len(x)),
		stepSize: 2 * o.Eps, rho: rho, losses: make([]float32, 0, steps),
		interval: max(int(.22*n), 1), minInterval: max(int(.06*n), 1), intervalDecrease: max(int(.03*n), 1),
		halved: true,
	}
}

// step moves x to P(x + .75·(z-x) + .25·(x-previous)) with
// z = P(x + stepSize·steepest); the first step is to z itself.
func (a *apgdAscent) step() {
	t, eps := a.o.Threat, a.o.Eps
	t.Steepest(a.z, a.gradient)
	vector.AXPY(a.z, a.x, a.stepSize, a.z)
	t.Project(a.z, a.o.Image, eps)
	f := float32(.75)
	if a.observed == 1 {
		f = 1
	}
	for i, z := range a.z {
		x := a.x[i]
		a.x[i] = x + (z-x)*f + (x-a.previous[i])*(1-f)
		a.previous[i] = x
	}
	t.Project(a.x, a.o.Image, eps)
}

// observe records the loss at x. At a checkpoint it halves the step size if too
// few steps have increased the loss (condition 1), or if the last checkpoint did
// not halve it and the best loss has not improved since (condition 2).
func (a *apgdAscent) observe(g attacks.LossGradient) {
	a.ascentState.observe(g)
	if a.observed == 1 {
		a.bestAtCheckpoint = a.loss
		return
	}
	a.losses = append(a.losses, g.Loss)
	if a.sinceCheckpoint++; a.sinceCheckpoint < a.interval {
		return
	}
	halve := float64(a.countIncreases()) <= a.rho*float64(a.interval) || !a.halved && a.bestAtCheckpoint >= a.loss
	a.halved, a.bestAtCheckpoint = halve, a.loss
	if halve {
		a.stepSize /= 2
		a.returnToBest()
	}
	a.sinceCheckpoint, a.interval = 0, max(a.interval-a.intervalDecrease, a.minInterval)
}

// countIncreases counts the steps since the last checkpoint that increased the
// loss. AutoAttack compares the first loss of all with 0.
func (a *apgdAscent) countIncreases() (n int) {
	for i := len(a.losses) - a.interval; i < len(a.losses); i++ {
		var before float32
		if i > 0 {
			before = a.losses[i-1]
		}
		if a.losses[i] > before {
			n++
		}
	}
	return n
}
