package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// transposedConvolution is ConvTranspose: the gradient of a convolution with respect
// to its image. Kernels of the file are [in,out/groups,sizes…].
func transposedConvolution(n *node) []*value {
	x, k := n.value(0), n.value(1)
	rank := x.rank()
	if rank < 3 || k.rank() != rank {
		fail("want images [N,C,sizes…] and a kernel of the same rank, got %v and %v", x.shape, k.shape)
	}
	groups := n.int("group", 1)
	if groups < 1 || x.shape[1] != k.shape[0] || k.shape[0]%groups != 0 {
		fail("want channels in %d groups that a kernel %v fits, got %v", groups, k.shape, x.shape)
	}
	p := n.transposedWindow(x, k.shape[2:])
	order := channelsLast(rank)
	in := n.read(x, order)
	var y tf.Output
	if rank == 4 {
		y = n.spread2(x, in, n.read(k, []int{2, 3, 1, 0}), k.shape, p, groups)
	} else {
		y = n.spreadAny(in, n.read(k, append(spatial(rank), 0, 1)), k.shape, p, groups)
	}
	y = n.crop(y, p, k.shape[1]*groups)
	if n.given(2) {
		y = n.op("BiasAdd", nil, y, n.plain(n.value(2)))
	}
	return []*value{n.w.made(y, order, x.batch)}
}

// transposedWindow is a window whose in is the result and whose beyond is the
// output padding: in + before + after is what the whole kernel reaches.
func (n *node) transposedWindow(x *value, kernel []int64) window {
	r := len(kernel)
	p := window{in: make([]int64, r), kernel: kernel, stride: n.each("strides", r), dilation: n.each("dilations", r),
		before: make([]int64, r), after: make([]int64, r), beyond: make([]int64, r), extent: make([]int64, r), out: x.shape[2:]}
	if extra := n.ints("output_padding"); extra != nil {
		if len(extra) != r || slices.Min(extra) < 0 || slices.Max(extra) > 1<<20 {
			fail("attribute output_padding: want %d numbers of at least 0, got %v", r, extra)
		}
		p.beyond = extra
	}
	wanted, mode := n.ints("output_shape"), n.text("auto_pad", "NOTSET")
	if wanted == nil && (mode == "NOTSET" || mode == "VALID") {
		for i := range p.out {
			p.in[i] = 1 // whatever fits: the padding is what counts
		}
		n.pads(&p)
	}
	for i, size := range p.out {
		p.extent[i] = (kernel[i]-1)*p.dilation[i] + 1
		whole := p.stride[i]*(size-1) + p.extent[i] + p.beyond[i]
		switch {
		case len(wanted) >= r:
			p.in[i] = wanted[len(wanted)-r+i]
		case mode == "SAME_UPPER" || mode == "SAME_LOWER":
			p.in[i] = size * p.stride[i]
		default:
			p.in[i] = whole - p.before[i] - p.after[i]
			continue
		}
		total := max(whole-p.in[i], 0)
		p.before[i], p.after[i] = total-total/2, total/2
		if mode == "SAME_UPPER" {
			p.before[i], p.after[i] = p.after[i], p.before[i]
		}
		p.beyond[i] += max(p.in[i]-whole, 0)
	}
	if slices.Min(p.in) < 1 {
		fail("want a result of at least one value, got sizes %v", p.in)
	}
	return p
}

// reach is the size that a kernel reaches without output padding.
func (p window) reach(i int) int64 { return p.stride[i]*(p.out[i]-1) + p.extent[i] }

// crop takes the padding away.
func (n *node) crop(y tf.Output, p window, channels int64) tf.Output {
	edges := make([][]int32, len(p.in)+2)
	begin, size := []int64{0}, []int64{-1}
	edges[0], edges[len(edges)-1] = []int32{0, 0}, []int32{0, 0}
	for i := range p.in {
		edges[1+i] = []int32{0, int32(p.beyond[i])}
		begin, size = append(begin, p.before[i]), append(size, p.in[i])
	}
	if slices.Max(p.beyond) > 0 {
		y = n.op("Pad", nil, y, n.constant(edges))
	}
	return n.slice(y, append(begin, 0), append(size, channels))
}

// spread2 computes images of two sizes before they are cropped.
func (n *node) spread2(x *value, in, kernel tf.Output, k []int64, p window, groups int64) tf.Output {
	if p.dilated() { // kernel is [h,w,out,in]
		kernel = n.dilate(kernel, p, []int64{k[0], k[1], k[2], k[3]})
	}
	sizes := n.dims([]int64{x.sizes(1)[0], p.reach(0), p.reach(1), k[1]}, x.batch)
	stride := []int64{1, p.stride[0], p.stride[1], 1}
	var parts []tf.Output
	kernels := n.split(kernel, 3, groups)
	for i, part := range n.split(in, 3, groups) {
		parts = append(parts, n.op("Conv2DBackpropInput", attrs{"strides": stride, "padding": "VALID"}, sizes, kernels[i], part))
	}
	y := n.concat(parts, 3)
	return n.reshape(y, []int64{-1, p.reach(0), p.reach(1), k[1] * groups})
}

// spreadAny computes images of any number of sizes: zeros between their values, and a
// convolution with the kernel turned round.
func (n *node) spreadAny(in, kernel tf.Output, k []int64, p window, groups int64) tf.Output {
	r := len(p.in)
	apart, edges, whole := []int64{-1}, [][]int32{{0, 0}}, []int64{-1}
	size := []int64{-1}
	q := window{kernel: p.kernel, dilation: p.dilation, stride: slices.Repeat([]int64{1}, r), beyond: make([]int64, r), extent: p.extent}
	axes := []int32{}
	for i, out := range p.out {
		apart, edges = append(apart, out, 1), append(edges, []int32{0, 0}, []int32{0, int32(p.stride[i] - 1)})
		whole, size = append(whole, out*p.stride[i]), append(size, (out-1)*p.stride[i]+1)
		q.in, q.out = append(q.in, size[1+i]), append(q.out, p.reach(i))
		q.before, q.after = append(q.before, p.extent[i]-1), append(q.after, p.extent[i]-1)
		axes = append(axes, int32(i))
	}
	x := n.op("Pad", nil, n.reshape(in, append(apart, k[0])), n.constant(append(edges, []int32{0, 0})))
	x = n.slice(n.reshape(x, append(whole, k[0])), make([]int64, r+2), append(size, k[0]))
	kernel = n.op("ReverseV2", nil, kernel, n.indices(axes...))
	kernel = n.concat(n.split(kernel, int32(r), groups), r+1)
	return n.convolveAny(x, kernel, append([]int64{k[1] * groups, k[0] / groups}, k[2:]...), q, groups)
}
