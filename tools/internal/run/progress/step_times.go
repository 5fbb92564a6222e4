package progress

import (
	"fmt"
	"time"

	"unwarp/trainer"
)

// stepTimes says once how long a training will take, by its first steps.
type stepTimes struct {
	n     int       // steps since the start, or since it was resumed
	first time.Time // when the first one was done
}

const (
	timedSteps = 20          // the first of them, which builds what the others use, is not counted
	longEnough = time.Minute // a shorter training is over before it would help
)

// step is called after each step, at time now. What is evaluated after the first 20 is not in the estimate.
func (s *stepTimes) step(at trainer.Progress, now time.Time) string {
	if s.n++; s.n == 1 {
		s.first = now
	}
	if s.n != timedSteps {
		return ""
	}
	each := now.Sub(s.first) / (timedSteps - 1)
	left := each * time.Duration(at.Steps-at.Step)
	if left < longEnough {
		return ""
	}
	return fmt.Sprintf("about %v of training left, at %v a step", left.Round(time.Second), each.Round(100*time.Microsecond))
}
