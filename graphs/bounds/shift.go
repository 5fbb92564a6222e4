package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// shift is x + sign·value. value broadcasts to [N·lead, dims...]; with each it
// has a row for each image.
type shift struct {
	value tf.Output
	sign  float64
	each  bool
	size  tf.Output // what value was computed from, added up as absolute values; zero Output: value itself
}

func (o *shift) propagate(w *writer, in interval) interval {
	v := w.times(o.sign, o.value)
	out := in
	out.c = w.add(in.c, v)
	if in.point.Op != nil {
		out.point = w.add(in.point, v)
	}
	if len(in.slopes) > 0 {
		out.reach = w.widen(in.reach, w.add(w.pathSize(in), o.magnitude(w)), slack)
	}
	if w.on() {
		size := w.add(w.add(w.abs(in.c), in.r), o.magnitude(w))
		out.r = w.widen(in.r, size, slack)
		if in.point.Op != nil && len(in.slopes) == 0 {
			out.loose = w.loosen(in, size, slack)
		}
	}
	return out
}

// magnitude is the absolute value of the constant.
func (o *shift) magnitude(w *writer) tf.Output {
	if o.size.Op != nil {
		return o.size
	}
	return w.abs(o.value)
}

// spread is a constant of the shift for each value of n, [1,1,n], or [B,1,n]
// where it has a row for each image.
func (o *shift) spread(w *writer, v tf.Output, n *node) tf.Output {
	if o.each {
		return w.reshape(v, -1, 1, n.size())
	}
	zeros := op.Fill(w.s.Op("zeros"), w.constant(append([]int64{n.lead}, n.dims...)), w.scalar(0))
	return w.reshape(w.add(zeros, v), 1, 1, n.size())
}

// readBiasAdd is the rule of BiasAdd.
func readBiasAdd(k *walk, o *tf.Operation, in []value) (*node, error) {
	if f := text(o, "data_format"); f != "NHWC" {
		return nil, refuse("data format " + f)
	}
	return k.readSum(o, in, 1)
}

// addShift adds x + sign·v.
func (k *walk) addShift(name string, x *node, v tf.Output, sign float64) (*node, error) {
	each, err := k.broadcasts(x, v)
	if err != nil {
		return nil, err
	}
	return k.net.add(name, &shift{value: v, sign: sign, each: each}, x.dims, x), nil
}

// byChannel reports whether v has the same value in all rows and columns.
func byChannel(v tf.Output) bool {
	sh := v.Shape()
	for i := range sh.NumDimensions() - 1 {
		if sh.Size(i) != 1 {
			return false
		}
	}
	return sh.NumDimensions() >= 0
}

// broadcasts reports whether the constant v has a row for each image, and
// refuses one that makes x larger.
func (k *walk) broadcasts(x *node, v tf.Output) (each bool, err error) {
	sh := v.Shape()
	rank := sh.NumDimensions()
	if rank < 0 || rank > len(x.dims)+1 {
		return false, refuse("a constant of unknown or higher rank")
	}
	each = rank == len(x.dims)+1 && sh.Size(0) != 1
	whole := true
	for i := range rank {
		at := i - (rank - len(x.dims)) // axis in dims; -1 is the rows'
		if at < 0 {
			continue
		}
		if size := sh.Size(i); size != x.dims[at] {
			whole = false
			if size != 1 {
				return false, refuse("a constant that makes the value larger")
			}
		}
	}
	if each && (!k.options.training || !whole || x.lead != 1) {
		return false, refuse("a constant with a row for each image")
	}
	return each, nil
}
