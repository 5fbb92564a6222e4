package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Border says what a warp reads outside the image.
type Border string

// Borders: Clamp reads the nearest edge pixel. Zero reads nothing, which is
// eq. 7 of Duan et al. taken literally: the value fades to 0 within one pixel
// of the edge.
const (
	Clamp Border = "clamp"
	Zero  Border = "zero"
)

// Warp samples images [B,H,W,C] at displaced positions: with field [B,H,W,2]
// in pixels (dx, dy), pixel (x, y) of the result is the bilinear sample of
// the image at (x+dx, y+dy) (Duan et al., eq. 6 and 7; Jaderberg et al. 2015,
// eq. 5). A zero field gives the image back bit by bit. Gradients flow to
// both arguments; where a position is an integer, the field's gradient is the
// one-sided difference to the next pixel (at the last one, from the one
// before), and beyond the border it is zero.
// H and W must be known and at least 2.
func Warp(s *Scope, images, field tf.Output, border Border) tf.Output {
	d, ok := s.Dims(images, 4, "images [B,H,W,C] with known sizes")
	f, ok2 := s.Dims(field, 4, "a field [B,H,W,2]")
	if !ok || !ok2 {
		return tf.Output{}
	}
	if d[0] >= 0 && f[0] >= 0 && d[0] != f[0] {
		s.Errorf("want as many fields as images, got %v and %v", f, d)
		return tf.Output{}
	}
	if d[1] < 2 || d[2] < 2 || d[3] < 1 || f[1] != d[1] || f[2] != d[2] || f[3] != 2 {
		s.Errorf("want images [B,H,W,C] of at least 2x2 and a field [B,H,W,2], got %v and %v", d, f)
		return tf.Output{}
	}
	h, w, shift := d[1], d[2], int64(0)
	switch border {
	case "", Clamp:
	case Zero:
		// One ring of zeros turns "nothing outside" into clamping.
		images = op.Pad(s.Op("ring"), images, op.Const(s.Op("paddings"), [][]int32{{0, 0}, {1, 1}, {1, 1}, {0, 0}}))
		h, w, shift = h+2, w+2, 1
	default:
		s.Errorf("border: want clamp or zero, got %q", border)
		return tf.Output{}
	}

	dx, dy := splitField(s, field)
	x, ix := locateSamples(s.In("x"), dx, d[2], w, shift, 3)
	y, iy := locateSamples(s.In("y"), dy, d[1], h, shift, 2)

	// Row of the flattened image [B·H·W, C] that holds the upper left neighbour.
	flat := op.Reshape(s.Op("flat"), images, op.Const(s.Op("flat_dims"), []int64{-1, d[3]}))
	batch := op.StridedSlice(s.Op("batch"), op.Shape(s.Op("shape"), images), op.Const(s.Op("b0"), []int32{0}), op.Const(s.Op("b1"), []int32{1}), op.Const(s.Op("bs"), []int32{1}), op.StridedSliceShrinkAxisMask(1))
	starts := op.Range(s.Op("starts"), s.constInt32("from", 0), op.Mul(s.Op("end"), batch, s.constInt32("plane", h*w)), s.constInt32("by", h*w))
	starts = op.Reshape(s.Op("starts_dims"), starts, op.Const(s.Op("column"), []int64{-1, 1, 1, 1}))
	row := op.AddV2(s.Op("row"), op.Mul(s.Op("down"), iy, s.constInt32("width", w)), starts)
	index := op.Reshape(s.Op("index"), op.AddV2(s.Op("cell"), row, ix), op.Const(s.Op("list"), []int64{-1}))

	axis := s.constInt32("axis", 0)
	at := func(name string, offset int64) tf.Output {
		i := index
		if offset != 0 {
			i = op.AddV2(s.Op(name+"_index"), index, s.constInt32(name+"_offset", offset))
		}
		return op.GatherV2(s.Op(name), flat, i, axis)
	}
	x = op.Reshape(s.Op("x_list"), x, op.Const(s.Op("x_dims"), []int64{-1, 1}))
	y = op.Reshape(s.Op("y_list"), y, op.Const(s.Op("y_dims"), []int64{-1, 1}))
	one := op.Const(s.Op("one"), float32(1))
	left := op.Sub(s.Op("left"), one, x)
	upper := op.Sub(s.Op("upper"), one, y)
	top := addWeighted(s, "top", at("upper_left", 0), left, at("upper_right", 1), x)
	bottom := addWeighted(s, "bottom", at("lower_left", w), left, at("lower_right", w+1), x)
	out := addWeighted(s, "sample", top, upper, bottom, y)
	return op.Reshape(s.Op("warped"), out, op.Const(s.Op("warped_dims"), []int64{-1, d[1], d[2], d[3]}))
}

// locateSamples turns a displacement [B,H,W,1] along one axis into the weight of
// the far neighbour (in [0,1]) and the int32 index of the near one. The near
// index stops one before the last, so that the far one always exists.
func locateSamples(s *Scope, displacement tf.Output, n, size, shift, axis int64) (weight, index tf.Output) {
	grid := make([]float32, n)
	for i := range grid {
		grid[i] = float32(int64(i) + shift)
	}
	dims := []int64{1, 1, 1, 1}
	dims[axis-1] = n
	base := op.Reshape(s.Op("grid"), op.Const(s.Op("line"), grid), op.Const(s.Op("grid_dims"), dims))
	p := op.AddV2(s.Op("target"), displacement, base)
	p = clampRange(s, p, op.Const(s.Op("first"), float32(0)), op.Const(s.Op("last"), float32(size-1)))
	near := op.Minimum(s.Op("near"), op.Floor(s.Op("floor"), p), op.Const(s.Op("last_near"), float32(size-2)))
	// NaN becomes the smallest integer: the index must stay in the image, while
	// the weight carries the NaN on to the loss.
	cell := op.Maximum(s.Op("not_nan"), op.Cast(s.Op("index"), near, tf.Int32), s.constInt32("first_near", 0))
	return op.Sub(s.Op("weight"), p, near), cell
}

// clampRange limits x to [low,high]. ClipByValue is one op instead of two, but
// TensorFlow Lite lacks it.
func clampRange(s *Scope, x, low, high tf.Output) tf.Output {
	if s.b.portable {
		return op.Maximum(s.Op("clamped"), op.Minimum(s.Op("clamped"), x, high), low)
	}
	return op.ClipByValue(s.Op("clamped"), x, low, high)
}

// addWeighted is a·wa + b·wb: exact where a weight is 0 and the other 1.
func addWeighted(s *Scope, name string, a, wa, b, wb tf.Output) tf.Output {
	return op.AddV2(s.Op(name), op.Mul(s.Op(name+"_near"), a, wa), op.Mul(s.Op(name+"_far"), b, wb))
}

// splitField returns the two channels of a field, each [B,H,W,1].
func splitField(s *Scope, field tf.Output) (dx, dy tf.Output) {
	parts := op.Split(s.Op("split"), s.constInt32("channel", 3), field, 2)
	if len(parts) != 2 {
		return
	}
	return parts[0], parts[1]
}

func (s *Scope) constInt32(name string, v int64) tf.Output { return op.Const(s.Op(name), int32(v)) }
