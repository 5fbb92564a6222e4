package bounds

import (
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
)

// padding surrounds a value with zeros.
type padding struct {
	edges [][2]int64 // before and after, for each of dims
	in    []int64
}

func (o padding) injective() {}

func (o padding) apply(w *writer, x []tf.Output, _ weights) tf.Output {
	return w.pad(x[0], o.edges, 0)
}

func (o padding) transpose(w *writer, a tf.Output) []tf.Output {
	begin := make([]int64, len(o.edges))
	for i, e := range o.edges {
		begin[i] = e[0]
	}
	return []tf.Output{w.slice(a, begin, o.in)}
}

func (o padding) terms() (int64, int64) { return 0, 0 }

// readPad is the rule of Pad and PadV2: zeros, then what a constant adds there.
func readPad(k *walk, o *tf.Operation, in []value) (*node, error) {
	flat, err := k.integers(in[1])
	if err != nil {
		return nil, err
	}
	x := in[0].node
	if len(flat) != 2*(len(x.dims)+1) || flat[0] != 0 || flat[1] != 0 {
		return nil, refuse("padding between images")
	}
	var edges [][2]int64
	for pair := range slices.Chunk(flat[2:], 2) {
		edges = append(edges, [2]int64{pair[0], pair[1]})
	}
	var outside float64
	if len(in) > 2 {
		if outside, err = k.number(in[2]); err != nil {
			return nil, err
		}
	}
	return k.addPad(o.Name(), x, edges, outside), nil
}

// addPad pads each of the dims of x.
func (k *walk) addPad(name string, x *node, edges [][2]int64, outside float64) *node {
	dims := slices.Clone(x.dims)
	for i, e := range edges {
		dims[i] += e[0] + e[1]
	}
	y := k.net.add(name, padding{edges, x.dims}, dims, x)
	if outside == 0 {
		return y
	}
	inside := k.w.pad(k.w.reshape(k.w.constant(filled(product(x.dims), 1)), append([]int64{1}, x.dims...)...), edges, 0)
	frame := k.w.times(outside, k.w.sub(k.w.scalar(1), inside))
	return k.net.add(name, &shift{value: frame, sign: 1}, dims, y)
}

func filled(n int64, v float32) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = v
	}
	return x
}
