package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// CapsuleNet is the capsule network of Hinton, Sabour and Frosst 2018 up to its
// last layer but one: a 5x5 convolution of stride 2 with ReLU (A channels),
// primary capsules (B types), and two layers of capsules in windows of 3x3 places,
// of stride 2 and 1 (C and D types). The head capsules makes the classes of them.
//
// The default is their small network, of 68 K parameters on smallNORB at 32x32x2:
// A 64, B 8, C and D 16. With channels, primary and types of 32 it is the large
// one.
type CapsuleNet struct {
	Channels int `key:"channels" default:"64" in:"[1,1024]" help:"channels of the convolution (A)"`
	Primary  int `key:"primary" default:"8" in:"[1,256]" help:"types of primary capsules (B)"`
	Types    int `key:"types" default:"16" in:"[1,256]" help:"types of the capsules of each further layer (C and D)"`
	Layers   int `key:"layers" default:"2" in:"[0,4]" help:"further layers, the first of stride 2"`
	Routing
	Layer EmbeddingLayer `key:"embedding" default:"features" oneof:"relu linear features" help:"layer between the capsules and the codes"`

	units int // of that layer; 0 means none
}

func (c CapsuleNet) fit(m Model) Encoder {
	c.units = c.Layer.units(m)
	return c
}

func (CapsuleNet) ownDropout() float32 { return 0 }

// Encode builds the network. Without an embedding layer the embedding is the
// capsules: all poses, then all activations.
func (c CapsuleNet) Encode(s *Scope, images tf.Output) tf.Output {
	x := Relu{}.Apply(s, Conv{Out: c.Channels, Kernel: firstKernel, Stride: capsuleStride, Valid: true}.Apply(s.In("conv1"), c.checkSize(s, images)))
	caps, ok := primaryCapsules(s.In("primary"), x, c.Primary)
	for i := range c.Layers {
		if !ok || !s.OK() {
			return tf.Output{}
		}
		w := windows{caps.Rows, caps.Cols, capsuleKernel, c.stride(i)}
		caps = c.capsuleLayer(s.In(fmt.Sprint("capsules", i+1)), caps, w, c.Types)
	}
	if !ok || !s.OK() {
		return tf.Output{}
	}
	return c.Layer.apply(s, caps.pack(s), c.units)
}

// Sizes of the published network.
const (
	firstKernel   = 5
	capsuleKernel = 3
	capsuleStride = 2 // of the convolution and of the first layer of capsules
)

// stride of the i-th layer of capsules.
func (c CapsuleNet) stride(i int) int {
	if i == 0 {
		return capsuleStride
	}
	return 1
}

// layout is that of the last capsules for images of h by w pixels. A size below 1
// means that they are too small.
func (c CapsuleNet) layout(h, w int) CapsuleLayout {
	side := func(n int) int {
		if n < firstKernel {
			return 0
		}
		n = (n-firstKernel)/capsuleStride + 1
		for i := range c.Layers {
			if n < capsuleKernel {
				return 0
			}
			n = (n-capsuleKernel)/c.stride(i) + 1
		}
		return n
	}
	types := c.Types
	if c.Layers == 0 {
		types = c.Primary
	}
	return CapsuleLayout{side(h), side(w), types}
}

// checkSize refuses images in which no window fits.
func (c CapsuleNet) checkSize(s *Scope, images tf.Output) tf.Output {
	d, ok := s.Dims(images, 4, "images [B,H,W,C] with known sizes")
	if !ok {
		return tf.Output{}
	}
	if l := c.layout(int(d[1]), int(d[2])); l.Rows < 1 || l.Cols < 1 {
		least := firstKernel
		for c.layout(least, least).Rows < 1 {
			least++
		}
		s.Errorf("want images of at least %d pixels a side for capsules(layers=%d), got %dx%d: take larger ones (data.size) or fewer layers", least, c.Layers, d[1], d[2])
		return tf.Output{}
	}
	return images
}
