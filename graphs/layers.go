package graphs

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Layer maps a batch to a batch. Layers are plain values with useful zero
// fields; the scope gives them their name and their variables.
type Layer interface {
	Apply(s *Scope, x tf.Output) tf.Output
}

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
	w := s.Variable("kernel", Trainable, l.Init.or(HeNormal), k, k, d[3], out)
	padding := "SAME"
	if l.Valid {
		padding = "VALID"
	}
	st := int64(max(l.Stride, 1))
	y := op.Conv2D(s.Op("conv"), x, w, []int64{1, st, st, 1}, padding)
	return s.bias(y, out, l.NoBias)
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
	w := s.Variable("kernel", Trainable, l.Init.or(HeNormal), k, k, out, d[3])
	batch := op.StridedSlice(s.Op("batch"), op.Shape(s.Op("shape"), x), op.Const(s.Op("zero"), []int32{0}), op.Const(s.Op("one"), []int32{1}), op.Const(s.Op("step"), []int32{1}))
	size := op.ConcatV2(s.Op("size"), []tf.Output{batch, op.Const(s.Op("rest"), []int32{int32(rows), int32(cols), int32(out)})}, op.Const(s.Op("axis"), int32(0)))
	y := op.Conv2DBackpropInput(s.Op("conv"), size, w, x, []int64{1, st, st, 1}, "SAME")
	y = s.Reshape(y, rows, cols, out) // restores the static shape
	return s.bias(y, out, false)
}

// Dense is a fully connected layer, [B,D] -> [B,Out].
type Dense struct {
	Out  int
	Init Initializer // zero value: HeNormal (Keras: Glorot uniform)
}

// Apply multiplies x by the kernel and adds the bias.
func (l Dense) Apply(s *Scope, x tf.Output) tf.Output {
	d, ok := s.Dims(x, 2, "[batch, features] with known features")
	if !ok {
		return tf.Output{}
	}
	if d[1] < 1 || l.Out < 1 {
		s.Errorf("want known features and positive Out, got input %v, Out %d", d, l.Out)
		return tf.Output{}
	}
	w := s.Variable("kernel", Trainable, l.Init.or(HeNormal), d[1], int64(l.Out))
	return s.bias(op.MatMul(s.Op("matmul"), x, w), int64(l.Out), false)
}

// Relu is max(0,x); its gradient is 1 where x > 0 and 0 elsewhere, at 0 too. In
// a pass that is twice differentiable it is x times a mask of zeros and ones: the
// same numbers, and half the time of LeakyRelu of slope 0, whose gradient has a
// gradient too but which TensorFlow's optimizer stumbles over.
type Relu struct{}

// Apply rectifies x, which may have any shape.
func (Relu) Apply(s *Scope, x tf.Output) tf.Output {
	if !s.has(x) {
		return tf.Output{}
	}
	if s.TwiceDifferentiable() {
		open := op.Greater(s.Op("open"), x, op.Const(s.Op("zero"), float32(0)))
		return op.Mul(s.Op("relu"), x, op.Cast(s.Op("mask"), open, tf.Float))
	}
	return op.Relu(s.Op("relu"), x)
}

// Dropout zeroes each element with probability Rate in training and scales
// the rest by 1/(1-Rate) (Srivastava et al. 2014); in inference it is the
// identity. The mask depends on seed, path and step alone.
type Dropout struct{ Rate float32 }

// Apply drops elements of x.
func (l Dropout) Apply(s *Scope, x tf.Output) tf.Output {
	if !s.Training() || l.Rate == 0 || !s.has(x) {
		return x
	}
	if !(l.Rate >= 0 && l.Rate < 1) {
		s.Errorf("want a dropout rate in [0,1), got %g", l.Rate)
		return tf.Output{}
	}
	u := op.StatelessRandomUniform(s.Op("uniform"), op.Shape(s.Op("shape"), x), s.Noise())
	keep := op.Cast(s.Op("mask"), op.GreaterEqual(s.Op("keep"), u, op.Const(s.Op("rate"), l.Rate)), tf.Float)
	return op.Mul(s.Op("dropped"), x, op.Mul(s.Op("scaled"), keep, op.Const(s.Op("scale"), 1/(1-l.Rate))))
}

// Reshape keeps the batch and gives each example the shape dims.
func (s *Scope) Reshape(x tf.Output, dims ...int64) tf.Output {
	if !s.has(x) {
		return tf.Output{}
	}
	return op.Reshape(s.Op("reshape"), x, op.Const(s.Op("dims"), append([]int64{-1}, dims...)))
}

// Flatten reshapes [B,...] to [B,D]; the sizes after the batch must be known.
func (s *Scope) Flatten(x tf.Output) tf.Output {
	if !s.has(x) {
		return tf.Output{}
	}
	sh := x.Shape()
	known, n := sh.NumDimensions() > 0, int64(1)
	for i := 1; i < sh.NumDimensions(); i++ {
		known = known && sh.Size(i) > 0
		n *= sh.Size(i)
	}
	if !known {
		s.Errorf("want a batch with known sizes after it, got shape %v", sh)
		return tf.Output{}
	}
	return s.Reshape(x, n)
}

func (s *Scope) bias(y tf.Output, out int64, none bool) tf.Output {
	if none {
		return y
	}
	return op.BiasAdd(s.Op("bias"), y, s.Variable("bias", Trainable, Zeros, out))
}

func (i Initializer) or(def Initializer) Initializer {
	if i.make == nil {
		return def
	}
	return i
}

// or is v, or def where v is zero.
func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
