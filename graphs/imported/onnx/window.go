package onnx

import (
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// maxPlaces is how many places a window may have where each of them is written out.
const maxPlaces = 1024

// window is how a kernel moves over the sizes of an image.
type window struct {
	in, kernel, stride, dilation []int64
	before, after                []int64 // padding
	beyond                       []int64 // more padding at the end, of ceil mode, which never counts
	extent                       []int64 // of the dilated kernel
	out                          []int64
}

func (p window) dilated() bool {
	return slices.ContainsFunc(p.dilation, func(d int64) bool { return d != 1 })
}

// window reads strides, dilations and padding of a kernel over x [N,C,sizes…].
func (n *node) window(x *value, kernel []int64) window {
	r := len(kernel)
	p := window{in: x.shape[2:], kernel: kernel, stride: n.each("strides", r), dilation: n.each("dilations", r),
		before: make([]int64, r), after: make([]int64, r), beyond: make([]int64, r), extent: make([]int64, r), out: make([]int64, r)}
	if k := n.ints("kernel_shape"); k != nil && !slices.Equal(k, kernel) {
		fail("want a kernel of the sizes that the node says, %v, got %v", k, kernel)
	}
	if len(p.in) != r || x.batch.axis > 1 {
		fail("want images of %d sizes, got %v", r, x.shape)
	}
	for i, k := range kernel {
		if k < 1 || k > 1<<20 || p.in[i] < 1 {
			fail("want kernels and images of at least 1, got %v and %v", kernel, p.in)
		}
		p.extent[i] = (k-1)*p.dilation[i] + 1
	}
	n.pads(&p)
	for i := range kernel {
		n.fit(&p, i)
	}
	return p
}

// each is an attribute with a positive number for each size.
func (n *node) each(name string, r int) []int64 {
	v := n.ints(name)
	if v == nil {
		v = slices.Repeat([]int64{1}, r)
	}
	if len(v) != r || slices.Min(v) < 1 || slices.Max(v) > 1<<20 {
		fail("attribute %s: want %d positive numbers, got %v", name, r, v)
	}
	return v
}

// pads reads the padding.
func (n *node) pads(p *window) {
	r := len(p.kernel)
	mode := n.text("auto_pad", "NOTSET")
	switch pads := n.ints("pads"); mode {
	case "NOTSET":
		if pads == nil {
			return
		}
		if len(pads) != 2*r || slices.Min(pads) < 0 || slices.Max(pads) > 1<<20 {
			fail("want %d numbers of padding of at least 0, got %v", 2*r, pads)
		}
		p.before, p.after = pads[:r], pads[r:]
	case "SAME_UPPER", "SAME_LOWER":
		for i, in := range p.in {
			out := (in + p.stride[i] - 1) / p.stride[i]
			total := max((out-1)*p.stride[i]+p.extent[i]-in, 0)
			p.before[i], p.after[i] = total/2, total-total/2
			if mode == "SAME_LOWER" {
				p.before[i], p.after[i] = p.after[i], p.before[i]
			}
		}
	case "VALID":
	default:
		fail("attribute auto_pad: want NOTSET, SAME_UPPER, SAME_LOWER or VALID, got %.20q", mode)
	}
}

// fit computes the size of the result. In ceil mode a window that begins in the
// padding behind the image is left out.
func (n *node) fit(p *window, i int) {
	room := p.in[i] + p.before[i] + p.after[i] - p.extent[i]
	if room < 0 {
		fail("want an image that holds the kernel %v, got %v", p.extent, p.in)
	}
	p.out[i] = room/p.stride[i] + 1
	if n.int("ceil_mode", 0) != 0 && room%p.stride[i] != 0 && p.out[i]*p.stride[i] < p.in[i]+p.before[i] {
		p.beyond[i] = p.out[i]*p.stride[i] - room
		p.out[i]++
	}
}

// same tells whether TensorFlow's SAME pads in this way.
func (p window) same() bool {
	for i, in := range p.in {
		out := (in + p.stride[i] - 1) / p.stride[i]
		total := max((out-1)*p.stride[i]+p.extent[i]-in, 0)
		if p.before[i] != total/2 || p.after[i]+p.beyond[i] != total-total/2 || p.out[i] != out {
			return false
		}
	}
	return true
}

// padded is the stored image x with its padding, and what is left to TensorFlow.
func (n *node) padded(x tf.Output, p window, value float64) (tf.Output, string) {
	bare := !slices.ContainsFunc(slices.Concat(p.before, p.after, p.beyond), func(v int64) bool { return v != 0 })
	switch {
	case bare:
		return x, "VALID"
	case p.same() && (len(p.stride) != 2 || p.stride[0] == p.stride[1]):
		return x, "SAME"
	}
	return n.pad(x, p, value), "VALID"
}

// pad puts value around the sizes of the stored image x.
func (n *node) pad(x tf.Output, p window, value float64) tf.Output {
	edges := [][]int32{{0, 0}}
	for i := range p.in {
		edges = append(edges, []int32{int32(p.before[i]), int32(p.after[i] + p.beyond[i])})
	}
	return n.op("PadV2", nil, x, n.constant(append(edges, []int32{0, 0})), n.float32(value))
}

// views are, for each place of the window, what of the stored image x lies there, in
// the shape of the result.
func (n *node) views(x tf.Output, p window, value float64) []tf.Output {
	if product64(p.kernel) > maxPlaces {
		fail("want a window of at most %d places, got %v", maxPlaces, p.kernel)
	}
	x = n.pad(x, p, value)
	var out []tf.Output
	at := make([]int64, len(p.kernel))
	for {
		begin, end, step := []int64{0}, []int64{-1}, []int64{1}
		for i, k := range at {
			from := k * p.dilation[i]
			begin, end, step = append(begin, from), append(end, from+(p.out[i]-1)*p.stride[i]+1), append(step, p.stride[i])
		}
		out = append(out, n.strided(x, append(begin, 0), append(end, -1), append(step, 1)))
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < p.kernel[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return out
		}
	}
}

// shares lists, for each place of the result, one divided by how many places of the
// window lie in the image, or in it and its padding where padding counts.
func (p window) shares(padding bool) []float32 {
	counts := []int64{1}
	product(p.out)
	for i := range p.in {
		product([]int64{p.out[i], p.kernel[i]})
		from, to := int64(0), p.in[i]
		if padding {
			from, to = -p.before[i], p.in[i]+p.after[i]
		}
		var next []int64
		for _, c := range counts {
			for o := range p.out[i] {
				inside := int64(0)
				for k := range p.kernel[i] {
					if at := o*p.stride[i] + k*p.dilation[i] - p.before[i]; at >= from && at < to {
						inside++
					}
				}
				next = append(next, c*inside)
			}
		}
		counts = next
	}
	shares := make([]float32, len(counts))
	for i, c := range counts {
		shares[i] = 1 / float32(max(c, 1))
	}
	return shares
}

// lowest is what counts as nothing in a maximum.
const lowest = -math.MaxFloat32
