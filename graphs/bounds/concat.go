package bounds

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// concat joins its inputs along one of the dims.
type concat struct {
	axis  int
	sizes []int64 // along the axis
	out   []int64
}

func (o concat) apply(w *writer, x []tf.Output, _ weights) tf.Output {
	return op.ConcatV2(w.s.Op("concat"), x, w.constant(int32(o.axis+1)))
}

func (o concat) transpose(w *writer, a tf.Output) []tf.Output {
	var parts []tf.Output
	begin := make([]int64, len(o.out))
	for _, n := range o.sizes {
		size := slices.Clone(o.out)
		size[o.axis] = n
		parts = append(parts, w.slice(a, slices.Clone(begin), size))
		begin[o.axis] += n
	}
	return parts
}

func (o concat) terms() (int64, int64) { return 0, 0 }

// readConcat is the rule of ConcatV2; constants among its inputs must be padding
// or the like, which is what Pad is for.
func readConcat(k *walk, o *tf.Operation, in []value) (*node, error) {
	axes, err := k.integers(in[len(in)-1])
	if err != nil {
		return nil, err
	}
	var parts []*node
	for _, v := range in[:len(in)-1] {
		if v.node == nil {
			return nil, refuse("a constant joined to values of the image")
		}
		parts = append(parts, v.node)
	}
	dims := k.dims(o.Output(0))
	axis := axes[0]
	if axis < 0 {
		axis += int64(len(dims)) + 1
	}
	if axis < 1 || axis > int64(len(dims)) {
		return nil, refuse("images joined to a batch")
	}
	c := concat{axis: int(axis - 1), out: dims}
	for _, p := range parts {
		if p.lead != parts[0].lead {
			return nil, refuse("values of different rows joined")
		}
		c.sizes = append(c.sizes, p.dims[c.axis])
	}
	return k.net.add(o.Name(), c, dims, parts...), nil
}
