package graphs

import "fmt"

// Conv4 is a benchmark CNN of "4 convolutional layers with a softmax output",
// which is all that section 3.1 of the paper says of it. What it leaves open
// are options. Each convolution has ReLU; the strides of the default lie early
// and it has no pooling, since of the layouts tried such a one comes nearest to
// the paper's figures for FGSM (tools/results/base.md).
type Conv4 struct {
	Channels []int          `key:"channels" default:"32 64 64 64" in:"[1,1024]" help:"channels of the four convolutions, or one number for all"`
	Kernel   int            `key:"kernel" default:"3" in:"[1,11]" help:"side of the kernels"`
	Strides  []int          `key:"strides" default:"2 2 1 1" in:"[1,4]" help:"strides of the four convolutions, or one number for all"`
	Pool     string         `key:"pool" default:"none" oneof:"none max average" help:"2x2 pooling after the second and the fourth convolution"`
	Layer    EmbeddingLayer `key:"embedding" default:"features" oneof:"relu linear features" help:"layer between the features and the codes"`
}

func (c Conv4) fit(m Model) Encoder {
	n := ConvNet{Layer: c.Layer, Units: c.Layer.units(m)}
	for i := range convolutions {
		l := ConvLayer{Out: pick(c.Channels, i), Kernel: c.Kernel, Stride: pick(c.Strides, i)}
		if i%2 == 1 && c.Pool != "none" {
			l.Pool = c.Pool
		}
		n.Layers = append(n.Layers, l)
	}
	return n
}

func (Conv4) ownDropout() float32 { return 0 }

// convolutions is how many convolutions [Conv4] has.
const convolutions = 4

// pick is the i-th of list, or the only one.
func pick(list []int, i int) int {
	if len(list) == 1 {
		return list[0]
	}
	return list[i]
}

// Validate refuses lists of another length.
func (c Conv4) Validate() error {
	for key, list := range map[string][]int{"channels": c.Channels, "strides": c.Strides} {
		if n := len(list); n != 1 && n != convolutions {
			return fmt.Errorf("%s: want %d numbers, or one for all, got %v", key, convolutions, list)
		}
	}
	return nil
}
