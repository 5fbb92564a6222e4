package graphs

import (
	"cmp"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// PhotoResNet is the network of He, Zhang, Ren and Sun 2016 ("Deep residual
// learning for image recognition", section 3.3) for images of about 64 to 224
// pixels: a 7x7 convolution of stride 2, 2x2 max-pooling (3x3 in the paper), four
// stages of blocks of two 3x3 convolutions, whose channels double and whose sides
// halve from stage to stage, and the average over all pixels, [B,H,W,C] ->
// [B,8·Width]. No layer but the last grows with the image. Convolutions, batch norm
// and shortcuts are those of [ResNet]. With Width 64, Blocks of 2 2 2 2 are the
// layout of ResNet-18, 3 4 6 3 that of ResNet-34.
type PhotoResNet struct {
	Width  int            `key:"width" default:"32" in:"[1,1024]" help:"channels of the first stage"`
	Blocks []int          `key:"blocks" default:"1 1 1 1" in:"[1,100]" help:"blocks of the four stages, or one number for all"`
	Layer  EmbeddingLayer `key:"embedding" default:"features" oneof:"relu linear features" help:"layer between the averages and the codes"`
	Units  int            // of that layer; 0 means none
}

func (r PhotoResNet) fit(m Model) Encoder {
	r.Units = r.Layer.units(m)
	return r
}

func (PhotoResNet) ownDropout() float32 { return 0 }

// stages is how many stages [PhotoResNet] has.
const stages = 4

// Validate refuses another number of stages.
func (r PhotoResNet) Validate() error {
	if n := len(r.Blocks); n != 1 && n != stages {
		return fmt.Errorf("blocks: want %d numbers, or one for all, got %v", stages, r.Blocks)
	}
	return nil
}

// Encode builds the network up to the embedding.
func (r PhotoResNet) Encode(s *Scope, images tf.Output) tf.Output {
	if err := r.Validate(); err != nil {
		s.Errorf("%w", err)
		return tf.Output{}
	}
	first := s.In("conv1")
	x := resNetBatchNorm.Apply(first.In("norm"), Conv{Out: r.Width, Kernel: 7, Stride: 2, NoBias: true}.Apply(first, images))
	x = MaxPool{Size: 2}.Apply(s.In("pool"), Relu{}.Apply(s, x))
	for i := range stages {
		stage := s.In(fmt.Sprint("stage", i+1))
		for j := range pick(r.Blocks, i) {
			b := residualBlock{out: r.Width << i, stride: 1}
			if i > 0 && j == 0 {
				b.stride = 2
			}
			x = b.Apply(stage.In(fmt.Sprint("block", j+1)), x)
		}
	}
	if !s.hasValue(x) {
		return tf.Output{}
	}
	return cmp.Or(r.Layer, Features).apply(s, op.Mean(s.Op("average"), x, op.Const(s.Op("pixels"), []int32{1, 2})), r.Units)
}
