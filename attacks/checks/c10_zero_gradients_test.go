package checks

import (
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

func TestZeroGradients(t *testing.T) {
	expect(t, checkModel(t, plainNet().victim(0), nil, "C10")["C10"], Pass)
	// Small logits have small gradients, but none that are lost.
	expect(t, checkModel(t, Saturated(plainNet().victim(0), 1e-18), nil, "C10")["C10"], Pass)
	// The derivative of sqrt at 0 is infinite.
	root := wrapNet(func(s *graphs.Scope, x tf.Output) tf.Output {
		zero := op.Mul(s.Op("none"), x, op.Const(s.Op("zero"), float32(0)))
		return op.AddV2(s.Op("sum"), x, op.Sqrt(s.Op("root"), zero))
	}, identity)
	r := checkModel(t, root, nil, "C10")["C10"]
	expect(t, r, Fail)
	if !strings.Contains(r.Value, "not finite 40") {
		t.Errorf("value %q: want 40 that are not finite", r.Value)
	}
}
