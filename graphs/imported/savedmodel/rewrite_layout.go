package savedmodel

import (
	"slices"

	nodepb "github.com/wamuir/graft/tensorflow/core/framework/node_def_go_proto"

	"unwarp/graphs"
)

// channelsFirst tells whether an op works on [B,C,H,W].
func channelsFirst(n *nodepb.NodeDef) bool {
	return string(n.GetAttr()["data_format"].GetS()) == "NCHW"
}

// lastOrder is a list over the axes B,C,H,W as one over B,H,W,C.
func lastOrder(a []int64) []int64 {
	if len(a) != 4 {
		return a
	}
	return []int64{a[0], a[2], a[3], a[1]}
}

// lastPairs is the same for pairs, one for each axis.
func lastPairs(a []int64) []int64 {
	if len(a) != 8 {
		return a
	}
	return []int64{a[0], a[1], a[4], a[5], a[6], a[7], a[2], a[3]}
}

// toLast makes a copy of an op on channels first one on channels last.
func toLast(c *nodepb.NodeDef) {
	c.Attr["data_format"] = textAttr("NHWC")
	for _, name := range []string{"strides", "ksize", "dilations"} {
		if a := c.Attr[name]; a != nil {
			c.Attr[name] = listAttr(lastOrder(a.GetList().GetI()))
		}
	}
	if a := c.Attr["explicit_paddings"]; a != nil {
		c.Attr["explicit_paddings"] = listAttr(lastPairs(a.GetList().GetI()))
	}
}

// images is input i of an op on images, channels last, and a copy of the op that
// works on them.
func (r *rewriter) images(n *nodepb.NodeDef, i int) (graphs.Tensor, *nodepb.NodeDef) {
	c := r.copy(n)
	if !channelsFirst(n) {
		return r.plain(input(n, i)), c
	}
	toLast(c)
	return r.last(input(n, i)), c
}

// setImages says what output 0 of an op on images is.
func (r *rewriter) setImages(n *nodepb.NodeDef, y graphs.Tensor) {
	if channelsFirst(n) {
		r.set(n, form{last: y})
	} else {
		r.set(n, form{plain: y})
	}
}

// channelwise is an op with images as its first input and nothing else that
// depends on the layout.
func (r *rewriter) channelwise(n *nodepb.NodeDef) bool {
	if !channelsFirst(n) || len(r.shape(input(n, 0))) != 4 {
		return false
	}
	x, c := r.images(n, 0)
	c.Input[0] = x.String()
	for i := 1; i < len(c.Input); i++ {
		c.Input[i] = r.plain(input(n, i)).String()
	}
	r.write(c)
	r.setImages(n, graphs.Tensor{Node: c.Name})
	return true
}

// elementwise computes with channels last what has this form already, so that no
// transpose stands between convolutions.
func (r *rewriter) elementwise(n *nodepb.NodeDef) bool {
	any := false
	for i := range n.GetInput() {
		t := input(n, i)
		switch {
		case r.hasLast(t) && len(r.shape(t)) == 4:
			any = true
		case r.shape(t) != nil && len(r.shape(t)) == 0: // a number
		case len(r.shape(t)) == 4: // as a parameter for each channel
		default:
			return false
		}
	}
	if !any {
		return false
	}
	c := r.copy(n)
	for i := range n.GetInput() {
		t := input(n, i)
		if len(r.shape(t)) == 0 {
			c.Input[i] = r.plain(t).String()
		} else {
			c.Input[i] = r.last(t).String()
		}
	}
	r.write(c)
	r.set(n, form{last: graphs.Tensor{Node: c.Name}})
	return true
}

// transpose takes the form that is there already.
func (r *rewriter) transpose(n *nodepb.NodeDef) bool {
	order, ok := r.flat.constantInts(input(n, 1))
	x := input(n, 0)
	switch {
	case !ok || len(r.shape(x)) != 4:
		return false
	case slices.Equal(order, []int64{0, 2, 3, 1}) && r.hasLast(x):
		r.set(n, form{plain: r.last(x)})
	case slices.Equal(order, []int64{0, 3, 1, 2}) && r.forms[x].plain.Node != "":
		r.set(n, form{last: r.plain(x)})
	default:
		return false
	}
	return true
}

// reduce is a reduction over height and width of what has channels last.
func (r *rewriter) reduce(n *nodepb.NodeDef) bool {
	axes, ok := r.flat.constantInts(input(n, 1))
	x := input(n, 0)
	if !ok || !r.hasLast(x) || len(r.shape(x)) != 4 || len(axes) != 2 {
		return false
	}
	slices.Sort(axes)
	if !slices.Equal(axes, []int64{2, 3}) && !slices.Equal(axes, []int64{-2, -1}) {
		return false
	}
	c := r.copy(n)
	c.Attr["Tidx"] = int32Type
	c.Input = []string{r.last(x).String(), r.list(n.GetName()+"/axes", 1, 2).String()}
	r.write(c)
	if y := (graphs.Tensor{Node: c.Name}); n.GetAttr()["keep_dims"].GetB() {
		r.set(n, form{last: y})
	} else {
		r.set(n, form{plain: y})
	}
	return true
}
