package onnx

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// padNode is Pad.
func padNode(n *node) []*value {
	x := n.value(0)
	edges := n.edges(x.rank())
	if at := x.batch.axis; at != none && edges[at] != [2]int64{} {
		fail("want padding within each image, got axis %d of %v", at, x.shape)
	}
	mode := n.text("mode", "constant")
	v := n.trimmed(x, edges)
	switch mode {
	case "constant":
		return []*value{n.padConstant(v, edges)}
	case "reflect", "edge", "wrap":
		for axis, e := range edges {
			if max(e[0], 0) == 0 && max(e[1], 0) == 0 {
				continue
			}
			v = n.picked(v, axis, mirror(mode, v.shape[axis], max(e[0], 0), max(e[1], 0)))
		}
		same := *v
		return []*value{&same}
	}
	fail("attribute mode: want constant, reflect, edge or wrap, got %.20q", mode)
	return nil
}

// edges are what is put before and behind each axis; negative numbers cut off.
func (n *node) edges(rank int) [][2]int64 {
	pads := n.ints("pads")
	if n.given(1) {
		pads = n.known(1, "paddings").integers()
	}
	var axes []int64
	for i := range rank {
		axes = append(axes, int64(i))
	}
	if n.given(3) {
		axes = axesOf(n.known(3, "axes").integers(), rank)
	}
	if len(pads) != 2*len(axes) || len(pads) > 0 && (slices.Max(pads) > 1<<20 || slices.Min(pads) < -1<<40) {
		fail("want two paddings for each of %d axes, got %v", len(axes), pads)
	}
	edges := make([][2]int64, rank)
	for i, a := range axes {
		edges[a] = [2]int64{pads[i], pads[i+len(axes)]}
	}
	return edges
}

// trimmed cuts off what negative paddings say.
func (n *node) trimmed(x *value, edges [][2]int64) *value {
	for axis, e := range edges {
		before, after := max(-e[0], 0), max(-e[1], 0)
		if before+after > 0 {
			if before+after > x.shape[axis] {
				fail("want paddings that leave something, got %v of %v", e, x.shape)
			}
			x = n.cut(x, axis, before, x.shape[axis]-before-after)
		}
	}
	return x
}

func (n *node) padConstant(x *value, edges [][2]int64) *value {
	rows := make([][]int32, len(edges))
	for i, e := range edges {
		rows[i] = []int32{int32(max(e[0], 0)), int32(max(e[1], 0))}
	}
	in := n.read(x, x.order)
	number := n.op("Cast", attrs{"DstT": in.DataType()}, n.float32(n.float("value", 0)))
	if n.given(2) && product64(n.in[2].shape) == 1 {
		number = n.reshape(n.plain(n.value(2)), []int64{})
	}
	if len(rows) == 0 {
		return x
	}
	return n.w.made(n.op("PadV2", nil, in, n.constant(stored(x, rows)), number), x.order, x.batch)
}

// mirror lists the entries of an axis of a size with what is put around them.
func mirror(mode string, size, before, after int64) []int64 {
	if size < 1 || mode == "reflect" && size < 2 && before+after > 0 {
		fail("want an axis that can be continued, got size %d", size)
	}
	var out []int64
	for i := -before; i < size+after; i++ {
		at := i
		switch mode {
		case "edge":
			at = min(max(i, 0), size-1)
		case "wrap":
			at = (i%size + size) % size
		default:
			period := 2 * (size - 1)
			at = (i%period + period) % period
			if at >= size {
				at = period - at
			}
		}
		out = append(out, at)
	}
	return out
}

// depthToSpace is DepthToSpace, its channels in either order.
func depthToSpace(n *node) []*value {
	x, b := n.value(0), n.int("blocksize", 0)
	if x.rank() != 4 || b < 1 || b > 1<<20 || x.shape[1]%(b*b) != 0 {
		fail("want images [N,C,H,W] and a block size whose square divides C, got %v and %d", x.shape, b)
	}
	order := channelsLast(4)
	in := n.read(x, order)
	c, h, w := x.shape[1]/(b*b), x.shape[2], x.shape[3]
	shape, perm := []int64{-1, h, w, b, b, c}, []int32{0, 1, 3, 2, 4, 5}
	switch mode := n.text("mode", "DCR"); mode {
	case "DCR":
	case "CRD":
		shape, perm = []int64{-1, h, w, c, b, b}, []int32{0, 1, 4, 2, 5, 3}
	default:
		fail("attribute mode: want DCR or CRD, got %.20q", mode)
	}
	return []*value{n.w.made(n.shuffled(in, shape, perm, []int64{-1, h * b, w * b, c}), order, x.batch)}
}

// shuffled is x reshaped, its axes permuted, and reshaped again.
func (n *node) shuffled(x tf.Output, shape []int64, perm []int32, to []int64) tf.Output {
	return n.reshape(n.op("Transpose", nil, n.reshape(x, shape), n.indices(perm...)), to)
}

// spaceToDepth is SpaceToDepth.
func spaceToDepth(n *node) []*value {
	x, b := n.value(0), n.int("blocksize", 0)
	if x.rank() != 4 || b < 1 || b > 1<<20 || x.shape[2]%b != 0 || x.shape[3]%b != 0 {
		fail("want images [N,C,H,W] and a block size that divides H and W, got %v and %d", x.shape, b)
	}
	order := channelsLast(4)
	c, h, w := x.shape[1], x.shape[2]/b, x.shape[3]/b
	perm := []int32{0, 1, 3, 2, 4, 5}
	switch mode := n.text("mode", "DCR"); mode {
	case "DCR":
	case "CRD":
		perm = []int32{0, 1, 3, 5, 2, 4}
	default:
		fail("attribute mode: want DCR or CRD, got %.20q", mode)
	}
	y := n.shuffled(n.read(x, order), []int64{-1, h, b, w, b, c}, perm, []int64{-1, h, w, b * b * c})
	return []*value{n.w.made(y, order, x.batch)}
}
