package checks

import (
	"fmt"
	"math"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C03", Title: "Very large eps leaves chance",
	Threshold: "linf: accuracy at .5 at most 1/classes, at 1 no image correct; l2: median distance below 9 (28x28 pixels), no image correct at the size of the whole box",
	Source:    carlini + "sanity checks, 100 % success; " + art + "obfuscation flag",
	needs:     needsModel, attacks: largeRadiusAttacks, judge: judgeLargeRadius,
})

// largeRadii are the radius that reaches grey from each image, or in L2 the
// known median distance, and the radius that reaches each image; 0 where no
// threshold is known.
func largeRadii(c *checkContext) (half, full float32) {
	size := float64(c.victim.Size())
	span := c.threat.Hi - c.threat.Lo
	switch c.threat.Norm {
	case attacks.Linf:
		return span / 2, span
	case attacks.L2:
		return 9 * float32(math.Sqrt(size/784)) * span, float32(math.Sqrt(size)) * span
	}
	return 0, 0
}

// largeRadiusAttacks are PGD with 100 steps of eps/50, as in ART's flag.
func largeRadiusAttacks(c *checkContext) []string {
	half, full := largeRadii(c)
	if half == 0 {
		return nil
	}
	var out []string
	for _, eps := range []float32{half, full} {
		out = append(out, fmt.Sprintf("pgd(loss=%s,steps=100,alpha=%s,eps=%s)", c.attackUnderTest().loss, formatFloat(eps/50), formatFloat(eps)))
	}
	return out
}

func judgeLargeRadius(c *checkContext) (verdict, error) {
	half, full := largeRadii(c)
	if half == 0 {
		return skip("no threshold is known for " + string(c.threat.Norm))
	}
	flags, reason := c.misclassifiedUnderEach(largeRadiusAttacks(c)...)
	if flags == nil {
		return skip(reason)
	}
	atHalf, atFull := flags[0], flags[1]
	n := len(atHalf)
	correct := n - countTrue(atHalf)
	chance := .5 // a median below 9: half of the images
	if c.threat.Norm == attacks.Linf {
		chance = 1 / float64(c.victim.Classes)
	}
	v := verdict{}
	v.value = fmt.Sprintf("correct at eps %g: %s, at most %.1f %% wanted; at eps %g: %s", half, formatRate(correct, n), 100*chance, full, formatRate(n-countTrue(atFull), n))
	for i, misclassified := range atFull {
		if !misclassified {
			v.images = append(v.images, c.sample.Index[i])
		}
	}
	v.status = worstStatus(judgeAtMost(correct, n, chance), judgeAtMost(len(v.images), n, .01))
	if len(v.images) > 0 {
		v.status = worstStatus(v.status, Warn)
	}
	if v.status == Warn && len(v.images) == 0 {
		v.advice = fmt.Sprintf("%d images are too few to tell this from chance", n)
	} else if v.status != Pass {
		v.advice = "within such a radius every image can become any other: the attack itself fails, for instance by a masked gradient or the wrong loss"
	}
	return v, nil
}
