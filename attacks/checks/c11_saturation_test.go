package checks

import "testing"

// A masked cross-entropy only warns where the evaluation follows a loss that does
// not saturate.
func TestUnsaturatedLoss(t *testing.T) {
	v := Saturated(plainNet().victim(0), 1000)
	with := func(text string) func(*Input) {
		ev := newEvaluation(10, .12).add(t, text, 5)
		return func(in *Input) { in.Evaluation = ev.Evaluation }
	}
	expect(t, checkModel(t, v, with("pgd(steps=20,alpha=.02)"), "C11")["C11"], Fail)
	expect(t, checkModel(t, v, with("pgd(steps=20,alpha=.02,loss=margin)"), "C11")["C11"], Warn)
	expect(t, checkModel(t, v, with("apgd(steps=20)"), "C11")["C11"], Fail)
}
