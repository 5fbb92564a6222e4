package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Conv is a 2-D convolution, [B,H,W,C] -> [B,H/Stride,W/Stride,Out], with
// zero padding that keeps the size (SAME) unless Valid.
type Conv struct {
	Out    int
	Kernel int         // side of the square kernel
	Stride int         // 0 means 1
	Valid  bool        // no padding
	NoBias bool        // for layers followed by batch norm
	Init   Initializer // zero value: HeNormal (Keras: Glorot uniform)
}

// Apply convolves x.
func (l Conv) Apply(s *Scope, x tf.Output) tf.Output {
	d, ok := s.Dims(x, 4, "NHWC with known channels")
	if !ok {
		return tf.Output{}
	}
	if d[3] < 1 || l.Out < 1 || l.Kernel < 1 {
		s.Errorf("want known channels and positive Out and Kernel, got input %v, Out %d, Kernel %d", d, l.Out, l.Kernel)
		return tf.Output{}
	}
	k, out := int64(l.Kernel), int64(l.Out)
	w := s.Variable("kernel", Trainable, l.Init.orDefault(HeNormal), k, k, d[3], out)
	padding := "SAME"
	if l.Valid {
		padding = "VALID"
	}
	st := int64(max(l.Stride, 1))
	y := op.Conv2D(s.Op("conv"), x, w, []int64{1, st, st, 1}, padding)
	return s.addBias(y, out, l.NoBias)
}

// ConvTranspose is the transposed convolution (the gradient of a SAME
// convolution with respect to its input): [B,H,W,C] -> [B,Rows,Cols,Out].
// Rows and Cols must satisfy H = ceil(Rows/Stride), W = ceil(Cols/Stride).
type ConvTranspose struct {
	Out        int
	Kernel     int
	Stride     int // 0 means 1
	Rows, Cols int // 0 means H·Stride, W·Stride
	Init       Initializer
	pooled     bool // the result is the mean of each 4x4 block of the output; see applyPooled
}

// Apply convolves x.
func (l ConvTranspose) Apply(s *Scope, x tf.Output) tf.Output {
	d, ok := s.Dims(x, 4, "NHWC with known height, width and channels")
	if !ok {
		return tf.Output{}
	}
	st := int64(max(l.Stride, 1))
	rows, cols, out, k := int64(l.Rows), int64(l.Cols), int64(l.Out), int64(l.Kernel)
	if rows == 0 {
		rows = d[1] * st
	}
	if cols == 0 {
		cols = d[2] * st
	}
	if d[1] < 1 || d[2] < 1 || d[3] < 1 || out < 1 || k < 1 || (rows+st-1)/st != d[1] || (cols+st-1)/st != d[2] {
		s.Errorf("want an output whose size divided by the stride %d, rounded up, is the input's %v, got %dx%d with Out %d, Kernel %d", st, d, rows, cols, out, k)
		return tf.Output{}
	}
	w := s.Variable("kernel", Trainable, l.Init.orDefault(HeNormal), k, k, out, d[3])
	switch {
	case l.pooled:
		return s.addBias(l.applyPooled(s, x, w, d), out, false)
	case s.trainsOnly() && l.Out <= fewChannels && l.fitsPhases(d, rows, cols):
		return l.applyPhases(s, x, w, d)
	}
	batch := op.StridedSlice(s.Op("batch"), op.Shape(s.Op("shape"), x), op.Const(s.Op("zero"), []int32{0}), op.Const(s.Op("one"), []int32{1}), op.Const(s.Op("step"), []int32{1}))
	size := op.ConcatV2(s.Op("size"), []tf.Output{batch, op.Const(s.Op("rest"), []int32{int32(rows), int32(cols), int32(out)})}, op.Const(s.Op("axis"), int32(0)))
	y := op.Conv2DBackpropInput(s.Op("conv"), size, w, x, []int64{1, st, st, 1}, "SAME")
	y = s.Reshape(y, rows, cols, out) // restores the static shape
	return s.addBias(y, out, false)
}
