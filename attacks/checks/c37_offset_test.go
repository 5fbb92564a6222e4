package checks

import (
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

func plusNumber(by float32) func(*graphs.Scope, tf.Output) tf.Output {
	return func(s *graphs.Scope, z tf.Output) tf.Output {
		return op.AddV2(s.Op("shift"), z, op.Const(s.Op("by"), by))
	}
}

// negatedGradient is the identity with the gradient of its negative.
func negatedGradient(s *graphs.Scope, x tf.Output) tf.Output {
	twice := op.StopGradient(s.Op("stop"), op.Mul(s.Op("twice"), x, op.Const(s.Op("two"), float32(2))))
	return op.Sub(s.Op("negated"), twice, x)
}

// numericChecks compare logits or gradients with a tolerance.
var numericChecks = []string{"C13", "C14", "C17", "C19", "C20", "C21", "C22", "C24"}

// Next to a constant the logits keep few digits: the check says so, and that a
// class depends on it where it does. The other checks find what they find without
// the constant.
func TestOffset(t *testing.T) {
	expect(t, checkModel(t, plainNet().victim(0), nil, "C37")["C37"], Pass)
	all := checkModel(t, wrapNet(identity, plusNumber(1e6)), nil, append(numericChecks, "C37")...)
	for _, id := range numericChecks {
		expect(t, all[id], Pass)
	}
	expect(t, all["C37"], Warn)
	all = checkModel(t, wrapNet(negatedGradient, plusNumber(1e6)), nil, "C21", "C22", "C24")
	for id := range all {
		expect(t, all[id], Fail)
	}
	lost := checkModel(t, wrapNet(identity, plusNumber(1e9)), nil, "C37")["C37"]
	expect(t, lost, Fail)
	if len(lost.Images) == 0 || !strings.Contains(lost.Advice, "subtract") {
		t.Errorf("images %v, advice %q: want those whose class is lost, and what to do", lost.Images, lost.Advice)
	}
	// A constant that attacks cannot find is named too.
	hidden := wrapNet(identity, func(s *graphs.Scope, z tf.Output) tf.Output {
		return op.ClipByValue(s.Op("clip"), plusNumber(1e6)(s, z), op.Const(s.Op("lo"), float32(-1e9)), op.Const(s.Op("hi"), float32(1e9)))
	})
	if r := checkModel(t, hidden, nil, "C37")["C37"]; r.Status != Warn && r.Status != Fail {
		t.Errorf("a hidden constant: %s %q", r.Status, r.Value)
	}
}

// A factor on the logits changes no check that compares them.
func TestScaledModel(t *testing.T) {
	for _, factor := range []float32{1e-12, 1e6} {
		all := checkModel(t, Saturated(plainNet().victim(0), factor), func(in *Input) {
			ev := newEvaluation(10, .12).add(t, "pgd(steps=20,alpha=.02,loss=margin)", 5)
			in.Evaluation = ev.Evaluation
		}, append(numericChecks, "C37")...)
		for id := range all {
			expect(t, all[id], Pass)
		}
		wrong := checkModel(t, Saturated(wrapNet(negatedGradient, identity), factor), nil, "C21", "C22", "C24")
		for id := range wrong {
			expect(t, wrong[id], Fail)
		}
	}
}
