package evaluation

import (
	"fmt"
	"io"
	"slices"

	"unwarp/attacks"
)

// RemarkReach writes a line for each attack whose steps cannot leave most of the ball behind:
// all of them together are shorter than a radius, as where only the number of steps was lowered.
func (e *Evaluator) RemarkReach(log io.Writer) {
	if e.threat.IsGeometric() {
		return
	}
	for _, a := range e.Options.Attacks {
		if text := describeReach(a, e.Options.Eps, e.threat.Norm); text != "" {
			fmt.Fprintln(log, text)
		}
	}
}

// describeReach says that the steps of a are too short for one of its radii, "" where they are
// not, or where it adapts them.
func describeReach(a attacks.Attack, radii []float32, n attacks.Norm) string {
	s, ok := a.(attacks.Stepper)
	if own := a.Settings().Eps; len(own) > 0 {
		radii = own
	}
	if !ok || len(radii) == 0 {
		return ""
	}
	eps := slices.Max(radii) // where a fixed step reaches least
	plan := s.Plan(eps, n)
	const nearly = .99 // what rounding takes
	if reach := float32(plan.Steps) * plan.Size; plan.Size > 0 && reach < nearly*eps {
		return fmt.Sprintf("remark: %s: %d steps of %.2g reach %.2g, less than eps %.3g: give it more steps, or longer ones, such as alpha=%.2g", attacks.Text(a), plan.Steps, plan.Size, reach, eps, 2.5*eps/float32(plan.Steps))
	}
	return ""
}
