package graphs_test

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// The label is predicted where its logit is strictly the largest, whatever the
// size of logits; in a tie another class is.
func TestPredict(t *testing.T) {
	logits := Of([]float32{
		1, 3, 2,
		3, 3, 2,
		3, 3, 2,
		4e30, -3e30, 1,
		2e-6, 1e-6, 2e-6,
		0, 0, 0,
	}, 6, 3)
	labels := []int32{1, 0, 1, 1, 1, 2}
	got := Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
		class, tied := graphs.Predict(s.In("predict"), in[0], op.Const(s.Op("labels"), labels))
		return []tf.Output{op.Cast(s.Op("class"), class, tf.Float), op.Cast(s.Op("tied"), tied, tf.Float)}
	}, []Array{logits})
	Near(t, "classes", got[0].Data, []float64{1, 1, 0, 0, 0, 0}, 0)
	Near(t, "ties", got[1].Data, []float64{0, 1, 1, 0, 0, 1}, 0)
}

// DLR and margin keep their value where logits are multiplied by any factor.
func TestLossesOfScaledLogits(t *testing.T) {
	z := []float32{1, 2, 5, 3, -1, 4, 0, 2, -1, -2, -3, -1.5, 7, 5, 4, 1}
	for _, factor := range []float32{1e-25, 1e-13, 1e10, 1e30} {
		scaled := make([]float32, len(z))
		for i, v := range z {
			scaled[i] = v * factor
		}
		logits := Of(scaled, 4, 4)
		Near(t, "DLR", Run(t, classified(graphs.DLR), []Array{logits})[0].Data, []float64{-2. / 3, 5. / 4, .5, 2}, 1e-4)
		Near(t, "targeted DLR", Run(t, classified(targeted), []Array{logits})[0].Data, []float64{-4. / 3.5, 3. / 4.5, -.5 / 1.5, 3. / 4.5}, 1e-4)
	}
}
