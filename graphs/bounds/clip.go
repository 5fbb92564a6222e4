package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// readClip is the rule of ClipByValue: a maximum, then a minimum.
func readClip(k *walk, o *tf.Operation, in []value) (*node, error) {
	if in[0].node == nil || in[1].node != nil || in[2].node != nil {
		return nil, refuse("clipping by a value of the image")
	}
	x, err := k.addMaximum(o.Name(), in[0].node, in[1].out, 1)
	if err != nil {
		return nil, err
	}
	return k.addMaximum(o.Name(), x, in[2].out, -1)
}

// readRelu6 is the rule of Relu6.
func readRelu6(k *walk, o *tf.Operation, in []value) (*node, error) {
	return k.addMaximum(o.Name(), k.addRelu(o.Name(), in[0].node), k.w.scalar(6), -1)
}

// readMaximum is the rule of Maximum, readMinimum of Minimum.
func readMaximum(k *walk, o *tf.Operation, in []value) (*node, error) { return k.readExtreme(o, in, 1) }
func readMinimum(k *walk, o *tf.Operation, in []value) (*node, error) {
	return k.readExtreme(o, in, -1)
}

// readExtreme is max(x,y) with sign 1, min(x,y) with -1.
func (k *walk) readExtreme(o *tf.Operation, in []value, sign float64) (*node, error) {
	x, y := in[0], in[1]
	if x.node == nil {
		x, y = y, x
	}
	if y.node == nil {
		return k.addMaximum(o.Name(), x.node, y.out, sign)
	}
	if !sameShape(x.node, y.node) {
		return nil, refuse("values of different shapes")
	}
	// max(x,y) = x + relu(y-x), min(x,y) = x - relu(x-y)
	difference := k.net.add(o.Name(), sum{[]float64{-sign, sign}}, x.node.dims, x.node, y.node)
	rest := k.addRelu(o.Name(), difference)
	return k.net.add(o.Name(), sum{[]float64{1, sign}}, x.node.dims, x.node, rest), nil
}

// addMaximum is max(x,v) = v + relu(x-v) with sign 1, min(x,v) = v - relu(v-x)
// with -1.
func (k *walk) addMaximum(name string, x *node, v tf.Output, sign float64) (*node, error) {
	if sign < 0 {
		x = k.net.add(name, sum{[]float64{-1}}, x.dims, x)
	}
	x, err := k.addShift(name, x, v, -sign)
	if err != nil {
		return nil, err
	}
	x = k.addRelu(name, x)
	if sign < 0 {
		x = k.net.add(name, sum{[]float64{-1}}, x.dims, x)
	}
	return k.addShift(name, x, v, 1)
}
