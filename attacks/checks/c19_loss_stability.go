package checks

import (
	"fmt"
	"math"
	"math/rand/v2"
)

var _ = register(Check{
	ID: "C19", Title: "The loss is stable",
	Threshold: "mean relative change at 100 points within ±4/255: at most .2",
	Source:    ioaf + "unstable predictions",
	needs:     needsModel | needsDeterminism, judge: judgeLossStability,
})

// judgeLossStability measures the margin instead of the cross-entropy, whose
// relative change is large wherever the model is certain. The Indicators of
// Attack Failure draw 100 points within ±(8/255)/2.
func judgeLossStability(c *checkContext) (verdict, error) {
	const points, radius = 100, 8. / 255 / 2
	v := verdict{status: Pass}
	var changes []float64
	for i, img := range c.sampleImages() {
		if err := c.ctx.Err(); err != nil {
			return v, err
		}
		logits, err := c.reference.CentredLogits(c.uniformPoints(c.imageRand(i, 19), img, points, radius)...)
		if err != nil {
			return v, err
		}
		label := int(c.sample.Labels[i])
		clean, sum := margin(c.logits[i], label), 0.
		for _, z := range logits {
			sum += min(1, shareOf(math.Abs(margin(z, label)-clean), math.Abs(clean)))
		}
		changes = append(changes, sum/points)
		if sum/points > .2 {
			v.images = append(v.images, c.sample.Index[i])
		}
	}
	m := mean(changes)
	v.value = fmt.Sprintf("mean relative change %.3f; above .2 on %s", m, formatRate(len(v.images), len(changes)))
	if !(m <= .2) { // NaN too
		v.status = Warn
		v.advice = "the loss varies from point to point so much that its gradient is of little use: average gradients over neighbours (eot, nes), or attack without them"
	} else {
		v.images = nil // a large change is expected next to the decision boundary
	}
	return v, nil
}

// uniformPoints are n points of the box, each value within radius of the
// image's.
func (c *checkContext) uniformPoints(r *rand.Rand, img []float32, n int, radius float32) [][]float32 {
	points := make([][]float32, n)
	for p := range points {
		points[p] = make([]float32, len(img))
		for k, v := range img {
			points[p][k] = v + radius*(2*r.Float32()-1)
		}
		c.threat.Clip(points[p])
	}
	return points
}
