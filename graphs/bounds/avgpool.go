package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// avgpool is the mean of windows; padding does not count.
type avgpool struct{ window }

func (o avgpool) apply(w *writer, x []tf.Output, m weights) tf.Output {
	y := op.AvgPool(w.s.Op("avgpool"), x[0], []int64{1, o.rows, o.cols, 1}, o.strides, o.padding)
	if m == squared {
		return w.mul(y, o.shares(w))
	}
	return y
}

// transpose gives each value of a window its share. It is no AvgPoolGrad, which
// has no gradient.
func (o avgpool) transpose(w *writer, a tf.Output) []tf.Output {
	share := w.mul(a, o.shares(w))
	c := o.in[2]
	alike := op.Tile(w.s.Op("kernel"), w.reshape(w.constant(identity(c)), 1, 1, c, c), w.constant([]int32{int32(o.rows), int32(o.cols), 1, 1}))
	x := op.Conv2DBackpropInput(w.s.Op("transposed"), w.shapeWith(share, o.in...), alike, share, o.strides, o.padding)
	return []tf.Output{w.reshape(x, append([]int64{-1}, o.in...)...)}
}

func (o avgpool) terms() (int64, int64) { return o.places(), o.places() + 1 }

// shares is 1 over the number of values of each window, [outputs rows, cols, 1].
func (o avgpool) shares(w *writer) tf.Output {
	e := o.edges()
	var share []float32
	for i := range o.out[0] {
		for j := range o.out[1] {
			r := overlap(i*o.strides[1]-e[0][0], o.rows, o.in[0])
			c := overlap(j*o.strides[2]-e[1][0], o.cols, o.in[1])
			share = append(share, 1/float32(r*c))
		}
	}
	return w.reshape(w.constant(share), o.out[0], o.out[1], 1)
}

// overlap is how many of size values from one on lie within [0,side).
func overlap(from, size, side int64) int64 { return min(from+size, side) - max(from, 0) }

// readAvgPool is the rule of AvgPool.
func readAvgPool(k *walk, o *tf.Operation, in []value) (*node, error) {
	x := in[0].node
	p, err := k.readWindow(o, x)
	if err != nil {
		return nil, err
	}
	return k.net.add(o.Name(), avgpool{p}, p.out, x), nil
}
