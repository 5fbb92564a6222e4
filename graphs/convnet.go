package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// ConvNet is a plain stack of convolutions with ReLU, [B,H,W,C] -> [B,D], with
// fully connected layers with ReLU after it.
type ConvNet struct {
	Layers []ConvLayer
	Dense  []int // units of fully connected layers before the embedding
	Norm   bool  // batch norm before each ReLU, in place of biases
	Layer  EmbeddingLayer
	Units  int // of the embedding layer; 0 means none
}

// ConvLayer is one convolution of a [ConvNet] with SAME padding.
type ConvLayer struct {
	Out, Kernel, Stride int
	Valid               bool   // no padding
	Pool                string // after the ReLU: "", max or average, over 2x2 pixels
}

// Encode builds the network up to the embedding.
func (n ConvNet) Encode(s *Scope, images tf.Output) tf.Output {
	x := images
	for i, l := range n.Layers {
		x = n.applyConv(s.In(fmt.Sprint("conv", i+1)), l, x)
	}
	x = s.Flatten(x)
	for i, units := range n.Dense {
		x = Relu{}.Apply(s, Dense{Out: units}.Apply(s.In(fmt.Sprint("dense", i+1)), x))
	}
	return n.Layer.apply(s, x, n.Units)
}

// applyConv adds one convolution with what follows it.
func (n ConvNet) applyConv(s *Scope, l ConvLayer, x tf.Output) tf.Output {
	x = Conv{Out: l.Out, Kernel: l.Kernel, Stride: l.Stride, Valid: l.Valid, NoBias: n.Norm}.Apply(s, x)
	if n.Norm {
		x = BatchNorm{}.Apply(s.In("norm"), x)
	}
	x = Relu{}.Apply(s, x)
	switch l.Pool {
	case "max":
		return MaxPool{Size: 2}.Apply(s, x)
	case "average":
		return AvgPool{Size: 2}.Apply(s, x)
	}
	return x
}
