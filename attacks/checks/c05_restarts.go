package checks

import "fmt"

var _ = register(Check{
	ID: "C05", Title: "Restarts add little",
	Threshold: "5 restarts against 1: at most 1 point",
	Source:    carlini + "hyper-parameters",
	needs:     needsModel, attacks: restartAttacks, judge: judgeRestarts,
})

func restartAttacks(c *checkContext) []string {
	a := c.attackUnderTest()
	return []string{a.withRandomStarts(1).text(), a.withRandomStarts(5).text()}
}

func judgeRestarts(c *checkContext) (verdict, error) {
	texts := restartAttacks(c)
	flags, reason := c.misclassifiedUnderEach(texts...)
	if flags == nil {
		return skip(reason)
	}
	one, five := flags[0], flags[1]
	more := gainOf(five, one)
	v := verdict{status: more.judge(.01, 1), images: c.placesOnlyIn(five, one)}
	v.value = fmt.Sprintf("%s at eps %g succeeds on %d of %d, with 5 starts on %d (%s)", texts[0], c.Eps, countTrue(one), more.n, countTrue(five), more)
	if v.status != Pass {
		v.advice = "use restarts=5 or more"
	}
	return v, nil
}
