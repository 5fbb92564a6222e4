package bounds_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

type layer func(s *graphs.Scope, x tf.Output) tf.Output

// operators are small nets, of images [6,6,2], with an operator each between
// two layers of weights; what follows them is a fully connected layer.
var operators = map[string]layer{
	"matmul": func(s *graphs.Scope, x tf.Output) tf.Output {
		return graphs.Dense{Out: 7}.Apply(s.In("fc"), s.Flatten(x))
	},
	"matmul transposed": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.MatMul(s.Op("m"), s.Flatten(x), s.Variable("w", graphs.Trainable, graphs.HeNormal, 5, 72), op.MatMulTransposeB(true))
	},
	"conv same": func(s *graphs.Scope, x tf.Output) tf.Output {
		return graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x)
	},
	"conv same, stride 2": func(s *graphs.Scope, x tf.Output) tf.Output {
		return graphs.Conv{Out: 3, Kernel: 4, Stride: 2}.Apply(s.In("c"), x)
	},
	"conv valid, stride 2": func(s *graphs.Scope, x tf.Output) tf.Output {
		return graphs.Conv{Out: 3, Kernel: 3, Stride: 2, Valid: true}.Apply(s.In("c"), x)
	},
	"conv explicit padding, dilated": func(s *graphs.Scope, x tf.Output) tf.Output {
		w := s.Variable("w", graphs.Trainable, graphs.HeNormal, 2, 2, 2, 3)
		return op.Conv2D(s.Op("c"), x, w, []int64{1, 1, 1, 1}, "EXPLICIT", op.Conv2DExplicitPaddings([]int64{0, 0, 1, 0, 2, 1, 0, 0}), op.Conv2DDilations([]int64{1, 2, 3, 1}))
	},
	"depthwise": func(s *graphs.Scope, x tf.Output) tf.Output {
		w := s.Variable("w", graphs.Trainable, graphs.HeNormal, 3, 3, 2, 2)
		return op.DepthwiseConv2dNative(s.Op("d"), x, w, []int64{1, 2, 2, 1}, "SAME")
	},
	"batch norm": func(s *graphs.Scope, x tf.Output) tf.Output {
		return graphs.BatchNorm{}.Apply(s.In("n"), graphs.Conv{Out: 3, Kernel: 3, NoBias: true}.Apply(s.In("c"), x))
	},
	"leaky relu": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.LeakyRelu(s.Op("l"), graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x), op.LeakyReluAlpha(.2))
	},
	"clip": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x)
		return op.ClipByValue(s.Op("clip"), x, op.Const(s.Op("lo"), float32(-.3)), op.Const(s.Op("hi"), float32(.4)))
	},
	"minimum, maximum of two": func(s *graphs.Scope, x tf.Output) tf.Output {
		a, b := graphs.Conv{Out: 2, Kernel: 3}.Apply(s.In("a"), x), graphs.Conv{Out: 2, Kernel: 3}.Apply(s.In("b"), x)
		return op.Minimum(s.Op("min"), op.Maximum(s.Op("max"), a, b), op.Const(s.Op("hi"), float32(.4)))
	},
	"relu6": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x)
		return op.Relu6(s.Op("relu6"), op.Mul(s.Op("more"), x, op.Const(s.Op("ten"), float32(10))))
	},
	"sigmoid": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Sigmoid(s.Op("s"), graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x))
	},
	"tanh": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x)
		return op.Tanh(s.Op("t"), op.Mul(s.Op("more"), x, op.Const(s.Op("three"), float32(3))))
	},
	"max pool": func(s *graphs.Scope, x tf.Output) tf.Output {
		return graphs.MaxPool{Size: 2}.Apply(s, graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x))
	},
	"max pool, overlapping, same": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x)
		return op.MaxPool(s.Op("p"), x, []int64{1, 3, 3, 1}, []int64{1, 2, 2, 1}, "SAME")
	},
	"max pool, valid with a rest": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 2, Valid: true}.Apply(s.In("c"), x)
		return op.MaxPool(s.Op("p"), x, []int64{1, 2, 2, 1}, []int64{1, 2, 2, 1}, "VALID")
	},
	"average pool": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x)
		return op.AvgPool(s.Op("p"), x, []int64{1, 3, 3, 1}, []int64{1, 2, 2, 1}, "SAME")
	},
	"mean": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Mean(s.Op("m"), graphs.Conv{Out: 5, Kernel: 3}.Apply(s.In("c"), x), ints(s, 1, 2))
	},
	"sum, kept": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Sum(s.Op("m"), graphs.Conv{Out: 5, Kernel: 3}.Apply(s.In("c"), x), ints(s, -2), op.SumKeepDims(true))
	},
	"pad with a constant": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.PadV2(s.Op("p"), x, op.Const(s.Op("e"), [][]int32{{0, 0}, {1, 2}, {0, 1}, {0, 1}}), op.Const(s.Op("v"), float32(.7)))
		return graphs.Conv{Out: 3, Kernel: 3, Valid: true}.Apply(s.In("c"), x)
	},
	"concat, split, slice": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 4, Kernel: 3}.Apply(s.In("c"), x)
		parts := op.Split(s.Op("s"), op.Const(s.Op("axis"), int32(3)), x, 2)
		cut := op.Slice(s.Op("cut"), x, ints(s, 0, 0, 0, 1), ints(s, -1, 6, 6, 2))
		return op.ConcatV2(s.Op("j"), []tf.Output{parts[1], cut, parts[0]}, op.Const(s.Op("axis"), int32(-1)))
	},
	"strided slice": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 4, Kernel: 3}.Apply(s.In("c"), x)
		return op.StridedSlice(s.Op("s"), x, ints(s, 0, 1, 0, 2), ints(s, 0, 6, 0, 3), ints(s, 1, 2, 4, 1), op.StridedSliceBeginMask(1), op.StridedSliceEndMask(5), op.StridedSliceShrinkAxisMask(8))
	},
	"rows apart": func(s *graphs.Scope, x tf.Output) tf.Output { // a reshape that splits images over rows
		x = graphs.Conv{Out: 4, Kernel: 3}.Apply(s.In("c"), x)
		x = op.Reshape(s.Op("r"), x, ints(s, -1, 2, 6, 4))
		x = op.Slice(s.Op("cut"), x, ints(s, 0, 1, 0, 0), ints(s, -1, 1, 6, 4))
		return op.Reshape(s.Op("r"), graphs.Relu{}.Apply(s, x), ints(s, -1, 3, 6, 4))
	},
	"transpose, squeeze": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.Transpose(s.Op("t"), graphs.Conv{Out: 1, Kernel: 3}.Apply(s.In("c"), x), ints(s, 0, 3, 2, 1))
		return op.Squeeze(s.Op("q"), x, op.SqueezeAxis([]int64{1}))
	},
	"subtraction, division": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.Sub(s.Op("from"), op.Const(s.Op("two"), float32(2)), graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("c"), x))
		x = op.RealDiv(s.Op("by"), x, op.Const(s.Op("std"), []float32{.5, 2, -1}))
		return op.Sub(s.Op("less"), op.Neg(s.Op("neg"), x), op.Const(s.Op("b"), []float32{.1, .2, .3}))
	},
	"residual": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("a"), x)
		y := graphs.Conv{Out: 3, Kernel: 3}.Apply(s.In("b"), graphs.Relu{}.Apply(s, x))
		return op.Sub(s.Op("less"), op.AddN(s.Op("n"), []tf.Output{x, y, x}), graphs.Relu{}.Apply(s, y))
	},
}

// between wraps an operator: normalisation by constants before, ReLU and a
// fully connected layer after it.
func between(f layer) layer {
	return func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Normalisation{By: graphs.BySet, Mean: []float32{.4, .6}, Std: []float32{.3, .2}}.Apply(s.In("normalise"), x)
		x = f(s.In("op"), x)
		return graphs.Dense{Out: 4}.Apply(s.In("head"), s.Flatten(graphs.Relu{}.Apply(s, x)))
	}
}

// No image within the ball, corners above all, has a margin below its bound;
// at radius 0 the bound is the margin.
func TestOperatorsAreSound(t *testing.T) {
	for name, f := range operators {
		t.Run(name, func(t *testing.T) { sound(t, bounds.Linf, f, []float32{0, .02, .2}) })
	}
}

func TestBallsAreSound(t *testing.T) {
	for _, name := range []string{"matmul", "conv same, stride 2", "depthwise", "mean", "residual", "max pool"} {
		t.Run("L2 "+name, func(t *testing.T) { sound(t, bounds.L2, operators[name], []float32{0, .2, 1.5}) })
		t.Run("L1 "+name, func(t *testing.T) { sound(t, bounds.L1, operators[name], []float32{0, .5, 9}) })
	}
}

func sound(t *testing.T, n bounds.Norm, f layer, radii []float32) {
	t.Helper()
	x := open(t, []int64{6, 6, 2}, n, bounds.Float32, between(f))
	one := Uniform(5, 0, 1, 2, 6, 6, 2)
	images := Of(slices.Repeat(one.Data, len(radii)), int64(2*len(radii)), 6, 6, 2)
	labels := slices.Repeat([]int32{0, 3}, len(radii))
	var eps []float32
	for _, r := range radii {
		eps = append(eps, r, r)
	}
	ibp, crown := x.margins(images, labels, eps)
	least := x.sample(n, images, labels, eps, 60)
	above(t, "IBP", ibp.Data, least, eps)
	above(t, "CROWN", crown.Data, least, eps)
}

// above fails where a bound is above the least margin found, or, at radius 0,
// not almost it.
func above(t *testing.T, what string, bound []float32, least []float64, eps []float32) {
	t.Helper()
	for i, b := range bound {
		if float64(b) > least[i] {
			t.Errorf("%s %d: bound %v above a margin of %v", what, i, b, least[i])
		}
		if eps[i/4] == 0 && float64(b) < least[i]-2e-2*max(1, math.Abs(least[i])) {
			t.Errorf("%s %d: bound %v of one image is not its margin %v", what, i, b, least[i])
		}
	}
}

// sample is the least margin [B,classes] of n images each drawn from the ball,
// half of them from its surface, and of the images themselves.
func (x *written) sample(norm bounds.Norm, images Array, labels []int32, eps []float32, n int) []float64 {
	r := rand.New(rand.NewPCG(8, 9))
	all, size := images.Data, len(images.Data)/len(labels)
	for i := range n {
		for at := range labels {
			for j, d := range draw(r, norm, size, i%2 == 0) {
				all = append(all, min(max(images.Data[at*size+j]+.999999*eps[at]*d, 0), 1))
			}
		}
	}
	shape := slices.Clone(images.Shape)
	shape[0] *= int64(n) + 1
	found := marginsOf(x.run(Of(all, shape...)), slices.Repeat(labels, n+1))
	least := found[:len(found)/(n+1)]
	for i, m := range found {
		least[i%len(least)] = min(least[i%len(least)], m)
	}
	return least
}

// draw is a point of the unit ball: a corner or, for L1, one of few values, on
// the surface.
func draw(r *rand.Rand, n bounds.Norm, size int, surface bool) []float32 {
	d := make([]float32, size)
	var norm float64
	few := r.IntN(6) + 1
	for i := range d {
		d[i] = float32(2*r.IntN(2) - 1)
		if !surface {
			d[i] *= r.Float32()
		}
		if n == bounds.L1 && r.IntN(size) > few {
			d[i] = 0
		}
		switch n {
		case bounds.L2:
			norm += float64(d[i]) * float64(d[i])
		case bounds.L1:
			norm += math.Abs(float64(d[i]))
		}
	}
	if n == bounds.L2 {
		norm = math.Sqrt(norm)
	}
	for i := range d {
		d[i] /= float32(max(norm, 1))
	}
	return d
}

// marginsOf are z_y - z_k, [B,classes].
func marginsOf(z Array, labels []int32) []float64 {
	var out []float64
	for i, y := range labels {
		for k := range int(z.Shape[1]) {
			out = append(out, z.At(i, int(y))-z.At(i, k))
		}
	}
	return out
}
