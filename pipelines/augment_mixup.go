package pipelines

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// mixup replaces an image by share·image + (1-share)·partner, the share from
// Beta(alpha, alpha) (Zhang, Cisse, Dauphin and Lopez-Paz 2018, "mixup: Beyond empirical
// risk minimization", section 2). The partner is any example of the set, augmented as it
// is in the same epoch.
type mixup struct{ alpha fraction }

// Range of alpha: the literature takes .1 to 1. Below, nearly nothing is mixed.
const (
	leastAlpha = .05
	mostAlpha  = 2
)

func (o mixup) String() string                      { return fmt.Sprintf("mixup(%v)", o.alpha) }
func (o mixup) forEvaluation() step                 { return nil }
func (o mixup) outputShape(in Shape) (Shape, error) { return in, nil }

func (c *stepText) readMixup() step {
	if !c.wantCount(1) {
		return mixup{}
	}
	return mixup{c.readNumber(c.args[0], leastAlpha, mostAlpha)}
}

// Mixes reports whether a mixes images with others: then batches have partners.
func (a Augment) Mixes() bool {
	_, ok := a.mixup()
	return ok
}

// mixup is the mixup step of a. It can only be the last step.
func (a Augment) mixup() (mixup, bool) {
	if len(a.steps) == 0 {
		return mixup{}, false
	}
	o, ok := a.steps[len(a.steps)-1].(mixup)
	return o, ok
}

// draw draws a partner among n examples, and the share of the example itself.
func (o mixup) draw(r *rand.Rand, n int) (partner int, share float32) {
	return r.IntN(n), float32(drawBeta(r, o.alpha.value()))
}

// drawBeta draws from Beta(a, a) by Jöhnk's method (1964): of two powers of uniform
// numbers whose sum is at most 1, the first's share of the sum.
func drawBeta(r *rand.Rand, a float64) float64 {
	for {
		u, v := math.Pow(r.Float64(), 1/a), math.Pow(r.Float64(), 1/a)
		if sum := u + v; sum <= 1 && sum > 0 {
			return u / sum
		}
	}
}

// mixInto makes image share·image + (1-share)·other.
func mixInto(image, other []float32, share float32) {
	rest := 1 - share
	other = other[:len(image)]
	for len(image) >= 4 { // four at a time, for want of vector instructions
		to, from := image[:4:4], other[:4:4]
		to[0] = share*to[0] + rest*from[0]
		to[1] = share*to[1] + rest*from[1]
		to[2] = share*to[2] + rest*from[2]
		to[3] = share*to[3] + rest*from[3]
		image, other = image[4:], other[4:]
	}
	for i, v := range other {
		image[i] = share*image[i] + rest*v
	}
}
