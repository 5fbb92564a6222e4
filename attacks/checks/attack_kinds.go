package checks

import (
	"slices"

	"unwarp/attacks"
)

// isWhiteBox tells attacks that follow the model's own gradient: those that
// know less must not beat them.
func isWhiteBox(r attacks.AttackResult) bool {
	return r.Family == attacks.WhiteBox || r.Family == attacks.Adaptive
}

func isSingleStep(r attacks.AttackResult) bool {
	return r.Family == attacks.WhiteBox && r.Search == attacks.Ascending
}

func isIterative(r attacks.AttackResult) bool {
	return r.Family == attacks.WhiteBox && r.Search == attacks.Bisection
}

// isBlackBox tells attacks that do not follow the model's own gradient.
func isBlackBox(r attacks.AttackResult) bool {
	return slices.Contains([]attacks.Family{attacks.Score, attacks.Decision, attacks.Transfer, attacks.Baseline}, r.Family)
}

func isTransfer(r attacks.AttackResult) bool { return r.Family == attacks.Transfer }

// isLogitLoss tells losses that are functions of the logits alone.
func isLogitLoss(l attacks.Loss) bool {
	return slices.Contains([]attacks.Loss{attacks.Classification, attacks.Margin, attacks.ProbabilityMargin, attacks.DLR, attacks.TargetedDLR, attacks.Linear}, l)
}

// attacksOf are the places of an evaluation's attacks of a kind that were run.
// Those with a target class are left out: they are expected to succeed less
// often.
func attacksOf(ev *attacks.Evaluation, kind func(attacks.AttackResult) bool) []int {
	var out []int
	for i, r := range ev.Attacks {
		if kind(r) && param(r, "target") == "" && ev.Ran(i) {
			out = append(out, i)
		}
	}
	return out
}
