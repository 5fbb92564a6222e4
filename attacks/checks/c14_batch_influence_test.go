package checks

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Images of a batch influence each other where the batch mean is subtracted.
func TestBatchInfluence(t *testing.T) {
	centred := wrapNet(func(s *graphs.Scope, x tf.Output) tf.Output {
		m := op.Mean(s.Op("mean"), x, op.Const(s.Op("axis"), int32(0)))
		return op.AddV2(s.Op("back"), op.Sub(s.Op("centred"), x, m), op.Const(s.Op("grey"), float32(.43)))
	}, identity)
	all := checkModel(t, centred, nil, "C14", "C29")
	expect(t, all["C14"], Fail)
	expect(t, all["C29"], Fail)
	// Small logits differ by little, and a constant hides nothing.
	expect(t, checkModel(t, Saturated(centred, 1e-6), nil, "C14")["C14"], Fail)
	expect(t, checkModel(t, wrapLogits(centred, identity, plusNumber(1e6)), nil, "C14")["C14"], Fail)
	all = checkModel(t, plainNet().victim(0), nil, "C14", "C29")
	expect(t, all["C14"], Pass)
	expect(t, all["C29"], Pass)
}
