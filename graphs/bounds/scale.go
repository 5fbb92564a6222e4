package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// scale is x times a constant that broadcasts to [N·lead, dims...]; with each
// it has a row for each image.
type scale struct {
	value tf.Output
	each  bool
	dims  []int64
	ops   int64 // roundings that went into the value, and those of the product
}

func (o scale) injective() {}

func (o scale) apply(w *writer, x []tf.Output, m weights) tf.Output {
	return w.mul(x[0], w.weight(o.value, m))
}

func (o scale) transpose(w *writer, a tf.Output) []tf.Output {
	if !o.each {
		return []tf.Output{w.mul(a, o.value)}
	}
	// a has K rows for each image, the value one.
	size := product(o.dims)
	rows := op.Reshape(w.s.Op("rows"), a, w.shapeWith(o.value, -1, size))
	x := w.mul(rows, w.reshape(o.value, -1, 1, size))
	return []tf.Output{w.reshape(x, append([]int64{-1}, o.dims...)...)}
}

func (o scale) terms() (int64, int64) { return o.ops, 1 }

// addScale adds x·v.
func (k *walk) addScale(name string, x *node, v tf.Output, ops int64) (*node, error) {
	each, err := k.broadcasts(x, v)
	if err != nil {
		return nil, err
	}
	return k.net.add(name, scale{v, each, x.dims, ops}, x.dims, x), nil
}

// readMul is the rule of Mul.
func readMul(k *walk, o *tf.Operation, in []value) (*node, error) {
	x, y := in[0], in[1]
	if x.node != nil && y.node != nil {
		return nil, errProduct
	}
	if x.node == nil {
		x, y = y, x
	}
	return k.addScale(o.Name(), x.node, y.out, 1)
}

// readDiv is the rule of Div and RealDiv.
func readDiv(k *walk, o *tf.Operation, in []value) (*node, error) {
	x, y := in[0], in[1]
	if x.node != nil && y.node != nil {
		return nil, errProduct
	}
	if y.node != nil {
		return nil, refuse("a division by a value of the image")
	}
	return k.addScale(o.Name(), x.node, k.w.div(k.w.scalar(1), y.out), 2)
}

// readNeg is the rule of Neg.
func readNeg(k *walk, o *tf.Operation, in []value) (*node, error) {
	return k.addScale(o.Name(), in[0].node, k.w.scalar(-1), 0)
}
