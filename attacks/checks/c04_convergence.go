package checks

import (
	"fmt"
	"math"
	"slices"
)

var _ = register(Check{
	ID: "C04", Title: "Iterations have converged",
	Threshold: "twice the steps: success at most 0.5 points more, loss at most 1 %",
	Source:    carlini + "verify that attacks converge",
	needs:     needsModel, attacks: convergenceAttacks, judge: judgeConvergence,
})

func convergenceAttacks(c *checkContext) []string {
	a := c.attackUnderTest()
	twice := a
	twice.steps *= 2
	return []string{a.text(), twice.text()}
}

func judgeConvergence(c *checkContext) (verdict, error) {
	texts := convergenceAttacks(c)
	flags, reason := c.misclassifiedUnderEach(texts...)
	if flags == nil {
		return skip(reason)
	}
	once, twice := flags[0], flags[1]
	more := gainOf(twice, once)
	loss := c.compareLosses(texts[0], texts[1])
	change := 0.
	if loss.meanA != 0 {
		change = (loss.meanB - loss.meanA) / math.Abs(loss.meanA)
	}
	v := verdict{status: more.judge(.005, 1), images: c.placesOnlyIn(twice, once)}
	v.value = fmt.Sprintf("%s at eps %g succeeds on %d of %d, with %d steps on %d (%s); mean loss of the other images %.4g and %.4g (%+.1f %%), higher by 1 %% on %d of %d",
		texts[0], c.Eps, countTrue(once), more.n, 2*c.attackUnderTest().steps, countTrue(twice), more, loss.meanA, loss.meanB, 100*change, loss.higher, loss.images)
	if change > .01 {
		v.status = worstStatus(v.status, Warn)
		// Steps of one size oscillate between two maxima on some images, and a
		// loss that rises slowly without another error changes no accuracy: the
		// check fails where the loss rises by much, and on many images.
		if change > .1 && loss.images >= 7 {
			v.status = worstStatus(v.status, judgeAtMost(loss.higher, loss.images, .1))
		}
	}
	if v.status != Pass {
		v.advice = "not converged: more steps"
	}
	return v, nil
}

// lossComparison compares the best losses of two attacks, on the images that
// are correctly classified under both.
type lossComparison struct {
	meanA, meanB float64
	higher       int // images on which the second loss is higher by more than 1 %
	images       int
}

// compareLosses compares two attacks of the probe run.
func (c *checkContext) compareLosses(textA, textB string) lossComparison {
	var out lossComparison
	a, _ := c.findAttack(textA)
	b, _ := c.findAttack(textB)
	for i := range c.probeRun.Images {
		curveA, curveB := c.probeRun.Attacks[a].Results[i].LossCurve, c.probeRun.Attacks[b].Results[i].LossCurve
		if c.probeRun.Misclassified(a, i, c.Eps) || c.probeRun.Misclassified(b, i, c.Eps) || len(curveA) == 0 || len(curveB) == 0 {
			continue
		}
		lossA, lossB := float64(slices.Max(curveA)), float64(slices.Max(curveB))
		out.meanA, out.meanB, out.images = out.meanA+lossA, out.meanB+lossB, out.images+1
		if lossB-lossA > .01*math.Abs(lossA) {
			out.higher++
		}
	}
	f := 1 / float64(max(1, out.images))
	out.meanA, out.meanB = f*out.meanA, f*out.meanB
	return out
}
