package savedmodel

import (
	"fmt"
	"slices"

	"unwarp/graphs"
	"unwarp/graphs/imported"
)

// imageOf describes the input.
func (s signature) imageOf(g *flatGraph, o imported.Options) (imported.Image, error) {
	im := imported.Image{Name: s.inputName, Type: typeName(s.input.GetDtype())}
	shape := s.imageShape()
	known := func(i int) int { return int(max(shape[i], 0)) }
	if len(shape) > 0 {
		im.Batch = known(0)
	}
	switch {
	case shape == nil:
	case len(shape) == 4 && channelsComeFirst(shape, g, o.Layout):
		im.ChannelsFirst, im.C, im.H, im.W = true, known(1), known(2), known(3)
	case len(shape) == 4:
		im.H, im.W, im.C = known(1), known(2), known(3)
	case len(shape) == 3:
		im.Flat, im.H, im.W, im.C = true, known(1), known(2), 1
	case len(shape) == 2:
		im.Flat = true
	default:
		return im, fmt.Errorf("input %.40q: want images [B,H,W,C], [B,C,H,W], [B,H,W] or rows of pixels, got shape %v", im.Name, shape)
	}
	if shape == nil && o.Layout == imported.ChannelsFirst {
		im.ChannelsFirst = true
	}
	return im, nil
}

// channelsComeFirst tells whether images are [B,C,H,W]: by the option, by sizes that
// only channels have, or by what the graph does with them.
func channelsComeFirst(shape []int64, g *flatGraph, l imported.Layout) bool {
	if l != "" {
		return l == imported.ChannelsFirst
	}
	few := func(n int64) bool { return n >= 1 && n <= 4 }
	if first, last := few(shape[1]), few(shape[3]); first != last {
		return first
	}
	for _, n := range g.nodes {
		switch n.GetOp() {
		case "Conv2D", "MaxPool", "AvgPool", "DepthwiseConv2dNative":
			return channelsFirst(n)
		case "Transpose":
			if order, ok := g.constantInts(input(n, 1)); ok && input(n, 0).Node == imageNode {
				return slices.Equal(order, []int64{0, 2, 3, 1})
			}
		}
	}
	return false
}

// setImage says what the images, [B,H,W,C], are in the file's layout.
func (r *rewriter) setImage(im imported.Image, shape []int64) {
	at := graphs.Tensor{Node: imageNode}
	f := form{plain: at}
	switch {
	case im.ChannelsFirst:
		f = form{last: at}
	case im.Flat:
		to := append([]int64{-1}, shape[1:]...)
		if !slices.Contains(to[1:], -1) {
			f.plain = r.add("rows", "Reshape", floatType("Tshape", int32Type), at, r.list("rows/shape", to...))
		} else { // one row of pixels, as many as the images have
			f.plain = r.add("rows", "Reshape", floatType("Tshape", int32Type), at, r.add("rows/shape", "ConcatV2", with(nil, "T", int32Type, "N", intAttr(2), "Tidx", int32Type),
				r.firstSizes(at, len(shape)-1), r.list("rows/rest", -1), r.ints("rows/axis", []int64{0})))
		}
	}
	r.forms[at] = f
}

// firstSizes are the first n sizes of a tensor, as a list.
func (r *rewriter) firstSizes(t graphs.Tensor, n int) graphs.Tensor {
	shape := r.add("rows/sizes", "Shape", floatType("out_type", int32Type), t)
	return r.add("rows/first", "Slice", with(nil, "T", int32Type, "Index", int32Type), shape, r.list("rows/begin", 0), r.list("rows/count", int64(n)))
}
