package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// convolution is Conv. Images are stored channels last, kernels
// [height,width,in/groups,out].
func convolution(n *node) []*value {
	x, k := n.value(0), n.value(1)
	rank := x.rank()
	if rank < 3 || k.rank() != rank {
		fail("want images [N,C,sizes…] and a kernel of the same rank, got %v and %v", x.shape, k.shape)
	}
	p := n.window(x, k.shape[2:])
	groups := n.int("group", 1)
	if groups < 1 || x.shape[1] != k.shape[1]*groups || k.shape[0]%groups != 0 {
		fail("want channels in %d groups that a kernel %v fits, got %v", groups, k.shape, x.shape)
	}
	var y tf.Output
	order := channelsLast(rank)
	kernel := n.read(k, append(spatial(rank), 1, 0))
	if rank == 4 {
		y = n.convolve2(n.read(x, order), kernel, k.shape, p, groups)
	} else {
		y = n.convolveAny(n.read(x, order), kernel, k.shape, p, groups)
	}
	if n.given(2) {
		y = n.op("BiasAdd", nil, y, n.plain(n.value(2)))
	}
	return []*value{n.w.made(y, order, x.batch)}
}

// channelsLast is the order [N,sizes…,C].
func channelsLast(rank int) []int { return append(append([]int{0}, spatial(rank)...), 1) }

// spatial are the axes of the sizes.
func spatial(rank int) []int {
	var axes []int
	for i := 2; i < rank; i++ {
		axes = append(axes, i)
	}
	return axes
}

// convolve2 convolves images of two sizes. The gradients of grouped and of dilated
// convolutions, and of explicit padding, are wrong or missing in TensorFlow: groups
// are split, kernels dilated by zeros, images padded.
func (n *node) convolve2(x, kernel tf.Output, k []int64, p window, groups int64) tf.Output {
	depthwise := groups > 1 && k[1] == 1
	if p.dilated() {
		kernel = n.dilate(kernel, p, k)
	}
	x, padding := n.padded(x, p, 0)
	stride := []int64{1, p.stride[0], p.stride[1], 1}
	switch {
	case depthwise:
		kernel = n.reshape(kernel, []int64{p.extent[0], p.extent[1], groups, k[0] / groups})
		return n.depthwise(x, kernel, stride, padding)
	case groups == 1:
		return n.op("Conv2D", attrs{"strides": stride, "padding": padding}, x, kernel)
	}
	var parts []tf.Output
	kernels := n.split(kernel, 3, groups)
	for i, part := range n.split(x, 3, groups) {
		parts = append(parts, n.op("Conv2D", attrs{"strides": stride, "padding": padding}, part, kernels[i]))
	}
	return n.concat(parts, 3)
}

// depthwise convolves each channel by itself. TensorFlow wants equal strides: where
// they differ, the result at every place is thinned out.
func (n *node) depthwise(x, kernel tf.Output, stride []int64, padding string) tf.Output {
	if stride[1] == stride[2] {
		return n.op("DepthwiseConv2dNative", attrs{"strides": stride, "padding": padding}, x, kernel)
	}
	if padding == "SAME" {
		fail("want a padding of zeros that is written out where strides differ, got %v", stride)
	}
	y := n.op("DepthwiseConv2dNative", attrs{"strides": []int64{1, 1, 1, 1}, "padding": padding}, x, kernel)
	d, err := y.Shape().ToSlice()
	if err != nil {
		fail("%w", err)
	}
	return n.strided(y, []int64{0, 0, 0, 0}, d, stride)
}

// split parts an axis of a stored value equally.
func (n *node) split(x tf.Output, axis int32, parts int64) []tf.Output {
	if parts == 1 { // whose gradient cannot be built
		return []tf.Output{x}
	}
	o := n.w.add(n.at, "Split", attrs{"num_split": parts}, n.constant(axis), x)
	return outputs(o)
}

func outputs(o *tf.Operation) []tf.Output {
	out := make([]tf.Output, o.NumOutputs())
	for i := range out {
		out[i] = o.Output(i)
	}
	return out
}

func (n *node) concat(parts []tf.Output, axis int) tf.Output {
	if len(parts) == 1 {
		return parts[0]
	}
	return n.w.add(n.at, "ConcatV2", nil, tf.OutputList(parts), n.constant(int32(axis))).Output(0)
}

// dilate puts zeros between the rows and columns of a kernel [h,w,in,out].
func (n *node) dilate(kernel tf.Output, p window, k []int64) tf.Output {
	h, w, rest := k[2], k[3], k[1]*k[0]
	dh, dw := p.dilation[0], p.dilation[1]
	y := n.reshape(kernel, []int64{h, 1, w, 1, rest})
	y = n.op("Pad", nil, y, n.constant([][]int32{{0, 0}, {0, int32(dh - 1)}, {0, 0}, {0, int32(dw - 1)}, {0, 0}}))
	y = n.reshape(y, []int64{h * dh, w * dw, k[1], k[0]})
	return n.slice(y, []int64{0, 0, 0, 0}, []int64{p.extent[0], p.extent[1], k[1], k[0]})
}

// slice cuts size values from begin, -1 for all that are left.
func (n *node) slice(x tf.Output, begin, size []int64) tf.Output {
	return n.op("Slice", nil, x, n.narrow(begin), n.narrow(size))
}

// strided takes every step-th value from begin up to end; what is negative in end
// is up to the end.
func (n *node) strided(x tf.Output, begin, end, step []int64) tf.Output {
	mask := int64(0)
	for i, e := range end {
		if e < 0 {
			mask |= 1 << i
		}
	}
	return n.op("StridedSlice", attrs{"end_mask": mask}, x, n.narrow(begin), n.narrow(end), n.narrow(step))
}

// convolveAny convolves images of any number of sizes: a product with the kernel
// at each of its places, added up.
func (n *node) convolveAny(x, kernel tf.Output, k []int64, p window, groups int64) tf.Output {
	sizes := len(p.kernel)
	flat := n.reshape(kernel, []int64{product64(p.kernel), k[1], k[0]})
	var sum []tf.Output
	for i, view := range n.views(x, p, 0) {
		w := n.reshape(n.slice(flat, []int64{int64(i), 0, 0}, []int64{1, k[1], k[0]}), []int64{k[1], k[0]})
		var parts []tf.Output
		columns := n.split(w, 1, groups)
		for g, part := range n.split(n.reshape(view, []int64{-1, k[1] * groups}), 1, groups) {
			parts = append(parts, n.op("MatMul", nil, part, columns[g]))
		}
		sum = append(sum, n.concat(parts, 1))
	}
	y := n.addAll(sum)
	shape := append([]int64{-1}, p.out...)
	return n.reshape(y, append(slices.Clip(shape[:1+sizes]), k[0]))
}

func (n *node) addAll(x []tf.Output) tf.Output {
	if len(x) == 1 {
		return x[0]
	}
	return n.w.add(n.at, "AddN", nil, tf.OutputList(x)).Output(0)
}
