package graphs

import (
	"cmp"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// ResNet is the network of He, Zhang, Ren and Sun 2016 ("Deep residual learning
// for image recognition", section 4.2) for small images: a 3x3 convolution,
// three stages of (Depth-2)/6 blocks of two 3x3 convolutions with 16, 32 and 64
// channels, the second and third stage halving the size, and the average over
// all pixels, [B,H,W,C] -> [B,64]. Each convolution is without bias and
// followed by batch norm. Shortcuts are the identity; where size and channels
// change, every second pixel and zeros for the new channels (option A).
//
// The network for CIFAR-10 is this with a classifier on the 64 features.
type ResNet struct {
	Depth     int            `key:"depth" required:"20" in:"[0,10000]" help:"number of layers, 6n+2"` // n at least 1: 20, 32, 44, 56, 110, …
	Layer     EmbeddingLayer `key:"embedding" default:"features" oneof:"relu linear features" help:"layer between the 64 averages and the codes"`
	Embedding int            // units of that layer; 0 means none
}

// Depths of ResNet: the deepest that He et al. trained has 1202 layers.
const (
	leastDepth = 8
	mostDepth  = 1202
)

// fit gives a base CNN the published network, unless an embedding layer is asked
// for. Other kinds need an embedding that holds two codes, where the paper
// replaces the last fully connected layer.
func (r ResNet) fit(m Model) Encoder {
	r.Embedding = r.Layer.units(m)
	return r
}

func (ResNet) ownDropout() float32 { return 0 }

// Validate refuses a depth that is not 6n+2 and names those next to it.
func (r ResNet) Validate() error {
	below := (min(max(r.Depth, leastDepth), mostDepth-1)-2)/6*6 + 2
	if r.Depth == below || r.Depth == mostDepth {
		return nil
	}
	return fmt.Errorf("want a depth of 6n+2 from %d to %d, got resnet%d: take resnet%d or resnet%d", leastDepth, mostDepth, r.Depth, below, below+6)
}

// resNetBatchNorm is batch norm with the constants of He et al.'s Torch code: the moving
// averages follow within tens of steps, so that short runs evaluate well.
var resNetBatchNorm = BatchNorm{Decay: .9, Epsilon: 1e-5}

// Encode builds the network up to the embedding.
func (r ResNet) Encode(s *Scope, images tf.Output) tf.Output {
	if err := r.Validate(); err != nil {
		s.Errorf("%w", err)
		return tf.Output{}
	}
	x := applyConvNorm(s.In("conv1"), images, 16, 1)
	x = Relu{}.Apply(s, x)
	for i, width := range []int{16, 32, 64} {
		stage := s.In(fmt.Sprint("stage", i+1))
		for j := range (r.Depth - 2) / 6 {
			b := residualBlock{out: width, stride: 1}
			if i > 0 && j == 0 {
				b.stride = 2
			}
			x = b.Apply(stage.In(fmt.Sprint("block", j+1)), x)
		}
	}
	if !s.hasValue(x) {
		return tf.Output{}
	}
	return cmp.Or(r.Layer, Features).apply(s, op.Mean(s.Op("average"), x, op.Const(s.Op("pixels"), []int32{1, 2})), r.Embedding)
}

// residualBlock is a block of two convolutions beside a shortcut, [B,H,W,C] ->
// [B,ceil(H/stride),ceil(W/stride),out].
type residualBlock struct{ out, stride int }

// Apply adds the block to x.
func (b residualBlock) Apply(s *Scope, x tf.Output) tf.Output {
	y := applyConvNorm(s.In("conv1"), x, b.out, b.stride)
	y = Relu{}.Apply(s, y)
	y = applyConvNorm(s.In("conv2"), y, b.out, 1)
	x = applyShortcut(s, x, b.out, b.stride)
	if !s.hasValue(x) || !s.hasValue(y) {
		return tf.Output{}
	}
	return Relu{}.Apply(s, op.AddV2(s.Op("sum"), y, x))
}

// applyConvNorm is a 3x3 convolution with batch norm. Padding is even on all
// sides, as in the original: TensorFlow's SAME pads below and to the right where
// the stride is 2, and would read other pixels than the shortcut.
func applyConvNorm(s *Scope, x tf.Output, out, stride int) tf.Output {
	c := Conv{Out: out, Kernel: 3, Stride: stride, NoBias: true}
	if stride > 1 {
		if _, ok := s.Dims(x, 4, "NHWC with known channels"); !ok {
			return tf.Output{}
		}
		x = op.Pad(s.Op("padded"), x, op.Const(s.Op("edges"), [][]int32{{0, 0}, {1, 1}, {1, 1}, {0, 0}}))
		c.Valid = true
	}
	return resNetBatchNorm.Apply(s.In("norm"), c.Apply(s, x))
}

// applyShortcut keeps every stride-th pixel of x, the first among them, and appends
// channels of zeros.
func applyShortcut(s *Scope, x tf.Output, out, stride int) tf.Output {
	d, ok := s.Dims(x, 4, "NHWC with known height, width and channels")
	if !ok {
		return tf.Output{}
	}
	h, w, c := d[1], d[2], d[3]
	if h < 1 || w < 1 || c < 1 || c > int64(out) {
		s.Errorf("want a known height and width and at most %d channels, got %v", out, d)
		return tf.Output{}
	}
	if st := int64(stride); st > 1 {
		// Cells of stride×stride pixels, of which the first is cut out: unlike
		// a strided slice this has a second-order gradient.
		rows, cols := (h+st-1)/st, (w+st-1)/st
		if rows*st > h || cols*st > w {
			x = op.Pad(s.Op("whole"), x, op.Const(s.Op("rest"), [][]int32{{0, 0}, {0, int32(rows*st - h)}, {0, int32(cols*st - w)}, {0, 0}}))
		}
		x = op.Reshape(s.Op("cells"), x, op.Const(s.Op("cell"), []int64{-1, st, cols, st * c}))
		x = op.Slice(s.Op("first"), x, op.Const(s.Op("from"), []int32{0, 0, 0, 0}), op.Const(s.Op("size"), []int32{-1, 1, int32(cols), int32(c)}))
		x = s.Reshape(x, rows, cols, c)
	}
	if c < int64(out) {
		x = op.Pad(s.Op("widened"), x, op.Const(s.Op("channels"), [][]int32{{0, 0}, {0, 0}, {0, 0}, {0, int32(int64(out) - c)}}))
	}
	return x
}
