package graphs

import (
	"cmp"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// PhotoCNN is a plain network for few images of about 32 to 224 pixels: a 5x5
// convolution of stride 2 and four of 3x3, of Width, 2, 4, 8 and 8 times as many
// channels, each with batch norm and ReLU and all but the last with 2x2 max-pooling, and
// the average over all pixels, [B,H,W,C] -> [B,8·Width]. No layer grows with the image.
// Batch norm is that of [ResNet].
type PhotoCNN struct {
	Width int            `key:"width" default:"36" in:"[1,1024]" help:"channels of the first convolution"`
	Layer EmbeddingLayer `key:"embedding" default:"features" oneof:"relu linear features" help:"layer between the averages and the codes"`
	Units int            // of that layer; 0 means none
}

func (c PhotoCNN) fit(m Model) Encoder {
	c.Units = c.Layer.units(m)
	return c
}

func (PhotoCNN) ownDropout() float32 { return 0 }

// Encode builds the network up to the embedding.
func (c PhotoCNN) Encode(s *Scope, images tf.Output) tf.Output {
	x := images
	times := []int{1, 2, 4, 8, 8}
	for i, n := range times {
		layer := Conv{Out: n * c.Width, Kernel: 3, NoBias: true}
		if i == 0 {
			layer.Kernel, layer.Stride = 5, 2
		}
		at := s.In(fmt.Sprint("conv", i+1))
		x = Relu{}.Apply(s, resNetBatchNorm.Apply(at.In("norm"), layer.Apply(at, x)))
		if i < len(times)-1 {
			x = MaxPool{Size: 2}.Apply(s.In(fmt.Sprint("pool", i+1)), x)
		}
	}
	if !s.hasValue(x) {
		return tf.Output{}
	}
	return cmp.Or(c.Layer, Features).apply(s, op.Mean(s.Op("average"), x, op.Const(s.Op("pixels"), []int32{1, 2})), c.Units)
}
