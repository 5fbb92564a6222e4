package checks

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C35", Title: "The attacks are complete",
	Threshold: fmt.Sprintf("at every radius, on all of at least %d correctly classified images: PGD or APGD of at least %d steps with restarts, or APGD-T, on a loss of the logits, whose iterates moved and raised it; a gradient-free attack on scores and one on decisions of at least %d queries, with an effect",
		leastImages, leastSteps, leastQueries),
	Source: carlini + "which attacks to use; AutoAttack (Croce and Hein 2020); Madry et al. 2018",
	needs:  needsEvaluation | needsAttempts, judge: judgeCompleteness,
})

// completenessRequirement is a kind of attack that a claim of robustness needs.
type completenessRequirement struct {
	requirement
	settings func(r attacks.AttackResult) string // what its settings lack, "" for nothing
	effort   []effortRule
}

// completenessRequirements are those for an evaluation.
func completenessRequirements(ev *attacks.Evaluation) []completenessRequirement {
	isFamily := func(f attacks.Family) func(attacks.AttackResult) bool {
		return func(r attacks.AttackResult) bool { return r.Family == f }
	}
	return []completenessRequirement{
		{requirement{"PGD or APGD of at least 100 steps with at least 2 starts, or APGD-T, on a loss of the logits", followsLogits, "pgd(steps=100,restarts=5) or apgd-t"},
			func(r attacks.AttackResult) string { return lacksThoroughness(r, ev) },
			[]effortRule{atLeastPasses(2 * leastSteps * leastStarts), iteratesMoved, lossRose}},
		{requirement{"a gradient-free attack on scores", isFamily(attacks.Score), "square"},
			func(r attacks.AttackResult) string { return lacksBall(r, ev) },
			[]effortRule{atLeastPasses(leastQueries), iteratesMoved, lossRose}},
		{requirement{"an attack on decisions", isFamily(attacks.Decision), "hopskipjump or boundary"},
			func(r attacks.AttackResult) string { return "" }, // at any distance, in its own norm
			[]effortRule{atLeastPasses(leastQueries), exampleNeared}},
	}
}

func judgeCompleteness(c *checkContext) (verdict, error) {
	ev := c.Evaluation
	if c.isGeometric() {
		return judgeGeometricCompleteness(ev)
	}
	v := verdict{status: Pass}
	var ran, missing, remedies []string
	if ev.CleanCorrect < leastImages {
		missing = append(missing, fmt.Sprintf("at least %d images that are classified correctly (%d are)", leastImages, ev.CleanCorrect))
		remedies = append(remedies, "evaluate more images")
	}
	for _, q := range completenessRequirements(ev) {
		if c.Reference.Graph != nil {
			q.remedy = possibleRemedies(c.victim, q.remedy)
		}
		best := q.nearest(ev)
		if best.progress == complete {
			ran = append(ran, best.attack)
			continue
		}
		missing = append(missing, q.name+best.lacks)
		if best.remedy != "" {
			remedies = append(remedies, best.remedy)
		}
		v.images = append(v.images, best.images...)
	}
	if len(missing) == 0 {
		v.value = "ran on all images, with effort: " + strings.Join(ran, ", ")
		return v, nil
	}
	v.status, v.value = Fail, "missing: "+strings.Join(missing, "; ")
	slices.Sort(remedies)
	if len(remedies) == 0 { // nothing that such a model can be attacked with is missing
		v.advice = "the model gives no gradient or scores for them: the evaluation does not show what it withstands"
		return v, nil
	}
	v.advice = strings.Join(slices.Compact(remedies), "; ") + "; until then the evaluation does not show what the model withstands"
	return v, nil
}

// Progress of an attack towards a requirement.
const (
	absent = iota
	wrongSettings
	unfinished
	effortless
	complete
)

// candidate is an attack that may meet a requirement.
type candidate struct {
	attack   string
	progress int
	lacks    string // what it lacks
	images   []int  // places of those on which it has not ended
	remedy   string
}

// nearest is the attack of an evaluation that is nearest to the requirement.
func (q completenessRequirement) nearest(ev *attacks.Evaluation) candidate {
	best := candidate{remedy: adding(q.remedy)}
	for a, r := range ev.Attacks {
		if !q.met(r) || param(r, "target") != "" {
			continue
		}
		if k := q.candidate(ev, a); k.progress > best.progress {
			best = k
		}
	}
	return best
}

func (q completenessRequirement) candidate(ev *attacks.Evaluation, a int) candidate {
	r := ev.Attacks[a]
	k := candidate{attack: r.Attack, remedy: adding(q.remedy), progress: wrongSettings}
	if reason := q.settings(r); reason != "" {
		k.lacks = fmt.Sprintf(" (%s: %s)", r.Attack, reason)
	} else if k.images = unfinishedImages(ev, []int{a}); len(k.images) > 0 {
		k.progress, k.remedy = unfinished, "resume the evaluation"
		k.lacks = fmt.Sprintf(" on all images (%s has not ended on %d)", r.Attack, len(k.images))
	} else if reason = missingEffort(ev, a, q.effort); reason != "" {
		k.progress, k.lacks = effortless, fmt.Sprintf(" (%s %s)", r.Attack, reason)
		k.remedy = fmt.Sprintf("give %s more or larger steps or more queries", r.Attack)
		if q.remedy != "" {
			k.remedy += ", or " + adding(q.remedy)
		}
	} else {
		k.progress = complete
	}
	return k
}
