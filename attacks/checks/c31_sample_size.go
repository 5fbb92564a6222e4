package checks

import "fmt"

var _ = register(Check{
	ID: "C31", Title: "Enough images",
	Threshold: "at least 1,000; Wilson 95 % interval on each rate",
	Source:    thisProject,
	needs:     needsEvaluation, judge: judgeSampleSize,
})

func judgeSampleSize(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	if ev.Images == 0 {
		return skip("no image was classified")
	}
	v := verdict{status: Pass, value: fmt.Sprintf("%d images; correct without attack %s", ev.Images, formatRate(ev.CleanCorrect, ev.Images))}
	for _, eps := range ev.Radii {
		v.value += fmt.Sprintf("; under attack at eps %g %s", eps, formatRate(ev.RobustCount(eps), ev.Images))
	}
	if ev.Images < 1000 {
		v.status, v.advice = Warn, "report the intervals, or evaluate at least 1,000 images"
	}
	return v, nil
}
