package checks

import (
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
)

var _ = register(Check{
	ID: "C39", Title: "Logits change as the gradient says",
	Threshold: "along lines to images of other classes, attacks and random walks: the change of the margin that the integral of the gradient leaves unexplained at most 10 %, on at least 90 % of the lines",
	Source:    thisProject + "; Athalye et al. 2018 (shattered gradients)",
	needs:     needsModel | needsDeterminism, follows: attacks.Linear, judge: judgeLineIntegral,
})

// Lines are cut into firstSegments, and into refinement times as many where their
// change is not explained: a correct gradient explains the better the finer the
// line is, a step stays a step.
const (
	firstSegments = 32
	refinement    = 8
	unexplained   = .1
)

// judgeLineIntegral compares, along lines through the images, what the margin
// changes with the integral of its gradient. They agree for each function without
// jumps, kinks or not. A part of the model that has no gradient shows where the
// line crosses one of its steps: at the latest where the class changes, on a line
// to an image of another class.
func judgeLineIntegral(c *checkContext) (verdict, error) {
	model := c.gradient
	if c.Reference.Graph.Has(attacks.Linear) {
		model = c.reference // the same graph in float32
	}
	v := verdict{status: Pass}
	var parts []string
	for _, kind := range []struct {
		name  string
		lines []line
	}{{"lines to other classes", c.linesToOtherClasses()}, {"attacks", c.attackLines()}, {"random walks", c.randomWalks()}} {
		judged, faults, worst, err := c.measureLines(model, kind.lines)
		if err != nil {
			return v, err
		}
		if judged == 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s: %d of %d unexplained, at worst %.1f %% of the change", kind.name, len(faults), judged, 100*worst))
		if len(faults) > 0 {
			v.status = worstStatus(v.status, Warn, judgeAtMost(len(faults), judged, .1))
			v.images = append(v.images, faults...)
		}
	}
	if len(parts) == 0 {
		return skip("the logits do not change along any line")
	}
	for k, p := range parts {
		if k > 0 {
			v.value += "; "
		}
		v.value += p
	}
	slices.Sort(v.images)
	v.images = slices.Compact(v.images)
	if v.status != Pass {
		v.advice = "the class is decided by something that the gradient does not see, such as rounding or a lookup: attack with gradient=straight-through, and without a gradient (square, boundary, hopskipjump)"
	}
	return v, nil
}

// line is a path of straight pieces through points near image i of the sample, on
// which the margin of class other over the label is measured.
type line struct {
	i, other int
	corners  [][]float32
}

// linesToOtherClasses lead from each of the first images to the next of another
// class.
func (c *checkContext) linesToOtherClasses() []line {
	var out []line
	n := c.sample.Len()
	for i := range min(expensiveImages, n) {
		for k := 1; k < n; k++ {
			j := (i + k) % n
			if c.sample.Labels[j] != c.sample.Labels[i] {
				out = append(out, line{i, int(c.sample.Labels[j]), [][]float32{c.image(i), c.image(j)}})
				break
			}
		}
	}
	return out
}

// attackLines lead from the first images to what the attacks of the probe run
// claimed last.
func (c *checkContext) attackLines() []line {
	if c.probeRun == nil {
		return nil
	}
	var out []line
	for i := range min(expensiveImages, c.sample.Len()) {
		for _, a := range c.probeRun.Attacks {
			if last := a.Results[i].Last; last != nil && isWhiteBox(a) {
				out = append(out, line{i, c.runnerUp(i), [][]float32{c.image(i), last}})
				break
			}
		}
	}
	return out
}

// randomWalks make steps of eps in random directions from the first images.
func (c *checkContext) randomWalks() []line {
	const steps = 4
	var out []line
	for i := range min(expensiveImages, c.sample.Len()) {
		l, r := line{i, c.runnerUp(i), [][]float32{c.image(i)}}, c.imageRand(i, 39)
		for range steps {
			x := make([]float32, c.victim.Size())
			for k := range x {
				x[k] = 1
				if r.Uint64()&1 == 0 {
					x[k] = -1
				}
			}
			c.threat.Steepest(x, x)
			vector.AXPY(x, c.image(i), c.Eps, x)
			c.threat.Clip(x)
			l.corners = append(l.corners, x)
		}
		out = append(out, l)
	}
	return out
}

// measureLines lists the places of the images whose line is not explained, and
// the largest share that is not. Lines without any change do not count.
func (c *checkContext) measureLines(model *engine.BatchRunner, lines []line) (judged int, faults []int, worst float64, err error) {
	for _, l := range lines {
		if err := c.ctx.Err(); err != nil {
			return 0, nil, 0, err
		}
		share, ok, err := c.unexplainedShare(model, l, firstSegments)
		if err == nil && share > unexplained {
			share, ok, err = c.unexplainedShare(model, l, refinement*firstSegments)
		}
		if err != nil {
			return 0, nil, 0, err
		}
		if !ok {
			continue
		}
		judged++
		worst = max(worst, share)
		if share > unexplained {
			faults = append(faults, c.sample.Index[l.i])
		}
	}
	return judged, faults, worst, nil
}

// unexplainedShare cuts a line into segments and compares the change of the margin
// on each with the gradient in its middle: the largest difference of the sums up to
// any point of the line, relative to the change in all. False where nothing but
// rounding changes.
func (c *checkContext) unexplainedShare(model *engine.BatchRunner, l line, segments int) (float64, bool, error) {
	points, middles := l.cut(segments)
	logits, err := model.Logits(points...)
	if err != nil {
		return 0, false, err
	}
	weights := make([]float32, c.victim.Classes)
	label := int(c.sample.Labels[l.i])
	weights[l.other], weights[label] = 1, -1
	requests := make([]attacks.Request, len(middles))
	for k, x := range middles {
		requests[k] = attacks.Request{Image: x, Cotangent: weights}
	}
	gradients, err := model.LossGradients(attacks.Linear, requests...)
	if err != nil {
		return 0, false, err
	}
	var change, difference, largest, rounding, spread float64
	step := make([]float32, len(points[0]))
	for k, g := range gradients {
		vector.Sub(step, points[k+1], points[k])
		made := vector.Dot(weights, logits[k+1]) - vector.Dot(weights, logits[k])
		change += math.Abs(made)
		difference += made - vector.Dot(g.Gradient, step)
		largest = max(largest, math.Abs(difference))
		rounding += 0x1p-23 * largestSize(logits[k])
		spread = max(spread, float64(slices.Max(logits[k])-slices.Min(logits[k])))
	}
	if change <= max(rounding, 1e-4*spread) {
		return 0, false, nil
	}
	return largest / change, true, nil
}

// cut divides each piece of a line into equal segments: their ends, and their
// middles.
func (l line) cut(segments int) (points, middles [][]float32) {
	at := func(a, b []float32, t float64) []float32 {
		x := make([]float32, len(a))
		for k := range x {
			x[k] = a[k] + float32(t)*(b[k]-a[k])
		}
		return x
	}
	pieces := len(l.corners) - 1
	each := max(1, segments/pieces)
	for p := range pieces {
		a, b := l.corners[p], l.corners[p+1]
		for k := range each {
			points = append(points, at(a, b, float64(k)/float64(each)))
			middles = append(middles, at(a, b, (float64(k)+.5)/float64(each)))
		}
	}
	return append(points, l.corners[pieces]), middles
}
