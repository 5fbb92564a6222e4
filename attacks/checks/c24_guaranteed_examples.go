package checks

import (
	"math"
	"math/rand/v2"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = register(Check{
	ID: "C24", Title: "Guaranteed adversarial examples are found",
	Threshold: "a binary readout with an example known within eps: found on at least 95 %",
	Source:    zimmermann,
	needs:     needsModel | needsDeterminism, follows: attacks.Linear, judge: judgeGuaranteedExamples,
})

// judgeGuaranteedExamples follows Zimmermann et al. 2022. For each image it
// makes a binary readout of the model's logits which is negative at the image
// and at random points around it, and positive at a known point within eps.
// PGD on the readout must find a positive point too.
func judgeGuaranteedExamples(c *checkContext) (verdict, error) {
	var readouts []readout
	for i := range min(50, c.sample.Len()) {
		if err := c.ctx.Err(); err != nil {
			return verdict{}, err
		}
		r, ok, err := c.newReadout(i)
		if err != nil {
			return verdict{}, err
		}
		if ok {
			readouts = append(readouts, r)
		}
	}
	if len(readouts) == 0 {
		return skip("the model's logits do not change within eps")
	}
	found, err := c.attackReadouts(readouts)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{status: judgeAtLeast(countTrue(found), len(found), .95), value: "found " + formatRate(countTrue(found), len(found))}
	for n, ok := range found {
		if !ok {
			v.images = append(v.images, c.sample.Index[readouts[n].image])
		}
	}
	if v.status != Pass {
		v.advice = "examples exist that following the gradient does not find: it is masked, or eps is too small for the number of steps"
	}
	return v, nil
}

// readout is a binary classifier on the logits: positive where weights·logits
// exceeds limit.
type readout struct {
	image   int // of the sample
	weights []float32
	limit   float64
}

// score is positive where the readout is.
func (r readout) score(logits []float32) float64 { return vector.Dot(r.weights, logits) - r.limit }

// readoutPoints is how many points a readout has inside the ball, and how many on
// its surface.
const readoutPoints = 100

// newReadout makes a readout in a random direction of the logits. Its limit lies
// halfway between the largest score of the image and the points inside the ball
// and the largest of those on its surface. It is false where no point of the
// surface scores higher by more than rounding.
func (c *checkContext) newReadout(i int) (readout, bool, error) {
	r := readout{image: i, weights: make([]float32, c.victim.Classes)}
	g := c.imageRand(i, 24)
	for k := range r.weights {
		r.weights[k] = float32(g.NormFloat64())
	}
	logits, err := c.reference.CentredLogits(append([][]float32{c.image(i)}, c.pointsAround(g, c.image(i))...)...)
	if err != nil {
		return r, false, err
	}
	inside, surface := math.Inf(-1), math.Inf(-1)
	for p, z := range logits {
		if p <= readoutPoints {
			inside = max(inside, r.score(z))
		} else {
			surface = max(surface, r.score(z))
		}
	}
	r.limit = (inside + surface) / 2
	return r, surface-inside > 1e-4*c.spread(logits[0]), nil
}

// pointsAround are random points within half of eps of an image, and after them
// as many at eps.
func (c *checkContext) pointsAround(r *rand.Rand, img []float32) [][]float32 {
	points := make([][]float32, 2*readoutPoints)
	direction := make([]float32, len(img))
	for p := range points {
		for k := range direction {
			direction[k] = float32(r.NormFloat64())
		}
		c.threat.Steepest(direction, direction)
		distance := c.Eps
		if p < readoutPoints {
			distance *= .5 * r.Float32()
		}
		points[p] = make([]float32, len(img))
		vector.AXPY(points[p], img, distance, direction)
		c.threat.Project(points[p], img, c.Eps)
	}
	return points
}

// attackReadouts runs PGD on each readout from its image, in 40 steps of Madry
// et al.'s size, and tells which became positive.
func (c *checkContext) attackReadouts(readouts []readout) ([]bool, error) {
	const steps = 40
	found, requests := make([]bool, len(readouts)), make([]attacks.Request, len(readouts))
	for n, r := range readouts {
		requests[n] = attacks.Request{Image: slices.Clone(c.image(r.image)), Cotangent: r.weights}
	}
	for range steps + 1 {
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
		gradients, err := c.gradient.LossGradients(attacks.Linear, requests...)
		if err != nil {
			return nil, err
		}
		for n, g := range gradients {
			found[n] = found[n] || readouts[n].score(g.Logits) > 0
			c.takeStep(requests[n].Image, c.image(readouts[n].image), g.Gradient, 2.5*c.Eps/steps)
		}
	}
	return found, nil
}
