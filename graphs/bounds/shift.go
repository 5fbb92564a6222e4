package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
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
	if w.on() {
		out.r = w.widen(in.r, w.add(w.add(w.abs(in.c), in.r), o.magnitude(w)), slack)
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
