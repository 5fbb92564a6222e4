package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// conv is a convolution of images [N,H,W,C] with a kernel [kh,kw,C,M], without
// dilation.
type conv struct {
	kernel    tf.Output
	shape     []int64 // of the kernel
	strides   []int64
	padding   string // SAME or VALID
	in        []int64
	depthwise tf.Output // the kernel [kh,kw,C,m] of a depthwise convolution that this is, for speed; zero Output for none
}

func (o conv) apply(w *writer, x []tf.Output, m weights) tf.Output {
	if o.depthwise.Op != nil {
		return op.DepthwiseConv2dNative(w.s.Op("depthwise"), x[0], w.weight(o.depthwise, m), o.strides, o.padding)
	}
	return op.Conv2D(w.s.Op("conv"), x[0], w.weight(o.kernel, m), o.strides, o.padding)
}

func (o conv) transpose(w *writer, a tf.Output) []tf.Output {
	if h, v, c := o.shape[0], o.shape[1], o.shape[2]; o.padding == "VALID" && h == o.in[0] && v == o.in[1] { // to one value
		x := op.MatMul(w.s.Op("transposed"), w.reshape(a, -1, o.shape[3]), w.reshape(o.kernel, h*v*c, o.shape[3]), op.MatMulTransposeB(true))
		return []tf.Output{w.reshape(x, -1, h, v, c)}
	}
	x := op.Conv2DBackpropInput(w.s.Op("transposed"), w.shapeWith(a, o.in...), o.kernel, a, o.strides, o.padding)
	return []tf.Output{w.reshape(x, append([]int64{-1}, o.in...)...)} // restores the static shape
}

func (o conv) terms() (int64, int64) {
	window := o.shape[0] * o.shape[1]
	return window * o.shape[2], window * o.shape[3]
}

func (o conv) largest(w *writer) tf.Output {
	return op.Max(w.s.Op("largest"), w.abs(o.kernel), w.constant([]int32{0, 1, 2}))
}

// readConv2D is the rule of Conv2D.
func readConv2D(k *walk, o *tf.Operation, in []value) (*node, error) {
	x, kernel := in[0], in[1]
	shape, err := k.readKernel(o, x, kernel)
	if err != nil {
		return nil, err
	}
	if x.node.dims[2] != shape[2] {
		return nil, refuse("a grouped convolution")
	}
	c := conv{kernel: kernel.out, shape: shape, strides: numbers(o, "strides"), padding: text(o, "padding")}
	return k.addConv(o, c, x.node, numbers(o, "dilations"))
}

// readKernel checks what convolutions have in common and returns the shape of
// the kernel.
func (k *walk) readKernel(o *tf.Operation, x, kernel value) ([]int64, error) {
	switch {
	case x.node == nil || kernel.node != nil:
		return nil, refuse("a convolution whose kernel is no constant")
	case text(o, "data_format") != "NHWC":
		return nil, refuse("data format " + text(o, "data_format"))
	case len(x.node.dims) != 3:
		return nil, refuse("unknown sizes")
	}
	shape, err := kernel.out.Shape().ToSlice()
	if err != nil || len(shape) != 4 || min(shape[0], shape[1], shape[2], shape[3]) < 1 {
		return nil, refuse("a kernel of unknown size")
	}
	return shape, nil
}

// addConv adds c, after padding that is written out, with a kernel in which
// dilation is filled with zeros.
func (k *walk) addConv(o *tf.Operation, c conv, x *node, dilations []int64) (*node, error) {
	if len(dilations) == 4 && (dilations[1] != 1 || dilations[2] != 1) {
		c = k.dilate(c, dilations[1], dilations[2])
	}
	if c.padding == "EXPLICIT" {
		edges := numbers(o, "explicit_paddings")
		if len(edges) != 8 {
			return nil, refuse("explicit padding of another rank than 4")
		}
		x = k.addPad(o.Name(), x, [][2]int64{{edges[2], edges[3]}, {edges[4], edges[5]}, {edges[6], edges[7]}}, 0)
		c.padding = "VALID"
	}
	c.in = x.dims
	dims := k.dims(o.Output(0))
	if len(dims) != 3 || product(dims) < 1 {
		return nil, refuse("unknown sizes")
	}
	return k.net.add(o.Name(), c, dims, x), nil
}

// dilate fills the kernel of c with rows and columns of zeros: transposed
// convolutions with dilation do not run on processors.
func (k *walk) dilate(c conv, rows, cols int64) conv {
	w, s := k.w, c.shape
	kernel := w.reshape(c.kernel, s[0], 1, s[1], 1, s[2]*s[3])
	kernel = op.Pad(w.s.Op("dilated"), kernel, w.constant([][]int32{{0, 0}, {0, int32(rows - 1)}, {0, 0}, {0, int32(cols - 1)}, {0, 0}}))
	kernel = w.reshape(kernel, s[0]*rows, s[1]*cols, s[2], s[3])
	h, v := (s[0]-1)*rows+1, (s[1]-1)*cols+1
	c.kernel = op.Slice(w.s.Op("kernel"), kernel, w.constant([]int32{0, 0, 0, 0}), w.constant([]int32{int32(h), int32(v), -1, -1}))
	c.shape, c.depthwise = []int64{h, v, s[2], s[3]}, tf.Output{}
	return c
}
