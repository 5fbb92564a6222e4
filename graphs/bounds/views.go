package bounds

// view is the window of a node's rows and columns that the value at (row, col)
// of another node is computed from: size of them from row·stride+begin on, and
// so for columns. It may reach beyond the node, where convolutions read zeros.
type view struct{ stride, begin, size [2]int64 }

// spatial is an operator of images [H,W,C] each of whose values is computed from
// a window of its input.
type spatial interface {
	// reads is the size of the windows, their strides and how far the first
	// begins before the input.
	reads() (size, stride, before [2]int64)
	// within is the operator of windows, of in values to one of out.
	within(in, out []int64) any
}

// under is the view of an operator's input, given that of its output.
func (v view) under(o spatial) view {
	size, stride, before := o.reads()
	for i := range 2 {
		v.begin[i] = v.begin[i]*stride[i] - before[i]
		v.size[i] = (v.size[i]-1)*stride[i] + size[i]
		v.stride[i] *= stride[i]
	}
	return v
}

// join is the least view that holds two; their strides must be alike.
func (v view) join(o view) view {
	for i := range 2 {
		end := max(v.begin[i]+v.size[i], o.begin[i]+o.size[i])
		v.begin[i] = min(v.begin[i], o.begin[i])
		v.size[i] = end - v.begin[i]
	}
	return v
}

// dims are the sizes of a view of a node.
func (v view) dims(n *node) []int64 { return []int64{v.size[0], v.size[1], n.dims[2]} }

// beyond is how far views of side places reach before and after size values.
func (v view) beyond(axis int, places, size int64) (before, after int64) {
	end := (places-1)*v.stride[axis] + v.begin[axis] + v.size[axis]
	return max(-v.begin[axis], 0), max(end-size, 0)
}

// viewsOf are the views of all nodes that x is computed from, by id; nil where
// some operator is not spatial.
func (n *Network) viewsOf(x *node) map[int]view {
	views := map[int]view{x.id: {stride: [2]int64{1, 1}, size: [2]int64{1, 1}}}
	for id := x.id; id >= 0; id-- {
		v, ok := views[id]
		node := n.nodes[id]
		switch {
		case !ok:
			continue
		case len(node.dims) != 3 || node.lead != 1:
			return nil
		case node.op == nil:
			continue
		}
		o, ok := node.op.(spatial)
		if !ok || o.within(nil, nil) == nil {
			return nil
		}
		for _, in := range node.in {
			need := v.under(o)
			if have, ok := views[in.id]; ok {
				if have.stride != need.stride {
					return nil
				}
				need = need.join(have)
			}
			views[in.id] = need
		}
	}
	return views
}

// elementwise is the reach of operators that read one value.
func elementwise() (size, stride, before [2]int64) {
	return [2]int64{1, 1}, [2]int64{1, 1}, [2]int64{}
}

func (relu) reads() (size, stride, before [2]int64)   { return elementwise() }
func (relu) within(_, _ []int64) any                  { return relu{} }
func (sshape) reads() (size, stride, before [2]int64) { return elementwise() }
func (o sshape) within(_, _ []int64) any              { return o }
func (sum) reads() (size, stride, before [2]int64)    { return elementwise() }
func (o sum) within(_, _ []int64) any                 { return o }
func (*shift) reads() (size, stride, before [2]int64) { return elementwise() }
func (o *shift) within(_, _ []int64) any {
	if o.each || !byChannel(o.value) || o.size.Op != nil && !byChannel(o.size) {
		return nil
	}
	return o
}
func (scale) reads() (size, stride, before [2]int64) { return elementwise() }
func (o scale) within(in, _ []int64) any {
	if o.each || !byChannel(o.value) {
		return nil
	}
	o.dims = in
	return o
}

func (o conv) reads() (size, stride, before [2]int64) {
	size, stride = [2]int64{o.shape[0], o.shape[1]}, [2]int64{o.strides[1], o.strides[2]}
	if o.padding == "SAME" {
		for i := range 2 {
			before[i] = sameEdges(o.in[i], size[i], stride[i])[0]
		}
	}
	return size, stride, before
}

func (o conv) within(in, _ []int64) any {
	o.in, o.padding = in, "VALID"
	return o
}

func (p window) reads() (size, stride, before [2]int64) {
	e := p.edges()
	return [2]int64{p.rows, p.cols}, [2]int64{p.strides[1], p.strides[2]}, [2]int64{e[0][0], e[1][0]}
}

func (p window) inside(in, out []int64) window {
	p.in, p.out, p.padding = in, out, "VALID"
	return p
}

func (o maxpool) within(in, out []int64) any { return maxpool{o.inside(in, out)} }

func (o avgpool) within(in, out []int64) any {
	for _, e := range o.edges() {
		if e != [2]int64{} {
			return nil // windows at the edges hold fewer values
		}
	}
	return avgpool{o.inside(in, out)}
}

func (o padding) reads() (size, stride, before [2]int64) {
	size, stride, _ = elementwise()
	return size, stride, [2]int64{o.edges[0][0], o.edges[1][0]}
}

func (o padding) within(in, _ []int64) any {
	return padding{[][2]int64{{}, {}, o.edges[2]}, in}
}
