package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// maxPool is MaxPool. Windows that TensorFlow's op cannot do are written out.
func maxPool(n *node) []*value {
	if len(n.Out) > 1 && n.Out[1] != "" {
		fail("want MaxPool without the places of the maxima, its second output")
	}
	x := n.value(0)
	p := n.window(x, n.kernelShape())
	order := channelsLast(x.rank())
	in := n.read(x, order)
	if x.rank() == 4 && !p.dilated() && !n.at.TwiceDifferentiable() {
		in, padding := n.padded(in, p, lowest)
		y := n.op("MaxPool", p.poolAttributes(padding), in)
		return []*value{n.w.made(y, order, x.batch)}
	}
	views := n.views(in, p, lowest)
	y := views[0]
	for _, v := range views[1:] {
		y = n.op("Maximum", nil, y, v)
	}
	return []*value{n.w.made(y, order, x.batch)}
}

func (n *node) kernelShape() []int64 {
	k := n.ints("kernel_shape")
	if len(k) == 0 {
		fail("want the attribute kernel_shape")
	}
	return k
}

func (p window) poolAttributes(padding string) attrs {
	return attrs{"ksize": []int64{1, p.kernel[0], p.kernel[1], 1}, "strides": []int64{1, p.stride[0], p.stride[1], 1}, "padding": padding}
}

// averagePool is AveragePool.
func averagePool(n *node) []*value {
	x := n.value(0)
	p := n.window(x, n.kernelShape())
	order, counts := channelsLast(x.rank()), n.int("count_include_pad", 0) != 0
	in, whole := n.read(x, order), product64(p.kernel)
	shares := p.shares(counts)
	var y tf.Output
	switch {
	case x.rank() == 4 && !p.dilated() && !n.at.TwiceDifferentiable():
		padded, padding := n.padded(in, p, 0)
		if padding == "SAME" && !counts {
			y = n.op("AvgPool", p.poolAttributes(padding), in)
			return []*value{n.w.made(y, order, x.batch)}
		}
		if padding == "SAME" {
			padded = n.pad(in, p, 0)
		}
		y = n.op("AvgPool", p.poolAttributes("VALID"), padded)
		for i := range shares {
			shares[i] *= float32(whole)
		}
	default:
		y = n.addAll(n.views(in, p, 0))
	}
	if slices.ContainsFunc(shares, func(s float32) bool { return s != 1 }) {
		share := n.reshape(n.constant(shares), append(append([]int64{1}, p.out...), 1))
		y = n.op("Mul", nil, y, share)
	}
	return []*value{n.w.made(y, order, x.batch)}
}

// globalPool reduces all sizes by an op of TensorFlow.
func globalPool(kind string) func(n *node) []*value {
	return func(n *node) []*value {
		x := n.value(0)
		if x.rank() < 3 {
			fail("want images [N,C,sizes…], got %v", x.shape)
		}
		var axes []int64
		for _, a := range spatial(x.rank()) {
			axes = append(axes, int64(a))
		}
		return n.like(x, n.reduce(kind, n.read(x, x.order), x.places(axes)))
	}
}

// reduce reduces places of a stored value to size 1.
func (n *node) reduce(kind string, x tf.Output, places []int32) tf.Output {
	return n.op(kind, attrs{"keep_dims": true}, x, n.indices(places...))
}

// lrn is LRN, across channels.
func lrn(n *node) []*value {
	x := n.value(0)
	size := n.int("size", 0)
	if x.rank() != 4 || size < 1 || size%2 == 0 {
		fail("want images of rank 4 and an odd size, got %v and %d", x.shape, size)
	}
	order := channelsLast(4)
	y := n.op("LRN", attrs{"depth_radius": size / 2, "bias": float32(n.float("bias", 1)),
		"alpha": float32(n.float("alpha", .0001) / float64(size)), "beta": float32(n.float("beta", .75))}, n.read(x, order))
	return []*value{n.w.made(y, order, x.batch)}
}
