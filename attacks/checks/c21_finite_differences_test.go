package checks

import (
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks/engine"
	"unwarp/graphs"
)

// The identity with the gradient of its negative: differences and estimates find
// that the gradient is wrong.
func TestWrongGradient(t *testing.T) {
	negated := wrapNet(func(s *graphs.Scope, x tf.Output) tf.Output {
		twice := op.StopGradient(s.Op("stop"), op.Mul(s.Op("twice"), x, op.Const(s.Op("two"), float32(2))))
		return op.Sub(s.Op("negated"), twice, x) // 2x - x, with the gradient of -x
	}, identity)
	all := checkModel(t, negated, nil, "C21", "C22", "C24")
	for _, id := range []string{"C21", "C22", "C24"} {
		expect(t, all[id], Fail)
	}
	all = checkModel(t, plainNet().victim(0), nil, "C21", "C22", "C24")
	for _, id := range []string{"C21", "C22", "C24"} {
		expect(t, all[id], Pass)
	}
}

// A gradient model with an inexact gradient is compared with the reference model.
func TestInexactGradientModel(t *testing.T) {
	reference := openModel(t, plainNet().victim(0))
	gradientModel := func(amplitude float32) engine.Session {
		return openModel(t, wrapNet(identity, func(s *graphs.Scope, z tf.Output) tf.Output {
			wave := op.Sin(s.Op("sin"), op.Mul(s.Op("fast"), z, op.Const(s.Op("frequency"), float32(7))))
			return op.AddV2(s.Op("sum"), z, graphs.Weighted(s, amplitude, wave))
		})).Session
	}
	for amplitude, want := range map[float32]Status{0: Pass, .05: Pass, 2: Fail} {
		r := runChecks(t, Input{Reference: reference.Session, Gradient: gradientModel(amplitude), Images: reference.firstImages(40), Eps: .12, N: 20}, "C21")["C21"]
		expect(t, r, want)
		if !strings.Contains(r.Value, "gradient model") {
			t.Errorf("value %q: want the gradient model's cosine", r.Value)
		}
	}
}
