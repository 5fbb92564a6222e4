package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = register(Check{
	ID: "C17", Title: "No success is lost on the way",
	Threshold: "each image that is misclassified at any iterate counts as misclassified",
	Source:    ioaf + "silent success",
	needs:     needsModel | needsDeterminism, attacks: lostSuccessAttacks, judge: judgeLostSuccess,
})

func lostSuccessAttacks(c *checkContext) []string { return []string{repeatableAttack(c).text()} }

// repeatableAttack is the attack under test with steps of one size from the
// clean image, which this check can repeat itself.
func repeatableAttack(c *checkContext) iterativeAttack {
	a := c.attackUnderTest()
	if a.stepSize == 0 {
		a.stepSize = c.Eps / 10
	}
	return iterativeAttack{name: "pgd", loss: a.loss, steps: min(a.steps, 100), stepSize: a.stepSize, restarts: 1, eot: 1, cleanStart: true}
}

// judgeLostSuccess takes the attack's steps from each image without stopping at
// a success. The engine must have counted all images that were misclassified at
// any iterate.
func judgeLostSuccess(c *checkContext) (verdict, error) {
	a := repeatableAttack(c)
	counted, reason := c.misclassifiedUnder(a.text())
	if counted == nil {
		return skip(reason)
	}
	ever, last, err := c.repeatAttack(a)
	if err != nil {
		return verdict{}, err
	}
	return compareWithCounted(c.sample.Index, ever, last, counted), nil
}

// compareWithCounted compares the images that were misclassified at any and at
// the last iterate with those that the engine counted. A few images may differ:
// rounding depends on the batch, and can decide them.
func compareWithCounted(index []int, ever, last, counted []bool) verdict {
	v := verdict{status: Pass}
	correctAtEnd := 0
	for i := range ever {
		if ever[i] && !last[i] {
			correctAtEnd++
		}
		if ever[i] && !counted[i] {
			v.images = append(v.images, index[i])
		}
	}
	v.value = fmt.Sprintf("%d of %d are misclassified on the way, %d of them no longer at the end; %d are not counted", countTrue(ever), len(ever), correctAtEnd, len(v.images))
	if len(v.images) > 0 {
		v.status = worstStatus(Warn, judgeAtMost(len(v.images), len(ever), .02))
		v.advice = "an attack must keep its best result: count a success at any iterate"
	}
	return v
}

// repeatAttack takes the steps of a from each image of the sample, and tells
// which were misclassified at any iterate, and which at the last.
func (c *checkContext) repeatAttack(a iterativeAttack) (ever, last []bool, err error) {
	n := c.sample.Len()
	ever, last = make([]bool, n), make([]bool, n)
	iterates := make([][]float32, n)
	for i := range iterates {
		iterates[i] = slices.Clone(c.image(i))
	}
	for step := 0; ; step++ {
		if err := c.ctx.Err(); err != nil {
			return nil, nil, err
		}
		logits, err := c.reference.Logits(iterates...)
		if err != nil {
			return nil, nil, err
		}
		for i, z := range logits {
			last[i] = c.isClearError(z, int(c.sample.Labels[i]))
			ever[i] = ever[i] || last[i]
		}
		if step == a.steps {
			return ever, last, nil
		}
		gradients, err := c.gradient.LossGradients(a.loss, c.requestsAsAttacked(iterates)...)
		if err != nil {
			return nil, nil, err
		}
		for i, g := range gradients {
			c.takeStep(iterates[i], c.image(i), g.Gradient, a.stepSize)
		}
	}
}

// requestsAsAttacked asks for the losses of the label at one point for each image
// of the sample, as the engine asks for them.
func (c *checkContext) requestsAsAttacked(points [][]float32) []attacks.Request {
	requests := make([]attacks.Request, len(points))
	for i, x := range points {
		requests[i] = attacks.Request{Image: x, Label: int(c.sample.Labels[i]), Temperature: attacks.Temperature(c.logits[i])}
	}
	return requests
}

// isClearError tells errors by more than the rounding that the engine allows
// for.
func (c *checkContext) isClearError(logits []float32, label int) bool {
	return margin(logits, label) > 1e-4*c.spread(logits)
}

// takeStep moves x along gradient, which it overwrites, and back into ball and
// box.
func (c *checkContext) takeStep(x, origin, gradient []float32, size float32) {
	c.threat.Steepest(gradient, gradient)
	vector.AXPY(x, x, size, gradient)
	c.threat.Project(x, origin, c.Eps)
}
