package checks

import (
	"fmt"
	"math"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

var _ = register(Check{
	ID: "C29", Title: "Batch size does not matter",
	Threshold: "the same examples one at a time and 64 at a time",
	Source:    "torchattacks issue 12",
	needs:     needsModel | needsDeterminism, judge: judgeBatchSize,
})

// judgeBatchSize runs FGSM and the attack under test on a few images, one by
// one and together.
func judgeBatchSize(c *checkContext) (verdict, error) {
	list := batchSizeAttacks(c)
	if len(list) == 0 {
		return skip("no gradient was declared in the graph")
	}
	n := min(8, c.sample.Len())
	images := attacks.Images{Pixels: c.sample.Pixels[:n*c.victim.Size()], Labels: c.sample.Labels[:n], Index: c.sample.Index[:n]}
	var runs []*attacks.Evaluation
	for _, size := range []int{1, 64} {
		e, err := engine.NewEngine(c.Reference, c.Gradient, engine.Options{Attacks: list, Eps: []float32{c.Eps}, Batch: size, Exhaustive: true})
		if err != nil {
			return verdict{}, err
		}
		ev, err := e.Run(c.ctx, images, nil, nil)
		if err != nil {
			return verdict{}, err
		}
		runs = append(runs, ev)
	}
	v := verdict{status: Pass}
	for i := range n {
		if imageDiffers(runs[0], runs[1], i) {
			v.images = append(v.images, c.sample.Index[i])
		}
	}
	v.value = fmt.Sprintf("%d of %d images differ", len(v.images), n)
	if len(v.images) > 0 {
		// Rounding depends on the batch, and can decide a few.
		v.status = worstStatus(Warn, judgeAtMost(len(v.images), n, .05))
		v.advice = "images of a batch influence each other: look at C14"
	}
	return v, nil
}

// batchSizeAttacks are FGSM and the attack under test with at most 10 steps, as
// far as the graph has declared their losses.
func batchSizeAttacks(c *checkContext) []attacks.Attack {
	a := c.attackUnderTest()
	a.steps = min(a.steps, 10)
	var list []attacks.Attack
	for _, text := range []string{"fgsm", a.text()} {
		if a, err := c.parseAttack(text); err == nil {
			list = append(list, a)
		}
	}
	return list
}

// imageDiffers tells whether one of the attacks of two evaluations has different
// results on image i, by more than rounding.
func imageDiffers(x, y *attacks.Evaluation, i int) bool {
	for k := range x.Attacks {
		a, b := x.Attacks[k].Results[i], y.Attacks[k].Results[i]
		if a.Tried != b.Tried {
			return true
		}
		difference, smaller := math.Abs(float64(a.Distance-b.Distance)), min(math.Abs(float64(a.Distance)), math.Abs(float64(b.Distance)))
		if a.Distance != b.Distance && !(difference <= 1e-4*max(1e-2, smaller)) { // one infinite, or NaN, too
			return true
		}
	}
	return false
}
