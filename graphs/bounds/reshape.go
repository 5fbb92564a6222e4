package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// reshape gives a value other dims, in the same order.
type reshape struct{ in, out []int64 }

func (o reshape) injective() {}

func (o reshape) apply(w *writer, x []tf.Output, _ weights) tf.Output {
	return w.reshape(x[0], append([]int64{-1}, o.out...)...)
}

func (o reshape) transpose(w *writer, a tf.Output) []tf.Output {
	return []tf.Output{w.reshape(a, append([]int64{-1}, o.in...)...)}
}

func (o reshape) terms() (int64, int64) { return 0, 0 }

// readReshape is the rule of Reshape, Squeeze and ExpandDims. Where the batch
// is unknown, so must be the first size of the result.
func readReshape(k *walk, o *tf.Operation, in []value) (*node, error) {
	x, out := in[0].node, o.Output(0)
	dims := k.dims(out)
	if dims == nil || product(dims) < 1 || x.size()%product(dims) != 0 {
		return nil, refuse("a reshape to unknown sizes")
	}
	return k.addReshape(o.Name(), x, dims, out.Shape().Size(0))
}

// addReshape reshapes x to rows of dims; first is the static number of rows.
func (k *walk) addReshape(name string, x *node, dims []int64, first int64) (*node, error) {
	lead := x.size() / product(dims)
	want := int64(-1)
	if k.batch > 0 {
		want = k.batch * lead
	}
	if first != want {
		return nil, refuse("a reshape that moves the batch")
	}
	y := k.net.add(name, reshape{x.dims, dims}, dims, x)
	y.lead = lead
	return y, nil
}
