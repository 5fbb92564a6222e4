package bounds

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// reduction is the sum over axes of a node, times share: a mean where share is
// 1 over their number.
type reduction struct {
	axes  []int64 // of dims
	keep  bool
	share float64
	in    []int64
}

func (o reduction) count() int64 {
	n := int64(1)
	for _, a := range o.axes {
		n *= o.in[a]
	}
	return n
}

func (o reduction) apply(w *writer, x []tf.Output, m weights) tf.Output {
	var axes []int32
	for _, a := range o.axes {
		axes = append(axes, int32(a)+1)
	}
	share := o.share
	if m == squared {
		share *= share
	}
	return w.times(share, op.Sum(w.s.Op("sum"), x[0], w.constant(axes), op.SumKeepDims(o.keep)))
}

func (o reduction) transpose(w *writer, a tf.Output) []tf.Output {
	kept, multiples := []int64{-1}, []int32{1}
	for i, d := range o.in {
		if slices.Contains(o.axes, int64(i)) {
			kept, multiples = append(kept, 1), append(multiples, int32(d))
		} else {
			kept, multiples = append(kept, d), append(multiples, 1)
		}
	}
	spread := op.Tile(w.s.Op("spread"), w.reshape(a, kept...), w.constant(multiples))
	return []tf.Output{w.times(o.share, spread)}
}

func (o reduction) terms() (int64, int64) { return o.count() + 2, 1 }

// readMean is the rule of Mean, readTotal of Sum.
func readMean(k *walk, o *tf.Operation, in []value) (*node, error) {
	return k.readReduction(o, in, true)
}
func readTotal(k *walk, o *tf.Operation, in []value) (*node, error) {
	return k.readReduction(o, in, false)
}

func (k *walk) readReduction(o *tf.Operation, in []value, mean bool) (*node, error) {
	x := in[0].node
	axes, err := k.integers(in[1])
	if err != nil {
		return nil, err
	}
	r := reduction{keep: flag(o, "keep_dims"), share: 1, in: x.dims}
	for _, a := range axes {
		if a < 0 {
			a += int64(len(x.dims)) + 1
		}
		if a < 1 || a > int64(len(x.dims)) {
			return nil, refuse("a sum over images")
		}
		r.axes = append(r.axes, a-1)
	}
	if mean {
		r.share = 1 / float64(r.count())
	}
	return k.net.add(o.Name(), r, k.dims(o.Output(0)), x), nil
}
