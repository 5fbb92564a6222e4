package checks

import (
	"fmt"
	"slices"
)

var _ = register(Check{
	ID: "C40", Title: "Random changes find no more",
	Threshold: fmt.Sprintf("of the images left at the size of the checks, at most %g %% are misclassified under one of %d random changes (%d fields)", 100*mostMissed, randomChanges, randomFields),
	Source:    thisProject,
	needs:     needsEvaluation | needsModel | needsAttempts, attacks: randomChangeAttacks, judge: judgeRandomChanges,
})

const (
	randomChanges = 500
	randomFields  = 100
	mostMissed    = .01
)

// randomChangeAttacks look for what grid and gradients have missed, with other
// random numbers than the evaluation's; for fields also ascent with more steps and
// starts.
func randomChangeAttacks(c *checkContext) []string {
	switch t := c.geometricThreat(); {
	case t.Whole:
		return nil
	case t.IsField():
		return []string{fmt.Sprintf("worst-of-k(draws=%d,seed=7919)", randomFields), "field-pgd(steps=100,restarts=3,seed=7919)"}
	}
	return []string{fmt.Sprintf("worst-of-k(draws=%d,seed=7919)", randomChanges)}
}

func judgeRandomChanges(c *checkContext) (verdict, error) {
	if c.geometricThreat().Whole {
		return skip("whole moves are tried one by one")
	}
	ev, left := c.Evaluation, 0
	var missed []int
	for i, index := range c.sample.Index {
		at := slices.Index(ev.Index, index)
		if at < 0 || !ev.Correct(at) || isMisclassified(ev.Misclassified, len(ev.Attacks), at, c.Eps) {
			continue
		}
		left++
		if isMisclassified(c.probeRun.Misclassified, len(c.probeRun.Attacks), i, c.Eps) {
			missed = append(missed, index)
		}
	}
	if left == 0 {
		return skip(fmt.Sprintf("no image of the sample is left at size %g", c.Eps))
	}
	v := verdict{status: Pass, images: missed, value: fmt.Sprintf("at size %g %s", c.Eps, formatRate(len(missed), left))}
	switch {
	case len(missed) == 0:
	case binomialTail(len(missed), left, mostMissed) < .01:
		v.status, v.advice = Fail, "the grid is too coarse or the ascent too weak: more points, moves, steps or restarts"
	default:
		v.status, v.advice = Warn, "a finer grid or more starts may find more"
	}
	return v, nil
}

// isMisclassified tells whether any of some attacks succeeded on an image.
func isMisclassified(by func(a, i int, eps float32) bool, attacks, image int, eps float32) bool {
	for a := range attacks {
		if by(a, image, eps) {
			return true
		}
	}
	return false
}
