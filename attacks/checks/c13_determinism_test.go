package checks

import "testing"

// An attack with eot takes the randomness of the model into account.
func TestAveragedGradients(t *testing.T) {
	noisy := Noisy(plainNet().victim(0), .1)
	expect(t, checkModel(t, noisy, nil, "C13")["C13"], Fail)
	ev := newEvaluation(10, .1).add(t, "pgd(eot=20)", 5)
	expect(t, checkModel(t, noisy, func(in *Input) { in.Evaluation = ev.Evaluation }, "C13")["C13"], Warn)
}
