package checks

import (
	"slices"
	"strings"

	"unwarp/attacks"
)

var _ = register(Check{
	ID: "C33", Title: "Attacks made for this defence",
	Threshold: "through the classifier, through the whole training loss, through both together, away from the image's code, towards another class's code",
	Source:    carlini + "adaptive attacks",
	needs:     needsEvaluation | needsModel | needsAttempts, judge: judgeAdaptive,
})

// requirement is a kind of attack that an evaluation should have.
type requirement struct {
	name   string
	met    func(attacks.AttackResult) bool // by this attack
	remedy string                          // the attack to add
}

// adaptiveRequirements depend on what the model offers. A plain classifier, with
// neither codes nor a training loss of its own, needs no adaptive attack.
func adaptiveRequirements(v attacks.Victim) []requirement {
	usesCode := func(r attacks.AttackResult) bool { return slices.ContainsFunc(r.Losses, attacks.Loss.IsCode) }
	list := []requirement{{"through the classifier", func(r attacks.AttackResult) bool {
		return r.Family == attacks.WhiteBox && slices.ContainsFunc(r.Losses, isLogitLoss)
	}, "pgd"}}
	if v.TrainingLoss != nil {
		list = append(list, requirement{"through classifier and training loss together", func(r attacks.AttackResult) bool {
			return isWhiteBox(r) && slices.Contains(r.Losses, attacks.Training)
		}, "mixed"})
	}
	if len(v.CodeNames) > 0 {
		list = append(list,
			requirement{"away from the image's code", func(r attacks.AttackResult) bool { return usesCode(r) && param(r, "towards") == "away" }, "codes(towards=away)"},
			requirement{"towards another class's code", func(r attacks.AttackResult) bool { return usesCode(r) && param(r, "towards") != "away" }, "codes"})
	}
	return list
}

func judgeAdaptive(c *checkContext) (verdict, error) {
	if len(c.victim.CodeNames) == 0 && c.victim.TrainingLoss == nil {
		return skip("the model is a classifier without codes and without a training loss of its own: attacks have nothing to adapt to")
	}
	var parts, missing, remedies []string
	for _, q := range adaptiveRequirements(c.victim) {
		if met := c.attacksThatMeet(q); len(met) > 0 {
			parts = append(parts, q.name+": "+joinNames(c.Evaluation, met))
		} else {
			missing, remedies = append(missing, q.name), append(remedies, q.remedy)
		}
	}
	if len(missing) == 0 {
		return verdict{status: Pass, value: strings.Join(parts, "; ")}, nil
	}
	v := verdict{status: Warn, advice: "add " + strings.Join(remedies, ", ")}
	v.value = strings.Join(append(parts, "not run: "+strings.Join(missing, ", ")), "; ")
	// A model with the embedding alone may have no defence.
	hasParts := slices.Contains(c.victim.CodeNames, attacks.Appearance) || slices.Contains(c.victim.CodeNames, attacks.Geometry)
	if hasParts && len(attacksOf(c.Evaluation, func(r attacks.AttackResult) bool { return r.Family == attacks.Adaptive })) == 0 {
		v.status = Fail
	}
	return v, nil
}

// attacksThatMeet are the places of the attacks that were run and meet a
// requirement.
func (c *checkContext) attacksThatMeet(q requirement) []int {
	var out []int
	for a, r := range c.Evaluation.Attacks {
		if q.met(r) && c.Evaluation.Ran(a) {
			out = append(out, a)
		}
	}
	return out
}
