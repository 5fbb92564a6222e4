package onnx_test

import (
	"bytes"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
	"unwarp/graphs/onnx"
)

type net func(s *graphs.Scope, x tf.Output) tf.Output

// exported is a net with its file.
type exported struct {
	logits [][]float32 // TensorFlow's, of images
	images Array
	file   []byte
}

// export builds f of images [B,shape...], whose running averages are no longer at
// their initial values, and writes it.
func export(t *testing.T, shape []int64, f net) exported {
	t.Helper()
	var image graphs.Input
	var logits tf.Output
	var walked *bounds.Network
	n, err := graphs.Build(graphs.Options{Seed: 3, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		image = b.Input("image", tf.Float, append([]int64{-1}, shape...)...)
		s := b.Pass("model", graphs.Inference)
		logits = f(s, image.Value)
		if err := b.Err(); err != nil {
			return err
		}
		walked, err = bounds.Walk(s.In("bounds"), image.Value, logits)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	x := exported{images: Uniform(9, 0, 1, append([]int64{3}, shape...)...)}
	out, err := n.Run(graphs.Feeds{image.Feed: x.images.Tensor(t)}, []tf.Output{logits})
	if err != nil {
		t.Fatal(err)
	}
	for row := range slices.Chunk(FromTensor(t, out[0]).Data, walked.Classes) {
		x.logits = append(x.logits, row)
	}
	if x.file, err = onnx.Encode(n, walked, "classifier"); err != nil {
		t.Fatal(err)
	}
	if again, err := onnx.Encode(n, walked, "classifier"); err != nil || !bytes.Equal(again, x.file) {
		t.Errorf("want the same file again, %v", err)
	}
	return x
}

// channelsFirst is an image [H,W,C] in the order of the file.
func channelsFirst(image []float32, shape []int64) []float64 {
	h, w, c := int(shape[0]), int(shape[1]), int(shape[2])
	out := make([]float64, h*w*c)
	for i, v := range image {
		out[i%c*h*w+i/c] = float64(v)
	}
	return out
}

// check compares the file's logits with TensorFlow's.
func check(t *testing.T, shape []int64, f net) *file {
	t.Helper()
	x := export(t, shape, f)
	m := open(t, x.file)
	for i, image := range slices.Collect(slices.Chunk(x.images.Data, len(x.images.Data)/3)) {
		Near(t, "logits", x.logits[i], m.run(channelsFirst(image, shape)), 1e-5)
	}
	return m
}

func ints(s *graphs.Scope, v ...int32) tf.Output { return op.Const(s.Op("ints"), v) }

// constant is a tensor of numbers that differ.
func constant(s *graphs.Scope, seed uint64, shape ...int64) tf.Output {
	var dims []int32
	for _, d := range shape {
		dims = append(dims, int32(d))
	}
	return op.Reshape(s.Op("shaped"), op.Const(s.Op("values"), Normal(seed, .4, shape...).Data), ints(s, dims...))
}

// operators are tried between a convolution and a head, on images of 6x6x2.
var operators = map[string]net{
	"same, stride 2": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Conv2D(s.Op("c"), x, constant(s, 1, 4, 4, 3, 5), []int64{1, 2, 2, 1}, "SAME")
	},
	"valid, 3x2": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Conv2D(s.Op("c"), x, constant(s, 1, 3, 2, 3, 5), []int64{1, 1, 1, 1}, "VALID")
	},
	"explicit padding, dilation": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Conv2D(s.Op("c"), x, constant(s, 1, 2, 2, 3, 4), []int64{1, 1, 1, 1}, "EXPLICIT", op.Conv2DExplicitPaddings([]int64{0, 0, 1, 0, 2, 1, 0, 0}), op.Conv2DDilations([]int64{1, 2, 2, 1}))
	},
	"depthwise": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.DepthwiseConv2dNative(s.Op("d"), x, constant(s, 1, 3, 3, 3, 2), []int64{1, 1, 1, 1}, "SAME")
	},
	"depthwise, scale and shift": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.DepthwiseConv2dNative(s.Op("d"), x, constant(s, 1, 3, 3, 3, 2), []int64{1, 2, 2, 1}, "VALID")
		return op.AddV2(s.Op("b"), op.Mul(s.Op("a"), x, constant(s, 2, 6)), constant(s, 3, 6))
	},
	"bias, then scale": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.BiasAdd(s.Op("b"), op.Conv2D(s.Op("c"), x, constant(s, 1, 3, 3, 3, 5), []int64{1, 1, 1, 1}, "SAME"), constant(s, 2, 5))
		return op.Mul(s.Op("a"), x, constant(s, 3, 5))
	},
	"batch norm": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.Conv2D(s.Op("c"), x, constant(s, 1, 3, 3, 3, 5), []int64{1, 1, 1, 1}, "SAME")
		y, _, _, _, _, _ := op.FusedBatchNormV3(s.Op("bn"), x, constant(s, 2, 5), constant(s, 3, 5), constant(s, 4, 5), op.Square(s.Op("v"), constant(s, 5, 5)), op.FusedBatchNormV3IsTraining(false))
		return y
	},
	"batch norm of two readers": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.Conv2D(s.Op("c"), x, constant(s, 1, 3, 3, 3, 5), []int64{1, 1, 1, 1}, "SAME")
		y := op.Mul(s.Op("a"), x, constant(s, 2, 5))
		return op.Sub(s.Op("less"), y, op.Relu(s.Op("r"), x))
	},
	"shift by pixel": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Sub(s.Op("less"), op.Mul(s.Op("a"), x, constant(s, 1, 6, 1, 3)), constant(s, 2, 6, 6, 3))
	},
	"max pool": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.MaxPool(s.Op("p"), x, []int64{1, 3, 3, 1}, []int64{1, 2, 2, 1}, "SAME")
	},
	"mean pool": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.AvgPool(s.Op("p"), x, []int64{1, 3, 2, 1}, []int64{1, 2, 2, 1}, "SAME")
	},
	"global mean": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Mean(s.Op("m"), x, ints(s, 1, 2))
	},
	"global sum, kept": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Sum(s.Op("m"), x, ints(s, 1, 2), op.SumKeepDims(true))
	},
	"mean over columns": func(s *graphs.Scope, x tf.Output) tf.Output { return op.Mean(s.Op("m"), x, ints(s, 2)) },
	"mean over channels, kept": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Mean(s.Op("m"), x, ints(s, 3), op.MeanKeepDims(true))
	},
	"pad": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.PadV2(s.Op("p"), x, op.Const(s.Op("edges"), [][]int32{{0, 0}, {1, 0}, {2, 1}, {0, 2}}), op.Const(s.Op("v"), float32(.3)))
	},
	"cut": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Slice(s.Op("c"), x, ints(s, 0, 1, 2, 1), ints(s, -1, 3, 4, 2))
	},
	"transposed": func(s *graphs.Scope, x tf.Output) tf.Output { return op.Transpose(s.Op("t"), x, ints(s, 0, 3, 1, 2)) },
	"concat": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.ConcatV2(s.Op("c"), []tf.Output{op.Tanh(s.Op("a"), x), op.Sigmoid(s.Op("b"), x)}, op.Const(s.Op("axis"), int32(2)))
	},
	"flat, cut and joined": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = s.Flatten(x)
		y := op.Slice(s.Op("c"), x, ints(s, 0, 7), ints(s, -1, 50))
		return op.ConcatV2(s.Op("j"), []tf.Output{y, x}, op.Const(s.Op("axis"), int32(1)))
	},
	"flat, shifted": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.AddV2(s.Op("b"), op.Mul(s.Op("a"), s.Flatten(x), op.Const(s.Op("two"), float32(2))), constant(s, 1, 108))
	},
	"flat and back": func(s *graphs.Scope, x tf.Output) tf.Output {
		return s.Reshape(op.Relu(s.Op("r"), s.Flatten(x)), 6, 6, 3)
	},
	"flat, another image": func(s *graphs.Scope, x tf.Output) tf.Output { return s.Reshape(s.Flatten(x), 4, 9, 3) },
	"flat sum": func(s *graphs.Scope, x tf.Output) tf.Output {
		y := s.Reshape(op.Transpose(s.Op("t"), x, ints(s, 0, 2, 1, 3)), 108)
		return op.Sub(s.Op("sum"), op.Neg(s.Op("n"), s.Flatten(x)), y)
	},
	"rows apart": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.Reshape(s.Op("r"), x, ints(s, -1, 2, 9, 3))
		x = op.MatMul(s.Op("m"), op.Reshape(s.Op("f"), x, ints(s, -1, 54)), constant(s, 1, 54, 4))
		return op.Reshape(s.Op("b"), x, ints(s, -1, 8))
	},
	"leaky, clipped": func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.ClipByValue(s.Op("c"), op.LeakyRelu(s.Op("l"), x, op.LeakyReluAlpha(.2)), op.Const(s.Op("lo"), float32(-.1)), op.Const(s.Op("hi"), float32(.2)))
	},
	"transposed weights": func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.MatMul(s.Op("m"), s.Flatten(x), constant(s, 1, 7, 108), op.MatMulTransposeB(true))
		return op.BiasAdd(s.Op("b"), op.Mul(s.Op("a"), x, constant(s, 2, 7)), constant(s, 3, 7))
	},
}

// between puts f between a convolution and a head.
func between(f net) net {
	return func(s *graphs.Scope, x tf.Output) tf.Output {
		x = op.BiasAdd(s.Op("bias"), op.Conv2D(s.Op("first"), x, constant(s, 20, 3, 3, 2, 3), []int64{1, 1, 1, 1}, "SAME"), constant(s, 21, 3))
		x = s.Flatten(op.Relu(s.Op("relu"), f(s, x)))
		d, _ := s.Dims(x, 2, "values")
		return op.BiasAdd(s.Op("logits"), op.MatMul(s.Op("head"), x, constant(s, 22, d[1], 4)), constant(s, 23, 4))
	}
}

func TestOperators(t *testing.T) {
	for name, f := range operators {
		t.Run(name, func(t *testing.T) { check(t, []int64{6, 6, 2}, between(f)) })
	}
}

// What scales and shifts channels after a layer is part of it, and images are
// flattened without a transpose: verifiers get as few operators as can be.
func TestFewOperators(t *testing.T) {
	m := check(t, []int64{6, 6, 2}, func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Normalisation{By: graphs.BySet, Mean: []float32{.4, .6}, Std: []float32{.3, .2}}.Apply(s.In("normalise"), x)
		x = op.Conv2D(s.Op("c"), x, constant(s, 1, 3, 3, 2, 5), []int64{1, 1, 1, 1}, "SAME")
		x, _, _, _, _, _ = op.FusedBatchNormV3(s.Op("bn"), x, constant(s, 2, 5), constant(s, 3, 5), constant(s, 4, 5), op.Square(s.Op("v"), constant(s, 5, 5)), op.FusedBatchNormV3IsTraining(false))
		x = op.BiasAdd(s.Op("d"), op.MatMul(s.Op("m"), s.Flatten(op.Relu(s.Op("r"), x)), constant(s, 6, 180, 7)), constant(s, 7, 7))
		return op.MatMul(s.Op("l"), op.Relu(s.Op("r"), x), constant(s, 8, 7, 4))
	})
	want := map[string]int{"Sub": 1, "Mul": 1, "Conv": 1, "Relu": 2, "Flatten": 1, "Gemm": 2}
	for name, n := range m.ops {
		if want[name] != n {
			t.Errorf("want operators %v, got %v", want, m.ops)
			break
		}
	}
}

// network is a classifier of package graphs.
func network(t *testing.T, kind, encoder string) net {
	t.Helper()
	m := graphs.DefaultModel()
	m.Encoder, m.Kind, m.Normalise = encoder, kind, graphs.BySet
	m.Mean, m.Std = []float32{.3, .4}, []float32{.2, .3}
	d, err := m.Build(10)
	if err != nil {
		t.Fatal(err)
	}
	return func(s *graphs.Scope, x tf.Output) tf.Output { return d.Classify(s, x).Logits }
}

func TestNetworks(t *testing.T) {
	for _, encoder := range []string{"dm-small", "conv4(channels=4,pool=max)", "conv4(channels=4,pool=average)", "resnet(depth=8)"} {
		check(t, []int64{12, 12, 2}, network(t, "base", encoder))
	}
}
