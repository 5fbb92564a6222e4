package checks

import (
	"fmt"
	"slices"

	"unwarp/attacks"
)

// The least effort of attacks on which a claim of robustness may rest.
const (
	leastSteps   = 100  // of a gradient attack (AutoAttack)
	leastStarts  = 2    // Carlini et al. 2019, section 5.3: more than one
	leastReach   = 2    // steps times their size, in radii: from any point of the ball to any other (Madry et al. 2018)
	leastQueries = 1000 // of an attack without gradients; AutoAttack's Square makes 5,000, HopSkipJump's authors show 1,000 to 25,000
	leastMoved   = .5   // way of the iterates of one start, in radii
	leastShrink  = .9   // distance of the nearest example of a decision attack, as a share of the first one's
	leastShare   = .9   // of the images, on which an attack must have done so
	leastImages  = 100  // classified correctly without attack
	leastRadius  = 1. / 255
)

// remainingImages are the places in an evaluation of the images that at some radius
// are neither proven nor misclassified under any attack: those whose figures rest on
// what attacks did without success.
func remainingImages(ev *attacks.Evaluation) []int {
	all, out := firstPlaces(len(ev.Attacks)), []int(nil)
	for i := range ev.Images {
		undecided := func(eps float32) bool { return !ev.IsProven(i, eps) && !misclassifiedUnderAny(ev, all, i, eps) }
		if ev.Correct(i) && slices.ContainsFunc(ev.Radii, undecided) {
			out = append(out, i)
		}
	}
	return out
}

// effortRule is what an attack must have done on an image.
type effortRule struct {
	lacks string // what it lacks where the rule is not met
	met   func(r attacks.ImageResult) bool
}

func atLeastPasses(n int) effortRule {
	return effortRule{fmt.Sprintf("made fewer than %d passes", n), func(r attacks.ImageResult) bool { return r.Effort.Passes >= n }}
}

var (
	iteratesMoved = effortRule{fmt.Sprintf("moved by less than %g of the radius", leastMoved), func(r attacks.ImageResult) bool { return r.Effort.Moved >= leastMoved }}
	lossRose      = effortRule{"did not raise the margin of another class", func(r attacks.ImageResult) bool { return r.Effort.Rise > 0 }}
	exampleNeared = effortRule{"found no example, or none nearer than its first", func(r attacks.ImageResult) bool {
		return r.Effort.First > 0 && float64(r.Distance) <= leastShrink*float64(r.Effort.First)
	}}
)

// missingEffort says what attack a did too little of, on too many of the
// remaining images; "" for nothing.
func missingEffort(ev *attacks.Evaluation, a int, rules []effortRule) string {
	remaining := remainingImages(ev)
	for _, rule := range rules {
		done := 0
		for _, i := range remaining {
			if r := ev.Attacks[a].Results[i]; r.Effort != nil && rule.met(r) {
				done++
			}
		}
		if float64(done) < leastShare*float64(len(remaining)) {
			return fmt.Sprintf("%s on %d of %d images", rule.lacks, len(remaining)-done, len(remaining))
		}
	}
	return ""
}

// followsLogits tells iterative attacks that follow the model's own gradient, of a
// loss of the logits.
func followsLogits(r attacks.AttackResult) bool {
	return slices.Contains([]string{"pgd", "apgd", "apgd-t", "malt"}, r.Name) && slices.ContainsFunc(r.Losses, isLogitLoss)
}

// lacksThoroughness says what the settings of a gradient attack lack at a radius
// of the evaluation, "" for nothing.
func lacksThoroughness(r attacks.AttackResult, ev *attacks.Evaluation) string {
	a, err := attacks.Parse(r.Attack)
	if err != nil {
		return "unknown"
	}
	for _, eps := range ev.Radii {
		plan := attacks.StepPlan{Steps: intParam(r, "steps"), Restarts: leastStarts} // the starts of APGD-T and MALT are their targets
		if s, ok := a.(attacks.Stepper); ok {
			plan = s.Plan(eps, ev.Norm)
		}
		reach := float64(plan.Size) * float64(plan.Steps) / float64(eps)
		switch {
		case plan.Steps < leastSteps:
			return fmt.Sprintf("%d steps", plan.Steps)
		case plan.Restarts < leastStarts:
			return fmt.Sprintf("%d start", plan.Restarts)
		case plan.Size > 0 && reach < leastReach:
			return fmt.Sprintf("its steps reach %.2g radii at eps %g, want %d", reach, eps, leastReach)
		case plan.Size > leastReach*eps:
			return fmt.Sprintf("its steps are longer than the ball of eps %g", eps)
		}
	}
	return lacksBall(r, ev)
}

// lacksBall says where an attack does not search the ball of each radius, ""
// for nowhere: what it does at another radius, or in another norm, says nothing
// there.
func lacksBall(r attacks.AttackResult, ev *attacks.Evaluation) string {
	if r.Norm != ev.Norm {
		return fmt.Sprintf("it looks for small changes in %s", r.Norm)
	}
	for _, eps := range ev.Radii {
		if r.Search != attacks.MinimumNorm && !slices.Contains(r.Radii, eps) {
			return fmt.Sprintf("not run at eps %g", eps)
		}
	}
	return ""
}
