package checks

import (
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

func TestZeroGradients(t *testing.T) {
	plain := openModel(t, plainNet().victim(0))
	against := func(f float32) func(*Input) { // an undefended model whose logits are f times as large
		s := openModel(t, Saturated(plainNet().victim(0), f))
		return func(in *Input) { in.Undefended = s.Session }
	}
	expect(t, checkModel(t, plainNet().victim(0), func(in *Input) { in.Undefended = plain.Session }, "C10")["C10"], Pass)
	// Gradients far smaller than the undefended model's.
	r := checkModel(t, Saturated(plainNet().victim(0), 1e-5), against(.1), "C10")["C10"]
	expect(t, r, Warn)
	if !strings.Contains(r.Value, "orders") {
		t.Errorf("value %q: want the orders", r.Value)
	}
	expect(t, checkModel(t, Saturated(plainNet().victim(0), 1e-18), against(.1), "C10")["C10"], Fail)
	// The derivative of sqrt at 0 is infinite.
	root := wrapNet(func(s *graphs.Scope, x tf.Output) tf.Output {
		zero := op.Mul(s.Op("none"), x, op.Const(s.Op("zero"), float32(0)))
		return op.AddV2(s.Op("sum"), x, op.Sqrt(s.Op("root"), zero))
	}, identity)
	r = checkModel(t, root, nil, "C10")["C10"]
	expect(t, r, Fail)
	if !strings.Contains(r.Value, "not finite 40") {
		t.Errorf("value %q: want 40 that are not finite", r.Value)
	}
}
