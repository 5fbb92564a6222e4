package graphs

import (
	"cmp"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// AppearanceDecoder maps the appearance code [B,D] to the canonical image
// [B,Rows,Cols,Channels], in (0,1) unless Linear: X_a of eq. 2.
type AppearanceDecoder struct {
	Rows, Cols, Channels int
	Width                int  // channels before the last layer
	Linear               bool // no sigmoid: values of any size
}

// Apply decodes code.
func (d AppearanceDecoder) Apply(s *Scope, code tf.Output) tf.Output {
	x := generator{rows: d.Rows, cols: d.Cols, out: d.Channels, width: d.Width, last: GlorotUniform}.apply(s, code)
	if d.Linear {
		return x
	}
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
	g := generator{rows: d.Rows, cols: d.Cols, out: 2, width: d.Width, last: TruncatedNormal(1e-3)}
	var x tf.Output
	switch d.Field {
	case "", Smooth:
		x = d.smooth(s, g, code)
	case Pixel:
		x = g.apply(s, code)
	default:
		s.Errorf("field: want smooth or pixel, got %q", d.Field)
		return tf.Output{}
	}
	reach := cmp.Or(d.Reach, .3125)
	limit := op.Const(s.Op("limit"), []float32{reach * float32(d.Cols), reach * float32(d.Rows)})
	return op.Mul(s.Op("field"), op.Tanh(s.Op("tanh"), x), limit)
}

// smooth is what g makes of code, pooled and interpolated. In training passes the last
// layer computes the pooled output alone, where blocks of 4x4 fill the image.
func (d GeometricDecoder) smooth(s *Scope, g generator, code tf.Output) tf.Output {
	g.pooled = s.trainsOnly() && g.steps() > 0 && d.Rows%smoothing == 0 && d.Cols%smoothing == 0
	x := g.apply(s, code)
	if !g.pooled {
		x = AvgPool{Size: smoothing}.Apply(s, x)
	}
	size := op.Const(s.Op("size"), []int32{int32(d.Rows), int32(d.Cols)})
	return op.ResizeBilinear(s.Op("smooth"), x, size, op.ResizeBilinearHalfPixelCenters(true))
}
