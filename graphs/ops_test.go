package graphs_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// row checks the gradient of one op type.
type row struct {
	fn     Func
	in     []Array
	within float64 // of the finite difference, as a share of the gradient
}

func unary(f func(s *op.Scope, x tf.Output) tf.Output) Func {
	return Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return f(s.Op("op"), x) })
}

func binary(f func(s *op.Scope, x, y tf.Output) tf.Output) Func {
	return func(s *graphs.Scope, in []tf.Output) []tf.Output { return []tf.Output{f(s.Op("op"), in[0], in[1])} }
}

func ints(s *graphs.Scope, v ...int32) tf.Output { return op.Const(s.Op("ints"), v) }

func int0(s *graphs.Scope, v int32) tf.Output { return op.Const(s.Op("int"), v) }

// rows has one row for each op type between a loss of the project and its
// images or variables. What carries no gradient (a shape, a comparison, a
// rounding) stands in a function that has one all the same: x times the
// comparison, x minus its floor. Images are 4x5 and batches 2, so that no axis
// can be taken for another.
var rows = func() map[string]row {
	image, vector := Normal(1, 1, 2, 4, 5, 3), Normal(2, 1, 3, 4)
	apart := []Array{Spread(3, .05, 3, 8)} // nothing near 0, .1, -.2, .3: the kinks below
	positive := []Array{Uniform(4, .5, 2, 3, 4)}
	masked := func(s *graphs.Scope, x tf.Output) tf.Output {
		keep := op.GreaterEqual(s.Op("keep"), x, op.Const(s.Op("rate"), float32(.1)))
		return op.Mul(s.Op("masked"), x, op.Cast(s.Op("mask"), keep, tf.Float))
	}
	dropped := func(s *graphs.Scope, x tf.Output) tf.Output {
		u := op.StatelessRandomUniform(s.Op("u"), op.Shape(s.Op("shape"), x), op.Const(s.Op("seed"), []int64{1, 2}))
		keep := op.Cast(s.Op("mask"), op.GreaterEqual(s.Op("keep"), u, op.Const(s.Op("rate"), float32(.5))), tf.Float)
		return op.Mul(s.Op("dropped"), x, keep)
	}
	counted := func(s *graphs.Scope, x tf.Output) tf.Output { // row i plus i, times x
		n := op.StridedSlice(s.Op("n"), op.Shape(s.Op("shape"), x), ints(s, 0), ints(s, 1), ints(s, 1), op.StridedSliceShrinkAxisMask(1))
		r := op.Reshape(s.Op("column"), op.Cast(s.Op("float"), op.Range(s.Op("range"), int0(s, 0), n, int0(s, 1)), tf.Float), ints(s, -1, 1))
		return op.Mul(s.Op("times"), x, op.AddV2(s.Op("plus"), x, r))
	}
	secondLargest := func(s *graphs.Scope, x tf.Output) tf.Output { // what is left when the largest is taken away
		far, zero := op.Const(s.Op("far"), float32(1e9)), op.Const(s.Op("zero"), float32(0))
		top := op.OneHot(s.Op("mask"), op.ArgMax(s.Op("place"), x, int0(s, 1), op.ArgMaxOutputType(tf.Int32)), int0(s, 8), far, zero)
		return op.Max(s.Op("second"), op.Sub(s.Op("rest"), x, top), int0(s, 1))
	}
	norm := func(training bool) Func {
		return func(s *graphs.Scope, in []tf.Output) []tf.Output {
			mean, variance := op.Const(s.Op("mean"), []float32{.1, -.2, .3}), op.Const(s.Op("variance"), []float32{.5, 1, 2})
			if training {
				mean, variance = op.Const(s.Op("none"), []float32{}), op.Const(s.Op("none"), []float32{})
			}
			y, _, _, _, _, _ := op.FusedBatchNormV3(s.Op("op"), in[0], in[1], in[2], mean, variance, op.FusedBatchNormV3IsTraining(training))
			return []tf.Output{y}
		}
	}
	conv := func(s *op.Scope, x, k tf.Output) tf.Output {
		return op.Conv2D(s, x, k, []int64{1, 2, 2, 1}, "SAME")
	}
	pool := []int64{1, 2, 2, 1}
	return map[string]row{
		"Abs":     {unary(op.Abs), apart, 1e-3},
		"AddV2":   {binary(op.AddV2), []Array{vector, Normal(5, 1, 4)}, 1e-3}, // broadcast
		"ArgMax":  {Unary(secondLargest), apart, 1e-3},
		"AvgPool": {unary(func(s *op.Scope, x tf.Output) tf.Output { return op.AvgPool(s, x, pool, pool, "SAME") }), []Array{image}, 1e-3},
		"BiasAdd": {binary(func(s *op.Scope, x, b tf.Output) tf.Output { return op.BiasAdd(s, x, b) }), []Array{image, Normal(5, 1, 3)}, 1e-3},
		"Cast":    {Unary(masked), apart, 1e-3},
		"ClipByValue": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.ClipByValue(s.Op("op"), x, op.Const(s.Op("lo"), float32(-.2)), op.Const(s.Op("hi"), float32(.3)))
		}), apart, 1e-3},
		"ConcatV2": {func(s *graphs.Scope, in []tf.Output) []tf.Output {
			return []tf.Output{op.ConcatV2(s.Op("op"), in, int0(s, 0))}
		}, []Array{vector, Normal(5, 1, 2, 4)}, 1e-3},
		"Conv2D": {binary(conv), []Array{image, Normal(5, 1, 3, 3, 3, 2)}, 1e-3},
		"Conv2DBackpropInput": {func(s *graphs.Scope, in []tf.Output) []tf.Output {
			return []tf.Output{op.Conv2DBackpropInput(s.Op("op"), ints(s, 2, 7, 9, 2), in[1], in[0], []int64{1, 2, 2, 1}, "SAME")}
		}, []Array{image, Normal(5, 1, 5, 5, 2, 3)}, 1e-3},
		"Div": {binary(op.Div), []Array{vector, Uniform(5, .5, 2, 4)}, 1e-3}, // broadcast
		"Floor": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Mul(s.Op("times"), x, op.Sub(s.Op("rest"), x, op.Floor(s.Op("op"), x)))
		}), []Array{halfway(5, 3, 3, 4)}, 1e-3},
		"FusedBatchNormV3":           {norm(true), []Array{image, Normal(5, 1, 3), Normal(6, 1, 3)}, 3e-3},
		"FusedBatchNormV3 inference": {norm(false), []Array{image, Normal(5, 1, 3), Normal(6, 1, 3)}, 1e-3},
		"GatherV2": {func(s *graphs.Scope, in []tf.Output) []tf.Output { // an index that depends on an input, as a warp's does
			i := op.Cast(s.Op("cell"), op.Floor(s.Op("floor"), in[1]), tf.Int32)
			return []tf.Output{op.Mul(s.Op("times"), op.GatherV2(s.Op("op"), in[0], i, int0(s, 0)), op.Reshape(s.Op("column"), in[1], ints(s, -1, 1)))}
		}, []Array{vector, Of([]float32{1.3, .6, 1.5, 2.2, 1.4}, 5)}, 2e-3},
		"GreaterEqual": {Unary(masked), apart, 1e-3},
		"Identity":     {unary(op.Identity), []Array{vector}, 1e-3},
		"MatMul":       {binary(func(s *op.Scope, x, y tf.Output) tf.Output { return op.MatMul(s, x, y) }), []Array{vector, Normal(5, 1, 4, 2)}, 1e-3},
		"Max":          {Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return op.Max(s.Op("op"), x, int0(s, 1)) }), apart, 1e-3},
		"MaxPool":      {unary(func(s *op.Scope, x tf.Output) tf.Output { return op.MaxPool(s, x, pool, pool, "SAME") }), []Array{Spread(3, .05, 2, 4, 5, 3)}, 1e-3},
		"Maximum":      {binary(op.Maximum), []Array{apart[0], Fill(.1, 3, 8)}, 1e-3},
		"Mean":         {Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return op.Mean(s.Op("op"), x, int0(s, 0)) }), []Array{vector}, 1e-3},
		"Min":          {Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return op.Min(s.Op("op"), x, int0(s, 1)) }), apart, 1e-3},
		"Minimum":      {binary(op.Minimum), []Array{apart[0], Fill(.1, 3, 8)}, 1e-3},
		"Mul":          {binary(op.Mul), []Array{vector, Normal(5, 1, 3, 1)}, 1e-3}, // broadcast
		"OneHot":       {Unary(secondLargest), apart, 1e-3},
		"Pad": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Pad(s.Op("op"), x, op.Const(s.Op("by"), [][]int32{{0, 0}, {1, 2}, {3, 0}, {0, 0}}))
		}), []Array{image}, 1e-3},
		"Pow": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Pow(s.Op("op"), x, op.Const(s.Op("power"), float32(-.5)))
		}), positive, 2e-3},
		"Range":   {Unary(counted), []Array{vector}, 1e-3},
		"Relu":    {unary(op.Relu), apart, 1e-3},
		"Reshape": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return op.Reshape(s.Op("op"), x, ints(s, -1, 6)) }), []Array{image}, 1e-3},
		"ResizeBilinear": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.ResizeBilinear(s.Op("op"), x, ints(s, 9, 16), op.ResizeBilinearHalfPixelCenters(true))
		}), []Array{image}, 1e-3},
		"ReverseV2": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.ReverseV2(s.Op("op"), x, ints(s, 0, 2))
		}), []Array{image}, 1e-3},
		"Shape":   {Unary(counted), []Array{vector}, 1e-3},
		"Sigmoid": {unary(op.Sigmoid), []Array{vector}, 1e-3},
		"StopGradient": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			keep := op.GreaterEqual(s.Op("keep"), x, op.Const(s.Op("rate"), float32(.1)))
			return op.Mul(s.Op("masked"), x, op.StopGradient(s.Op("op"), op.Cast(s.Op("mask"), keep, tf.Float)))
		}), apart, 1e-3},
		"Slice": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Slice(s.Op("op"), x, ints(s, 0, 1), ints(s, -1, 2))
		}), []Array{vector}, 1e-3},
		"SoftmaxCrossEntropyWithLogits": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			hot := op.OneHot(s.Op("hot"), ints(s, 1, 3, 0), int0(s, 4), op.Const(s.Op("on"), float32(1)), op.Const(s.Op("off"), float32(0)))
			loss, _ := op.SoftmaxCrossEntropyWithLogits(s.Op("op"), x, hot)
			return loss
		}), []Array{vector}, 1e-3},
		"Split": {func(s *graphs.Scope, in []tf.Output) []tf.Output {
			return op.Split(s.Op("op"), int0(s, 1), in[0], 2)
		}, []Array{vector}, 1e-3},
		"Sqrt":                   {unary(op.Sqrt), positive, 1e-3},
		"Square":                 {unary(op.Square), []Array{vector}, 1e-3},
		"StatelessRandomUniform": {Unary(dropped), []Array{vector}, 1e-3},
		"StridedSlice": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.StridedSlice(s.Op("op"), x, ints(s, 0, 1), ints(s, 3, 4), ints(s, 2, 2))
		}), []Array{vector}, 1e-3},
		"Sub":  {binary(op.Sub), []Array{vector, Normal(5, 1, 4)}, 1e-3},
		"Sum":  {Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return op.Sum(s.Op("op"), x, int0(s, 1)) }), []Array{vector}, 1e-3},
		"Tanh": {unary(op.Tanh), []Array{vector}, 2e-3},
		"Tile": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return op.Tile(s.Op("op"), x, ints(s, 1, 4)) }), []Array{vector}, 1e-3},
		"Transpose": {Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Transpose(s.Op("op"), x, ints(s, 3, 0, 1, 2))
		}), []Array{image}, 1e-3},
	}
}()

func TestOpGradients(t *testing.T) {
	for name, r := range rows {
		t.Run(name, func(t *testing.T) {
			var between []string
			Gradient(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
				out := r.fn(s, in)
				between = Between(out[0], in...)
				return out
			}, r.in, Within(r.within))
			if ty := opType(name); !slices.Contains(between, ty) {
				t.Errorf("the row's function has no op of type %s between output and inputs, only %v", ty, between)
			}
		})
	}
}

// opType is the first word of a row's name.
func opType(name string) (ty string) {
	fmt.Sscan(name, &ty)
	return ty
}

// The list that other packages check their losses against is the table.
func TestCheckedIsTheTable(t *testing.T) {
	for _, ty := range Checked {
		if _, ok := rows[ty]; !ok {
			t.Errorf("graphtest.Checked names %s, which has no row", ty)
		}
	}
	for name := range rows {
		if !slices.Contains(Checked, opType(name)) {
			t.Errorf("graphtest.Checked lacks %s", opType(name))
		}
	}
}

// TestEveryOpHasARow walks through what is differentiated: the training loss
// by the variables, and each attack's loss by the images, for every kind of
// model and every choice that changes its ops.
func TestEveryOpHasARow(t *testing.T) {
	done := errors.New("done")
	var models []graphs.Disentangled
	for _, kind := range kinds {
		for _, field := range []graphs.Field{graphs.Smooth, graphs.Pixel} {
			for _, border := range []graphs.Border{graphs.Clamp, graphs.Zero} {
				models = append(models, modelOf(t, kind, 10, func(m *graphs.Model) { m.Field, m.Border = field, border }))
			}
		}
		for by, n := range normalisations {
			models = append(models, modelOf(t, kind, 10, func(m *graphs.Model) {
				m.Encoder, m.Normalise = "resnet8", by
				if by == graphs.BySet {
					m.Mean, m.Std = n.Mean[:1], n.Std[:1]
				}
			}))
		}
	}
	for _, m := range models {
		_, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
			images, labels := b.Input("images", tf.Float, -1, 28, 28, 1).Value, b.Input("labels", tf.Int32, -1).Value
			for name, mode := range modes {
				coverLosses(t, b.Pass(name, mode), m, images, labels)
			}
			if err := b.Err(); err != nil {
				return err
			}
			return done
		})
		if err != done {
			t.Fatal(err)
		}
	}
}

func coverLosses(t *testing.T, s *graphs.Scope, m graphs.Disentangled, images, labels tf.Output) {
	f := m.Apply(s, images)
	losses := []tf.Output{graphs.Mean(s, graphs.CrossEntropy(s, f.Logits, labels)), graphs.Margin(s, f.Logits, labels),
		graphs.DLR(s.In("dlr"), f.Logits, labels), graphs.TargetedDLR(s.In("towards"), f.Logits, labels, labels)}
	if f.Reconstruction.Op != nil {
		for _, n := range []graphs.Norm{graphs.Frobenius, graphs.SSE, graphs.MSE, graphs.L1} {
			d := graphs.Weighted(s, .5, graphs.Distance(s, f.Reconstruction, images, n))
			losses = append(losses, op.AddV2(s.Op("total"), losses[0], d))
		}
		halves := op.Split(s.Op("halves"), int0(s, 0), f.Appearance, 2)
		losses = append(losses, graphs.Distance(s, halves[0], halves[1], graphs.Frobenius))
	}
	xs := []tf.Output{images}
	for _, v := range s.Builder().Variables().All(graphs.Trainable) {
		xs = append(xs, v.Read)
	}
	for _, y := range losses {
		Covered(t, y, xs...)
	}
}
