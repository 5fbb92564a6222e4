package graphs_test

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// Each of these would crash the process, or be wrong without a word, if it
// reached TensorFlow or if its result were used.
func TestGradientsRefuse(t *testing.T) {
	conv := func(padding string, dilation int64) func(s *graphs.Scope, x tf.Output) tf.Output {
		return func(s *graphs.Scope, x tf.Output) tf.Output {
			x = op.Reshape(s.Op("image"), x, ints(s, -1, 6, 6, 1))
			k := s.Variable("kernel", graphs.Trainable, graphs.HeNormal, 3, 3, 1, 2)
			y := op.Conv2D(s.Op("dilated"), x, k, []int64{1, 1, 1, 1}, padding, op.Conv2DDilations([]int64{1, dilation, dilation, 1}))
			return op.Relu(s.Op("relu"), y)
		}
	}
	for name, c := range map[string]struct {
		f    func(s *graphs.Scope, x tf.Output) tf.Output // of [B,36]
		says []string
	}{
		"stop":  {func(s *graphs.Scope, x tf.Output) tf.Output { return op.StopGradient(s.Op("stop"), x) }, []string{"no differentiable path", "p/stop/StopGradient", "feed/x"}},
		"floor": {func(s *graphs.Scope, x tf.Output) tf.Output { return op.Floor(s.Op("floor"), x) }, []string{"no differentiable path", "p/floor/Floor"}},
		"argmax": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Cast(s.Op("cast"), op.ArgMax(s.Op("best"), x, int0(s, 1)), tf.Float)
		}, []string{"p/cast/Cast"}},
		"no dependence": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Square(s.Op("other"), op.Const(s.Op("c"), float32(1)))
		},
			[]string{"feed/x", "unreachable from the output"}},
		"dilated, same":           {conv("SAME", 2), []string{"p/dilated/Conv2D", "without dilation", "[1 2 2 1]"}},
		"dilated, valid (SIGILL)": {conv("VALID", 2), []string{"p/dilated/Conv2D", "without dilation"}},
		"dilated depthwise": {func(s *graphs.Scope, x tf.Output) tf.Output {
			x = op.Reshape(s.Op("image"), x, ints(s, -1, 6, 6, 1))
			k := s.Variable("kernel", graphs.Trainable, graphs.HeNormal, 3, 3, 1, 2)
			return op.DepthwiseConv2dNative(s.Op("deep"), x, k, []int64{1, 1, 1, 1}, "SAME", op.DepthwiseConv2dNativeDilations([]int64{1, 2, 2, 1}))
		}, []string{"p/deep/DepthwiseConv2dNative", "without dilation"}},
		"log softmax of rank 3": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.LogSoftmax(s.Op("log"), op.Reshape(s.Op("split"), x, ints(s, -1, 6, 6)))
		}, []string{"p/log/LogSoftmax", "want LogSoftmax of rank 2, got rank 3", "reshape"}},
		"no gradient: round": {func(s *graphs.Scope, x tf.Output) tf.Output { return op.Round(s.Op("round"), x) }, []string{"Round"}},
		"no gradient: top k": {func(s *graphs.Scope, x tf.Output) tf.Output {
			v, _ := op.TopKV2(s.Op("top"), x, int0(s, 2))
			return v
		}, []string{"TopKV2"}},
		"no gradient: sparse cross-entropy": {func(s *graphs.Scope, x tf.Output) tf.Output {
			loss, _ := op.SparseSoftmaxCrossEntropyWithLogits(s.Op("sparse"), x, ints(s, 1))
			return loss
		}, []string{"SparseSoftmaxCrossEntropyWithLogits"}},
		"no loss": {func(s *graphs.Scope, x tf.Output) tf.Output { return tf.Output{} }, []string{"want a built value"}},
	} {
		t.Run(name, func(t *testing.T) {
			Refused(t, func(b *graphs.Builder) {
				x, s := b.Input("x", tf.Float, -1, 36), b.Pass("p", graphs.Training)
				graphs.Gradients(s, c.f(s, x.Value), x.Value)
			}, append(c.says, "graphs: ")...)
		})
	}
	t.Run("no input", func(t *testing.T) {
		Refused(t, func(b *graphs.Builder) {
			x, s := b.Input("x", tf.Float, -1), b.Pass("p", graphs.Training)
			graphs.Gradients(s.In("here"), op.Square(s.Op("square"), x.Value), tf.Output{})
		}, "graphs: here: ", "want a built value")
	})
	t.Run("one of two inputs has no path", func(t *testing.T) {
		Refused(t, func(b *graphs.Builder) {
			x, z, s := b.Input("x", tf.Float, -1), b.Input("z", tf.Float, -1), b.Pass("p", graphs.Training)
			for _, g := range graphs.Gradients(s, op.Square(s.Op("square"), x.Value), x.Value, z.Value) {
				if g.Op != nil {
					t.Error("a refused gradient was handed out")
				}
			}
		}, "feed/z", "unreachable from the output")
	})
}

// What is harmless must pass: a hole beside the path, a stop on one of two
// ways, a convolution that spells its dilation out.
func TestGradientsAllow(t *testing.T) {
	x := Normal(1, 1, 2, 36)
	for name, f := range map[string]func(s *graphs.Scope, x tf.Output) tf.Output{
		"a hole beside the path": func(s *graphs.Scope, x tf.Output) tf.Output {
			c := op.Const(s.Op("c"), [][][]float32{{{1, 2}}})
			return op.AddV2(s.Op("sum"), x, op.Reshape(s.Op("row"), op.LogSoftmax(s.Op("log"), c), ints(s, 1, 2, 1)))
		},
		"rank 2": func(s *graphs.Scope, x tf.Output) tf.Output { return op.LogSoftmax(s.Op("log"), x) },
		"dilation 1": func(s *graphs.Scope, x tf.Output) tf.Output {
			x = op.Reshape(s.Op("image"), x, ints(s, -1, 6, 6, 1))
			k := s.Variable("kernel", graphs.Trainable, graphs.HeNormal, 3, 3, 1, 2)
			return op.Conv2D(s.Op("conv"), x, k, []int64{1, 1, 1, 1}, "SAME", op.Conv2DDilations([]int64{1, 1, 1, 1}))
		},
	} {
		t.Run(name, func(t *testing.T) { Gradient(t, Unary(f), []Array{x}, Within(5e-3)) })
	}
}
