package checks

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

// checkContext is what the checks of one run share.
type checkContext struct {
	Input
	ctx context.Context

	victim            attacks.Victim
	threat            attacks.Threat
	reference         *engine.BatchRunner
	gradient          *engine.BatchRunner
	sample            attacks.Images // N correctly classified images
	logits            [][]float32    // of the sample, centred: for differences
	classified        []classifiedImage
	medianSpread      float64 // of the sample's logits
	largestDifference float64 // between logits of two passes, relative to their spread
	unstableClass     []int   // places of the images whose class changes from pass to pass

	probeRun *attacks.Evaluation // of the attacks that checks want, on the sample; nil for none
	notRun   map[string]string   // attacks that it leaves out, with the reason

	progress func(Progress)
	done, of int
}

// prepare fills in what the input leaves open, draws the sample and measures
// whether the model is deterministic.
func (c *checkContext) prepare() error {
	if c.Gradient.Graph == nil {
		return fmt.Errorf("checks: want a gradient model beside the reference model, got none: set Input.Gradient")
	}
	c.victim, c.threat = c.Reference.Graph.Victim, c.Reference.Graph.Threat
	c.N, c.Batch, c.Draws = orDefault(c.N, 100), orDefault(c.Batch, 64), orDefault(c.Draws, 10000)
	if c.Eps == 0 {
		if c.Evaluation == nil {
			return fmt.Errorf("checks: want eps, the radius of the checks, where there is no evaluation to take it from")
		}
		c.Eps = informativeRadius(c.Evaluation)
	}
	if err := c.threat.Admits([]float32{c.Eps}); err != nil {
		return fmt.Errorf("checks: %w", err)
	}
	c.reference, c.gradient = engine.NewBatchRunner(c.Reference, c.Batch), engine.NewBatchRunner(c.Gradient, c.Batch)
	if err := c.drawSample(); err != nil {
		return err
	}
	if c.sample.Len() == 0 {
		return nil
	}
	return c.repeatPasses()
}

func orDefault(v, d int) int {
	if v <= 0 {
		return d
	}
	return v
}

// informativeRadius returns the radius whose accuracy under attack is nearest
// 50 %.
func informativeRadius(ev *attacks.Evaluation) float32 {
	best, difference := ev.Radii[0], math.Inf(1)
	for _, eps := range ev.Radii {
		if d := math.Abs(share(ev.RobustCount(eps), ev.CleanCorrect) - .5); d < difference {
			best, difference = eps, d
		}
	}
	return best
}

// report calls progress, if there is any.
func (c *checkContext) report(doing string) {
	if c.progress != nil {
		c.progress(Progress{c.done, c.of, doing})
	}
}

// imageRand is the random generator of one check for image i of the sample.
func (c *checkContext) imageRand(i, check int) *rand.Rand {
	return rand.New(rand.NewPCG(c.Seed, uint64(c.sample.Index[i])<<8|uint64(check)))
}

// labelGradients are the gradients of a loss of the label, at one point for
// each of the first images of the sample.
func (c *checkContext) labelGradients(r *engine.BatchRunner, l attacks.Loss, points [][]float32) ([]attacks.LossGradient, error) {
	requests := make([]attacks.Request, len(points))
	for i, x := range points {
		requests[i] = attacks.Request{Image: x, Label: int(c.sample.Labels[i])}
	}
	return r.LossGradients(l, requests...)
}
