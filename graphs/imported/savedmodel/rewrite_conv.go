package savedmodel

import (
	"slices"

	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"

	"unwarp/graphs"
)

// conv is a convolution without dilation (its gradient is wrong in C++, or aborts
// the process), explicit padding (an error) and groups (an error on CPUs without
// oneDNN, as channels first are).
func (r *rewriter) conv(n *nodepb.NodeDef) bool {
	x, c := r.images(n, 0)
	channels := int64(-1)
	if s := r.shape(input(n, 0)); len(s) == 4 {
		channels = s[3]
		if channelsFirst(n) {
			channels = s[1]
		}
	}
	kernel := r.shape(input(n, 1))
	w := r.plain(input(n, 1))
	if len(kernel) == 4 && !slices.Contains(kernel, -1) {
		w, kernel = r.dilated(c, w, kernel)
	}
	x = r.padded(c, x, "Pad")
	if y, ok := r.grouped(c, x, w, channels, kernel); ok {
		r.setImages(n, y)
		return true
	}
	c.Input = []string{x.String(), w.String()}
	r.write(c)
	r.setImages(n, graphs.Tensor{Node: c.Name})
	return true
}

// dilated puts zeros between the values of a kernel [H,W,I,O], and takes the
// dilation off the op.
func (r *rewriter) dilated(c *nodepb.NodeDef, w graphs.Tensor, kernel []int64) (graphs.Tensor, []int64) {
	d := c.Attr["dilations"].GetList().GetI()
	if len(d) != 4 || d[1] == 1 && d[2] == 1 {
		return w, kernel
	}
	c.Attr["dilations"] = listAttr([]int64{1, 1, 1, 1})
	name := c.Name + "/kernel"
	h, v, i, o := kernel[0], kernel[1], kernel[2], kernel[3]
	reshape := func(what string, x graphs.Tensor, shape ...int64) graphs.Tensor {
		return r.add(name+what, "Reshape", floatType("Tshape", int32Type), x, r.list(name+what+"/shape", shape...))
	}
	apart := reshape("/apart", w, h, 1, v, 1, i, o)
	zeros := r.ints(name+"/zeros", []int64{0, 0, 0, d[1] - 1, 0, 0, 0, d[2] - 1, 0, 0, 0, 0}, 6, 2)
	stuffed := reshape("/stuffed", r.add(name+"/pad", "Pad", floatType("Tpaddings", int32Type), apart, zeros), h*d[1], v*d[2], i, o)
	kernel = []int64{(h-1)*d[1] + 1, (v-1)*d[2] + 1, i, o}
	begin, end := r.list(name+"/begin", 0, 0, 0, 0), r.list(name+"/size", kernel...)
	return r.add(name+"/dilated", "Slice", floatType("Index", int32Type), stuffed, begin, end), kernel
}

// padded pads images as an op with explicit padding does, and takes it off the op.
func (r *rewriter) padded(c *nodepb.NodeDef, x graphs.Tensor, kind string) graphs.Tensor {
	if string(c.Attr["padding"].GetS()) != "EXPLICIT" {
		return x
	}
	pads := c.Attr["explicit_paddings"].GetList().GetI()
	c.Attr["padding"], c.Attr["explicit_paddings"] = textAttr("VALID"), listAttr(nil)
	if len(pads) != 8 {
		return x // TensorFlow has refused it
	}
	inputs := []graphs.Tensor{x, r.ints(c.Name+"/paddings", pads, 4, 2)}
	if kind == "PadV2" {
		inputs = append(inputs, r.constant(c.Name+"/lowest", lowest))
	}
	return r.add(c.Name+"/pad", kind, floatType("Tpaddings", int32Type), inputs...)
}

// grouped writes a convolution in groups: as a depthwise one where a group is one
// channel, else as one for each group.
func (r *rewriter) grouped(c *nodepb.NodeDef, x, w graphs.Tensor, channels int64, kernel []int64) (graphs.Tensor, bool) {
	if c.GetOp() != "Conv2D" || channels <= 0 || len(kernel) != 4 || kernel[2] <= 0 || channels == kernel[2] || channels%kernel[2] != 0 {
		return graphs.Tensor{}, false
	}
	groups, strides := channels/kernel[2], c.Attr["strides"].GetList().GetI()
	attrs := with(c.Attr)
	delete(attrs, "use_cudnn_on_gpu")
	if kernel[2] == 1 && len(strides) == 4 && strides[1] == strides[2] && kernel[3]%groups == 0 && !slices.Contains(kernel, -1) {
		shape := r.list(c.Name+"/depthwise/shape", kernel[0], kernel[1], channels, kernel[3]/groups)
		k := r.add(c.Name+"/depthwise", "Reshape", floatType("Tshape", int32Type), w, shape)
		return r.add(c.Name, "DepthwiseConv2dNative", attrs, x, k), true
	}
	axis := r.ints(c.Name+"/axis", []int64{3})
	images := r.add(c.Name+"/images", "Split", floatType("num_split", intAttr(groups)), axis, x)
	kernels := r.add(c.Name+"/kernels", "Split", floatType("num_split", intAttr(groups)), axis, w)
	parts := make([]graphs.Tensor, 0, groups+1)
	for g := range int(groups) {
		parts = append(parts, r.add(c.Name+"/group", "Conv2D", c.Attr, graphs.Tensor{Node: images.Node, Index: g}, graphs.Tensor{Node: kernels.Node, Index: g}))
	}
	return r.add(c.Name, "ConcatV2", floatType("N", intAttr(groups), "Tidx", int32Type), append(parts, axis)...), true
}

// convTransposed is the gradient of a convolution with respect to its images, as
// transposed convolutions are written.
func (r *rewriter) convTransposed(n *nodepb.NodeDef) bool {
	x, c := r.images(n, 2)
	sizes, w := r.plain(input(n, 0)), r.plain(input(n, 1))
	if kernel := r.shape(input(n, 1)); len(kernel) == 4 && !slices.Contains(kernel, -1) {
		w, _ = r.dilated(c, w, kernel)
	}
	if channelsFirst(n) {
		if s := r.shape(input(n, 0)); len(s) == 1 && s[0] == 4 {
			sizes = r.add(c.Name+"/sizes", "GatherV2", with(nil, "Tparams", int32Type, "Tindices", int32Type, "Taxis", int32Type),
				sizes, r.list(c.Name+"/order", 0, 2, 3, 1), r.ints(c.Name+"/first", []int64{0}))
		}
	}
	c.Input = []string{sizes.String(), w.String(), x.String()}
	r.write(c)
	r.setImages(n, graphs.Tensor{Node: c.Name})
	return true
}
