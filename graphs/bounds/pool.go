package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// window is the geometry of a pooling of images [N,H,W,C].
type window struct {
	rows, cols int64 // of a window
	strides    []int64
	padding    string
	in, out    []int64
}

// readWindow reads the geometry of a pooling.
func (k *walk) readWindow(o *tf.Operation, x *node) (window, error) {
	size := numbers(o, "ksize")
	w := window{strides: numbers(o, "strides"), padding: text(o, "padding"), in: x.dims, out: k.dims(o.Output(0))}
	switch {
	case text(o, "data_format") != "NHWC":
		return w, refuse("data format " + text(o, "data_format"))
	case len(size) != 4 || size[0] != 1 || size[3] != 1:
		return w, refuse("pooling over images or channels")
	case w.padding != "SAME" && w.padding != "VALID":
		return w, refuse("padding " + w.padding)
	case len(w.in) != 3 || len(w.out) != 3 || product(w.out) < 1:
		return w, refuse("unknown sizes")
	}
	w.rows, w.cols = size[1], size[2]
	return w, nil
}

// overlaps tells whether windows share values.
func (p window) overlaps() bool { return p.strides[1] < p.rows || p.strides[2] < p.cols }

// places is the number of values in a window.
func (p window) places() int64 { return p.rows * p.cols }

// edges is the padding that SAME adds, before and after, in rows and columns.
func (p window) edges() [][2]int64 {
	if p.padding == "VALID" {
		return [][2]int64{{}, {}, {}}
	}
	return [][2]int64{sameEdges(p.in[0], p.rows, p.strides[1]), sameEdges(p.in[1], p.cols, p.strides[2]), {}}
}

// sameEdges is what SAME padding adds to a side, before and after.
func sameEdges(in, size, stride int64) [2]int64 {
	out := (in + stride - 1) / stride
	all := max((out-1)*stride+size-in, 0)
	return [2]int64{all / 2, all - all/2}
}

// unfold lays the values of each window side by side, [N,H,W,C] ->
// [N,outputs,places,C]; padding counts as outside. It copies, and rounds nothing.
func (p window) unfold(w *writer, x tf.Output, outside float64) tf.Output {
	x = w.pad(x, p.edges(), outside)
	var places []tf.Output
	for i := range p.rows {
		for j := range p.cols {
			to := []int32{int32(i + (p.out[0]-1)*p.strides[1] + 1), int32(j + (p.out[1]-1)*p.strides[2] + 1)}
			place := op.StridedSlice(w.s.Op("place"), x, w.constant([]int32{0, int32(i), int32(j), 0}), w.constant([]int32{0, to[0], to[1], 0}),
				w.constant([]int32{1, int32(p.strides[1]), int32(p.strides[2]), 1}), op.StridedSliceBeginMask(9), op.StridedSliceEndMask(9))
			places = append(places, w.reshape(place, -1, p.out[0]*p.out[1], p.in[2]))
		}
	}
	return op.Pack(w.s.Op("unfolded"), places, op.PackAxis(2))
}

// fold is the transpose of unfold: it adds the values of all windows up at the
// place that they come from, [N,outputs,places,C] -> [N,H,W,C].
func (p window) fold(w *writer, x tf.Output) tf.Output {
	e := p.edges()
	rows, cols := p.in[0]+e[0][0]+e[0][1], p.in[1]+e[1][0]+e[1][1]
	var y tf.Output
	if p.strides[1] == p.rows && p.strides[2] == p.cols {
		y = p.foldApart(w, x, rows, cols)
	} else {
		y = w.reshape(x, -1, p.out[0], p.out[1], p.places()*p.in[2])
		y = op.Conv2DBackpropInput(w.s.Op("fold"), w.shapeWith(y, rows, cols, p.in[2]), p.picker(w), y, p.strides, "VALID")
	}
	y = w.slice(y, []int64{e[0][0], e[1][0], 0}, p.in)
	return w.reshape(y, append([]int64{-1}, p.in...)...)
}

// foldApart folds windows that do not overlap into an image of rows×cols, of
// which VALID windows leave a rest at the end.
func (p window) foldApart(w *writer, x tf.Output, rows, cols int64) tf.Output {
	y := w.reshape(x, -1, p.out[0], p.out[1], p.rows, p.cols, p.in[2])
	y = op.Transpose(w.s.Op("interleaved"), y, w.constant([]int32{0, 1, 3, 2, 4, 5}))
	h, v := p.out[0]*p.rows, p.out[1]*p.cols
	y = w.reshape(y, -1, h, v, p.in[2])
	return w.pad(y, [][2]int64{{0, rows - h}, {0, cols - v}, {}}, 0)
}

// picker is the kernel [rows,cols,C,places·C] of the convolution that lays the
// values of each window side by side.
func (p window) picker(w *writer) tf.Output {
	c, n := p.in[2], p.places()
	kernel := make([]float32, n*c*n*c)
	for at := range n {
		for ch := range c {
			kernel[(at*c+ch)*n*c+at*c+ch] = 1
		}
	}
	return w.reshape(w.constant(kernel), p.rows, p.cols, c, n*c)
}
