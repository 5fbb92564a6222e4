package bounds

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// local is the part of a network that the neurons of one place (row and column)
// of a node are computed from: a network of windows in place of values. Rows of
// neurons near the image are short in it: in the whole network nearly all of
// their coefficients are zero.
type local struct {
	net     *Network // its image has the size of the window
	from    *node    // [1,1,C], the neurons
	places  [2]int64 // rows and columns of the neurons' node
	image   view
	sources []source // of the local activations' inputs
	masks   []*mask
	widest  int64 // the number of values of the largest window
}

// source is the window of an activation's input in the whole network.
type source struct {
	node *node // the input
	at   int   // the activation
	view view
	fill float64 // what is read outside the node
}

// mask makes values outside a node zero, where a convolution reads them.
type mask struct {
	node  *node
	view  view
	value tf.Output // [N,rows,cols,1]
	in    []int64
}

func (o *mask) apply(w *writer, x []tf.Output, _ weights) tf.Output { return w.mul(x[0], o.value) }

func (o *mask) transpose(w *writer, a tf.Output) []tf.Output {
	rows := op.Reshape(w.s.Op("rows"), a, w.shapeWith(o.value, append([]int64{-1}, o.in...)...))
	x := w.mul(rows, w.reshape(o.value, -1, 1, o.in[0], o.in[1], 1))
	return []tf.Output{w.reshape(x, append([]int64{-1}, o.in...)...)}
}

func (o *mask) terms() (int64, int64) { return 0, 0 }

// mostOfNetwork is up to which share of the network's values windows pay.
const mostOfNetwork = .6

// localOf is the network of windows below x; nil where there is none, or it is
// hardly smaller than the whole.
func (n *Network) localOf(x *node) *local {
	views := n.viewsOf(x)
	if views == nil {
		return nil
	}
	l := &local{net: &Network{Classes: n.Classes}, places: [2]int64{x.dims[0], x.dims[1]}}
	var windows, whole int64
	for id, v := range views {
		windows, whole = windows+product(v.dims(n.nodes[id])), whole+n.nodes[id].size()
		l.widest = max(l.widest, product(v.dims(n.nodes[id])))
	}
	if float64(windows) > mostOfNetwork*float64(whole) {
		return nil
	}
	made := map[int]*node{}
	for id := range x.id + 1 {
		if v, ok := views[id]; ok {
			made[id] = l.copy(n.nodes[id], v, views, made)
		}
	}
	l.from = made[x.id]
	return l
}

// copy adds the window of a node.
func (l *local) copy(n *node, v view, views map[int]view, made map[int]*node) *node {
	if n.op == nil {
		l.image = v
		l.net.image = l.net.add(n.name, nil, v.dims(n))
		return l.net.image
	}
	o := n.op.(spatial)
	need := v.under(o)
	var in []*node
	for _, x := range n.in {
		in = append(in, l.take(x, made[x.id], need, views[x.id], readsZeros(n, x)))
	}
	inDims, dims := need.dims(n.in[0]), v.dims(n)
	if a, ok := n.op.(activation); ok {
		fill := 0.
		if _, ok := a.(maxpool); ok {
			fill = far
		}
		l.sources = append(l.sources, source{n.in[0], n.at, need, fill})
	}
	if _, ok := n.op.(padding); ok && n.dims[2] == n.in[0].dims[2] {
		return in[0] // the mask is all that it does
	}
	return l.net.add(n.name, o.within(inDims, dims), dims, in...)
}

// readsZeros reports whether n reads zeros outside its input x that a mask must
// make: windows of the image and of a ReLU's input are filled with zeros.
func readsZeros(n, x *node) bool {
	switch n.op.(type) {
	case conv, padding:
		_, isRelu := x.op.(relu)
		return !isRelu && x.op != nil
	}
	return false
}

// take is the part of x, of which have is made, that is needed, with zeros
// outside x where they are asked for.
func (l *local) take(x, have *node, need, view view, zeros bool) *node {
	if need != view {
		begin := []int64{need.begin[0] - view.begin[0], need.begin[1] - view.begin[1], 0}
		size := need.dims(x)
		have = l.net.add(x.name, cut{begin, size, slices.Clone(have.dims)}, size, have)
	}
	before, after := need.beyond(0, l.places[0], x.dims[0])
	left, right := need.beyond(1, l.places[1], x.dims[1])
	if !zeros || before+after+left+right == 0 {
		return have
	}
	m := &mask{node: x, view: need, in: have.dims}
	l.masks = append(l.masks, m)
	return l.net.add(x.name, m, have.dims, have)
}

// locals computes bounds of the neurons at some places.
type locals struct {
	w     *writer
	l     *local
	where [3]tf.Output // [N] int32 each: the image, row and column
}

// index is the position of each row (axis 0) or column (1) of a view, [N,size],
// counted from before the first.
func (x locals) index(v view, axis int, before int64) tf.Output {
	w := x.w
	steps := make([]int32, v.size[axis])
	for i := range steps {
		steps[i] = int32(int64(i) + v.begin[axis] + before)
	}
	first := w.mul(w.reshape(x.where[1+axis], -1, 1), w.constant(int32(v.stride[axis])))
	return w.add(first, w.reshape(w.constant(steps), 1, v.size[axis]))
}

// gather reads the windows [N,rows,cols,C] of a node's values [B,…]; fill lies
// around them.
func (x locals) gather(values tf.Output, n *node, v view, fill float64) tf.Output {
	w := x.w
	var edges [][2]int64
	for axis := range 2 {
		before, after := v.beyond(axis, x.l.places[axis], n.dims[axis])
		edges = append(edges, [2]int64{before, after})
	}
	padded := w.pad(w.rows(values, n), append(edges, [2]int64{}), fill)
	h, c := n.dims[0]+edges[0][0]+edges[0][1], n.dims[1]+edges[1][0]+edges[1][1]
	image := w.mul(w.reshape(x.where[0], -1, 1), w.constant(int32(h)))
	row := w.mul(w.add(image, x.index(v, 0, edges[0][0])), w.constant(int32(c)))
	at := w.add(w.reshape(row, -1, v.size[0], 1), w.reshape(x.index(v, 1, edges[1][0]), -1, 1, v.size[1]))
	got := op.GatherV2(w.s.Op("windows"), w.reshape(padded, -1, n.dims[2]), at, w.constant(int32(0)))
	return w.reshape(got, append([]int64{-1}, v.dims(n)...)...)
}

// inside is 1 where a view lies inside its node, [N,rows,cols,1].
func (x locals) inside(n *node, v view) tf.Output {
	w := x.w
	var sides [2]tf.Output
	for axis := range 2 {
		at := op.Cast(w.s.Op("index"), x.index(v, axis, 0), tf.Float)
		sides[axis] = w.mul(w.mask(at, w.scalar(-.5)), w.mask(w.scalar(float64(n.dims[axis])-.5), at))
	}
	return w.mul(w.reshape(sides[0], -1, v.size[0], 1, 1), w.reshape(sides[1], -1, 1, v.size[1], 1))
}

// window is the region of the windows of the image.
func (x locals) window(r region, image *node) region {
	out := r
	get := func(v tf.Output) tf.Output { return x.gather(v, image, x.l.image, 0) }
	out.lower, out.upper = get(r.lower), get(r.upper)
	if len(r.slopes) > 0 {
		out.point, out.reach, out.slopes = get(r.point), get(r.reach), nil
		for _, slope := range r.slopes {
			out.slopes = append(out.slopes, get(slope))
		}
	}
	if r.norm != Linf {
		out.point = get(r.point)
		eps := op.GatherV2(x.w.s.Op("eps"), x.w.reshape(r.eps, -1), x.where[0], x.w.constant(int32(0)))
		out.eps = x.w.reshape(eps, -1, 1, 1)
	}
	return out
}

// bounds are those of the windows: with known intervals, in the local network's
// order.
func (x locals) bounds(b *Bounds, known Intervals) (*Bounds, Intervals) {
	var in Intervals
	for _, s := range x.l.sources {
		n := product(s.view.dims(s.node))
		in.Lower = append(in.Lower, x.w.reshape(x.gather(known.Lower[s.at], s.node, s.view, s.fill), -1, n))
		in.Upper = append(in.Upper, x.w.reshape(x.gather(known.Upper[s.at], s.node, s.view, s.fill), -1, n))
	}
	for _, m := range x.l.masks {
		m.value = x.inside(m.node, m.view)
	}
	return &Bounds{net: x.l.net, w: b.w, region: x.window(b.region, b.net.image), Slopes: b.Slopes}, in
}
