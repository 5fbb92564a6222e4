package bounds

import (
	tf "github.com/wamuir/graft/tensorflow"
)

// readDepthwise is the rule of DepthwiseConv2dNative. Its transpose is that of
// the convolution with a kernel [kh,kw,C,C·m] which is zero between channels:
// the gradient of a depthwise convolution has no gradient.
func readDepthwise(k *walk, o *tf.Operation, in []value) (*node, error) {
	x, kernel := in[0], in[1]
	shape, err := k.readKernel(o, x, kernel)
	if err != nil {
		return nil, err
	}
	kh, kw, c, m := shape[0], shape[1], shape[2], shape[3]
	own := k.w.reshape(k.w.constant(identity(c)), 1, 1, c, c, 1)
	full := k.w.mul(own, k.w.reshape(kernel.out, kh, kw, c, 1, m))
	dense := conv{
		kernel: k.w.reshape(full, kh, kw, c, c*m), shape: []int64{kh, kw, c, c * m},
		strides: numbers(o, "strides"), padding: text(o, "padding"), depthwise: kernel.out,
	}
	return k.addConv(o, dense, x.node, numbers(o, "dilations"))
}

// identity is the matrix [n,n], row by row.
func identity(n int64) []float32 {
	eye := make([]float32, n*n)
	for i := range n {
		eye[i*n+i] = 1
	}
	return eye
}
