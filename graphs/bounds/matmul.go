package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// matmul is x·W of rows x [N,D], W [D,M], or x·Wᵀ of W [M,D].
type matmul struct {
	kernel     tf.Output
	transposed bool
	in, out    int64
}

func (o matmul) apply(w *writer, x []tf.Output, m weights) tf.Output {
	return op.MatMul(w.s.Op("matmul"), x[0], w.weight(o.kernel, m), op.MatMulTransposeB(o.transposed))
}

func (o matmul) transpose(w *writer, a tf.Output) []tf.Output {
	return []tf.Output{op.MatMul(w.s.Op("matmul"), a, o.kernel, op.MatMulTransposeB(!o.transposed))}
}

func (o matmul) terms() (int64, int64) { return o.in, o.out }

func (o matmul) largest(w *writer) tf.Output {
	axis := int32(0)
	if o.transposed {
		axis = 1
	}
	return op.Max(w.s.Op("largest"), w.abs(o.kernel), w.constant([]int32{axis}))
}

// readMatMul is the rule of MatMul.
func readMatMul(k *walk, o *tf.Operation, in []value) (*node, error) {
	x, kernel := in[0], in[1]
	if x.node == nil || kernel.node != nil {
		return nil, refuse("a product whose second factor is no constant")
	}
	if flag(o, "transpose_a") || flag(o, "transpose_b") && len(x.node.dims) != 1 || len(x.node.dims) != 1 {
		return nil, refuse("a matrix product of rank 2 without transpose_a is wanted")
	}
	dims := k.dims(o.Output(0))
	if len(dims) != 1 || dims[0] < 1 {
		return nil, refuse("unknown sizes")
	}
	return k.net.add(o.Name(), matmul{kernel.out, flag(o, "transpose_b"), x.node.dims[0], dims[0]}, dims, x.node), nil
}
