package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// permutation reorders the axes of a value; order names axes with the rows as 0.
type permutation struct{ order, back []int32 }

func (o permutation) injective() {}

func (o permutation) apply(w *writer, x []tf.Output, _ weights) tf.Output {
	return op.Transpose(w.s.Op("transpose"), x[0], w.constant(o.order))
}

func (o permutation) transpose(w *writer, a tf.Output) []tf.Output {
	return []tf.Output{op.Transpose(w.s.Op("transpose"), a, w.constant(o.back))}
}

func (o permutation) terms() (int64, int64) { return 0, 0 }

// readTranspose is the rule of Transpose.
func readTranspose(k *walk, o *tf.Operation, in []value) (*node, error) {
	order, err := k.integers(in[1])
	if err != nil {
		return nil, err
	}
	x := in[0].node
	if len(order) != len(x.dims)+1 || order[0] != 0 {
		return nil, refuse("a transpose that moves the batch")
	}
	p := permutation{make([]int32, len(order)), make([]int32, len(order))}
	dims := make([]int64, len(x.dims))
	for i, from := range order {
		p.order[i], p.back[from] = int32(from), int32(i)
		if i > 0 {
			dims[i-1] = x.dims[from-1]
		}
	}
	return k.net.add(o.Name(), p, dims, x), nil
}
