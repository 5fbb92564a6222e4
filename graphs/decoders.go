package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// generator is the network shared by both decoders, after Xing et al. 2018
// ("Deformable generator network"), the one that Duan et al. cite: a fully
// connected layer to a small grid, then transposed 5x5 convolutions of stride
// 2 up to the image's size, ReLU in between. The last layer is linear.
type generator struct {
	rows, cols int
	out        int
	width      int         // channels of the layer before the last; doubled at each layer towards the code
	last       Initializer // of the last layer
}

// maxSeed is the largest side of the grid that a generator starts from: 7x7
// for 28 pixels, 4x4 for 32.
const maxSeed = 7

// sizes lists the sides from the seed grid to n, each half the next, rounded
// up.
func sizes(n, steps int) []int {
	out := make([]int, steps+1)
	for i := steps; i >= 0; i-- {
		out[i] = n
		n = (n + 1) / 2
	}
	return out
}

func (g generator) apply(s *Scope, code tf.Output) tf.Output {
	steps := 0
	for n := max(g.rows, g.cols); n > maxSeed; n = (n + 1) / 2 {
		steps++
	}
	rows, cols := sizes(g.rows, steps), sizes(g.cols, steps)
	channels := g.width << max(steps-1, 0)
	x := Dense{Out: rows[0] * cols[0] * channels}.Apply(s.In("fc"), code)
	x = s.Reshape(op.Relu(s.Op("fc_relu"), x), int64(rows[0]), int64(cols[0]), int64(channels))
	for i := 1; i <= steps; i++ {
		l := ConvTranspose{Out: g.width << max(steps-1-i, 0), Kernel: 5, Stride: 2, Rows: rows[i], Cols: cols[i]}
		name := fmt.Sprint("up", i)
		if i == steps {
			l.Out, l.Init = g.out, g.last
		}
		x = l.Apply(s.In(name), x)
		if i < steps {
			x = op.Relu(s.Op(name+"_relu"), x)
		}
	}
	if steps == 0 { // an image no larger than the seed grid
		x = Conv{Out: g.out, Kernel: 5, Init: g.last}.Apply(s.In("out"), x)
	}
	return x
}

// AppearanceDecoder maps the appearance code [B,D] to the canonical
// ("unwarped") image [B,Rows,Cols,Channels] in (0,1): X_a of eq. 2.
type AppearanceDecoder struct {
	Rows, Cols, Channels int
	Width                int // channels before the last layer
}

// Apply decodes code.
func (d AppearanceDecoder) Apply(s *Scope, code tf.Output) tf.Output {
	x := generator{rows: d.Rows, cols: d.Cols, out: d.Channels, width: d.Width, last: GlorotUniform}.apply(s, code)
	return op.Sigmoid(s.Op("image"), x)
}

// Field says how fine a displacement field may be.
type Field string

// Smooth fields are average-pooled to a grid a quarter of the image's size and
// interpolated back before tanh, so that they bend the image without painting
// on it. Pixel fields, the paper's reading, move every pixel by itself; the
// canonical image then degenerates to a texture from which anything can be
// sampled.
const (
	Smooth Field = "smooth"
	Pixel  Field = "pixel"
)

// GeometricDecoder maps the geometric code [B,D] to the displacement field
// [B,Rows,Cols,2] in pixels: X_g of eq. 2. Displacements stay within Reach
// times the width (dx) and the height (dy). The last layer starts near zero,
// so that training starts at the identity warp.
type GeometricDecoder struct {
	Rows, Cols int
	Width      int
	Field      Field   // "" means Smooth
	Reach      float32 // share of the side; 0 means .3125 (Xing et al.)
}

// smoothing is the factor by which a smooth field's grid is coarser: 28 -> 7, 32 -> 8.
const smoothing = 4

// Apply decodes code.
func (d GeometricDecoder) Apply(s *Scope, code tf.Output) tf.Output {
	x := generator{rows: d.Rows, cols: d.Cols, out: 2, width: d.Width, last: TruncatedNormal(1e-3)}.apply(s, code)
	switch d.Field {
	case "", Smooth:
		x = AvgPool{Size: smoothing}.Apply(s, x)
		size := op.Const(s.Op("size"), []int32{int32(d.Rows), int32(d.Cols)})
		x = op.ResizeBilinear(s.Op("smooth"), x, size, op.ResizeBilinearHalfPixelCenters(true))
	case Pixel:
	default:
		s.Errorf("field: want smooth or pixel, got %q", d.Field)
		return tf.Output{}
	}
	reach := or(d.Reach, .3125)
	limit := op.Const(s.Op("limit"), []float32{reach * float32(d.Cols), reach * float32(d.Rows)})
	return op.Mul(s.Op("field"), op.Tanh(s.Op("tanh"), x), limit)
}
