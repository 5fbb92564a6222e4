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
	needs:     needsEvaluation | needsModel, judge: judgeAdaptive,
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
		return skip("a classifier without codes or a training loss of its own: there is nothing to adapt to")
	}
	var met, missing, remedies []string
	for _, r := range adaptiveRequirements(c.victim) {
		if slices.ContainsFunc(c.Evaluation.Attacks, r.met) {
			met = append(met, r.name)
		} else {
			missing, remedies = append(missing, r.name), append(remedies, r.remedy)
		}
	}
	if len(missing) == 0 {
		return verdict{status: Pass, value: strings.Join(met, ", ")}, nil
	}
	v := verdict{status: Warn, value: "missing: " + strings.Join(missing, ", "), advice: "add " + strings.Join(remedies, ", ")}
	// A model with the embedding alone may have no defence.
	hasParts := slices.Contains(c.victim.CodeNames, attacks.Appearance) || slices.Contains(c.victim.CodeNames, attacks.Geometry)
	if hasParts && !slices.ContainsFunc(c.Evaluation.Attacks, func(r attacks.AttackResult) bool { return r.Family == attacks.Adaptive }) {
		v.status = Fail
	}
	return v, nil
}
