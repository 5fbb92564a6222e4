package bounds

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// cut is size values from begin on, of each of the dims.
type cut struct{ begin, size, in []int64 }

func (o cut) injective() {}

func (o cut) apply(w *writer, x []tf.Output, _ weights) tf.Output {
	return w.slice(x[0], o.begin, o.size)
}

func (o cut) transpose(w *writer, a tf.Output) []tf.Output {
	edges := make([][2]int64, len(o.in))
	for i := range o.in {
		edges[i] = [2]int64{o.begin[i], o.in[i] - o.begin[i] - o.size[i]}
	}
	return []tf.Output{w.pad(a, edges, 0)}
}

func (o cut) terms() (int64, int64) { return 0, 0 }

// addCut adds a cut of x; one of everything is x itself.
func (k *walk) addCut(name string, x *node, begin, size []int64) *node {
	if slices.Equal(size, x.dims) {
		return x
	}
	return k.net.add(name, cut{begin, size, x.dims}, size, x)
}

// readSlice is the rule of Slice.
func readSlice(k *walk, o *tf.Operation, in []value) (*node, error) {
	x := in[0].node
	begin, err := k.integers(in[1])
	if err != nil {
		return nil, err
	}
	size, err := k.integers(in[2])
	if err != nil {
		return nil, err
	}
	rows := k.batch
	if len(begin) != len(x.dims)+1 || begin[0] != 0 || size[0] != -1 && size[0] != rows*x.lead {
		return nil, refuse("a slice of images")
	}
	begin, size = begin[1:], slices.Clone(size[1:])
	for i, n := range size {
		if n < 0 {
			size[i] = x.dims[i] - begin[i]
		}
	}
	return k.addCut(o.Name(), x, begin, size), nil
}

// readSplit is the rule of Split and SplitV.
func readSplit(k *walk, o *tf.Operation, in []value) ([]*node, error) {
	x, at := in[len(in)-1], in[0]
	sizes := []int64{}
	if o.Type() == "SplitV" {
		x, at = in[0], in[2]
	}
	axes, err := k.integers(at)
	if err != nil || x.node == nil {
		return nil, refuse("a split along no constant axis")
	}
	axis := axes[0]
	if axis < 0 {
		axis += int64(len(x.node.dims)) + 1
	}
	if axis < 1 {
		return nil, refuse("a split of the batch")
	}
	for i := range o.NumOutputs() {
		dims := k.dims(o.Output(i))
		if len(dims) != len(x.node.dims) {
			return nil, refuse("unknown sizes")
		}
		sizes = append(sizes, dims[axis-1])
	}
	var parts []*node
	begin := make([]int64, len(x.node.dims))
	for _, n := range sizes {
		size := slices.Clone(x.node.dims)
		size[axis-1] = n
		parts = append(parts, k.addCut(o.Name(), x.node, slices.Clone(begin), size))
		begin[axis-1] += n
	}
	return parts, nil
}
