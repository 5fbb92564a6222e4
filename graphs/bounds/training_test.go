package bounds_test

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// Bounds can be a loss: gradients with respect to weights and images agree with
// finite differences, by IBP and by CROWN-IBP.
func TestBoundsAreDifferentiable(t *testing.T) {
	nets := map[string]layer{
		"conv, pool": func(s *graphs.Scope, x tf.Output) tf.Output {
			x = graphs.Conv{Out: 2, Kernel: 3, Stride: 2}.Apply(s.In("c"), x)
			x = graphs.MaxPool{Size: 2}.Apply(s, graphs.Relu{}.Apply(s, x))
			return graphs.Dense{Out: 3}.Apply(s.In("fc"), s.Flatten(x))
		},
		"residual": func(s *graphs.Scope, x tf.Output) tf.Output {
			x = graphs.Dense{Out: 4}.Apply(s.In("a"), s.Flatten(x))
			y := graphs.Relu{}.Apply(s, x)
			return graphs.Dense{Out: 3}.Apply(s.In("b"), op.AddV2(s.Op("sum"), x, y))
		},
	}
	for name, f := range nets {
		for _, crown := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				Gradient(t, Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
					logits := f(s.In("net"), x)
					in := s.In("bounds")
					n, err := bounds.Walk(in, x, logits)
					if err != nil {
						s.Errorf("%w", err)
						return x
					}
					eps := op.Const(s.Op("eps"), float32(.1))
					b, err := bounds.New(in, n, bounds.Ball(bounds.Linf, x, eps), bounds.Unwidened)
					if err != nil {
						s.Errorf("%w", err)
						return x
					}
					known, labels := b.IBP(nil), op.Const(s.Op("labels"), []int32{1, 2})
					if crown {
						return b.CROWNMargins(labels, known)
					}
					return b.IBPMargins(labels, known)
				}), []Array{Uniform(3, .2, .8, 2, 4, 4, 1)}, Step(3e-4), Within(3e-2))
			})
		}
	}
}

// Batch norm in training mode divides by moments that depend on the weights before it:
// gradients go through them too. The images are the centres of the balls and the batch.
func TestBoundsOfBatchNormAreDifferentiable(t *testing.T) {
	for name, radius := range map[string]float32{"at radius 0": 0, "in a ball": .1} {
		t.Run(name, func(t *testing.T) {
			Gradient(t, Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
				y := graphs.Conv{Out: 2, Kernel: 3, NoBias: true}.Apply(s.In("c"), x)
				y = graphs.Relu{}.Apply(s, graphs.BatchNorm{}.Apply(s.In("n"), y))
				logits := graphs.Dense{Out: 3}.Apply(s.In("fc"), s.Flatten(y))
				in := s.In("bounds")
				n, err := bounds.Walk(in, x, logits, bounds.ForTraining())
				if err != nil {
					s.Errorf("%w", err)
					return x
				}
				b, err := bounds.New(in, n, bounds.Ball(bounds.Linf, x, op.Const(s.Op("eps"), radius)), bounds.Unwidened)
				if err != nil {
					s.Errorf("%w", err)
					return x
				}
				return b.IBPMargins(op.Const(s.Op("labels"), []int32{1, 2, 0}), b.IBP(nil))
			}), []Array{Uniform(3, .2, .8, 3, 4, 4, 1)}, In(graphs.Training), Step(3e-4), Within(3e-2))
		})
	}
}

// A pass in training mode is bounded with its own dropout masks and its batch's
// moments; at radius 0 the bounds are the margins.
func TestForTraining(t *testing.T) {
	f := func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.BatchNorm{}.Apply(s.In("n"), graphs.Conv{Out: 3, Kernel: 3, NoBias: true}.Apply(s.In("c"), x))
		x = graphs.Dropout{Rate: .5}.Apply(s.In("d"), graphs.Relu{}.Apply(s, s.Flatten(x)))
		return graphs.Dense{Out: 3}.Apply(s.In("fc"), x)
	}
	out := Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
		x := in[0]
		logits := f(s.In("net"), x)
		n, err := bounds.Walk(s.In("walk"), x, logits, bounds.ForTraining())
		if err != nil {
			s.Errorf("%w", err)
			return nil
		}
		b, err := bounds.New(s.In("bounds"), n, bounds.Ball(bounds.Linf, x, op.Const(s.Op("eps"), float32(0))), bounds.Unwidened)
		if err != nil {
			s.Errorf("%w", err)
			return nil
		}
		known, labels := b.IBP(nil), op.Const(s.Op("labels"), []int32{0, 1, 2, 1})
		return []tf.Output{logits, b.IBPMargins(labels, known), b.CROWNMargins(labels, known)}
	}, []Array{Uniform(4, 0, 1, 4, 4, 4, 1)}, In(graphs.Training))
	want := marginsOf(out[0], []int32{0, 1, 2, 1})
	Near(t, "IBP", out[1].Data, want, 1e-4)
	Near(t, "CROWN", out[2].Data, want, 1e-4)
}
