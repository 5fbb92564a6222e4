package graphs_test

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// chained is a fully connected layer behind another, beside a path that goes round
// both, and the first one itself as a second use of it.
func chained(s *graphs.Scope, in []tf.Output) []tf.Output {
	first := graphs.Dense{Out: 4}.Apply(s.In("first"), in[0])
	second := graphs.Dense{Out: 4}.Apply(s.In("second"), op.Square(s.Op("square"), first))
	return []tf.Output{op.AddV2(s.Op("sum"), op.Mul(s.Op("product"), second, first), in[0])}
}

// Gradients that layers write themselves join those that TensorFlow derives: behind
// each other, and where several paths meet.
func TestCustomGradients(t *testing.T) {
	Gradient(t, chained, []Array{Normal(3, 1, 3, 4)}, In(graphs.Training), AnyBatch(), Within(5e-3))
}

// A custom gradient through which nothing flows adds nothing, and one behind a value of
// which the gradient is wanted too is followed.
func TestCustomGradientPaths(t *testing.T) {
	in := []Array{Normal(3, 1, 2, 4)}
	g := func(s *graphs.Scope, in []tf.Output) []tf.Output {
		first := op.Square(s.Op("square"), graphs.Dense{Out: 4}.Apply(s.In("first"), in[0]))
		live := graphs.Dense{Out: 3}.Apply(s.In("live"), first)
		alone := graphs.Gradients(s, live, in[0])
		held := op.StopGradient(s.Op("held"), graphs.Dense{Out: 3}.Apply(s.In("beside"), in[0]))
		beside := graphs.Gradients(s, op.AddV2(s.Op("sum"), live, held), in[0])
		both := graphs.Gradients(s, live, first, in[0])
		return []tf.Output{alone[0], beside[0], both[1]}
	}
	got := Run(t, g, in, In(graphs.Training))
	Equal(t, "beside what is held", got[1].Data, got[0].Data)
	Equal(t, "together with that of a value between", got[2].Data, got[0].Data)
}
