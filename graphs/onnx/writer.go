package onnx

import (
	"fmt"
	"slices"

	"unwarp/graphs/onnx/format"
)

// value is a tensor of the file. One of dims [H,W,C] is stored as [rows,C,H,W],
// others as [rows,dims...].
type value struct {
	name string
	rows int64
	dims []int64
	// flat is [H,W,C] where dims is their product and the values are in the order
	// of C, H, W: nil where they are in TensorFlow's.
	flat []int64
}

// imageLike tells whether v is stored with channels first.
func (v value) imageLike() bool { return len(v.dims) == 3 }

// shape is that of the stored tensor.
func (v value) shape() []int64 {
	if v.imageLike() {
		return []int64{v.rows, v.dims[2], v.dims[0], v.dims[1]}
	}
	return append([]int64{v.rows}, v.dims...)
}

// writer collects the nodes and constants of a file.
type writer struct {
	nodes     []*format.Node
	constants []*format.Tensor
	used      map[string]int
}

// fresh is a name that is not taken.
func (w *writer) fresh(kind string) string {
	w.used[kind]++
	return fmt.Sprintf("%s_%d", kind, w.used[kind])
}

// add appends a node and returns the name of its output.
func (w *writer) add(op string, in []string, attributes ...format.Attribute) string {
	out := w.fresh(op)
	w.nodes = append(w.nodes, &format.Node{Name: out, Op: op, In: in, Out: []string{out}, Attributes: attributes})
	return out
}

// floats adds a constant.
func (w *writer) floats(kind string, a array) string {
	name := w.fresh(kind)
	w.constants = append(w.constants, format.Floats(name, a.shape, a.float32s()))
	return name
}

// ints adds a list of integers.
func (w *writer) ints(kind string, v ...int64) string {
	name := w.fresh(kind)
	w.constants = append(w.constants, format.Int64s(name, []int64{int64(len(v))}, v))
	return name
}

func (w *writer) reshape(x string, shape ...int64) string {
	return w.add("Reshape", []string{x, w.ints("shape", shape...)})
}

func (w *writer) transpose(x string, order ...int64) string {
	return w.add("Transpose", []string{x}, format.Ints("perm", order...))
}

// plain is v as a tensor [rows,dims...] in TensorFlow's order.
func (w *writer) plain(v value) string {
	switch {
	case v.imageLike():
		return w.transpose(v.name, 0, 2, 3, 1)
	case v.flat != nil:
		return w.reshape(w.transpose(w.reshape(v.name, v.rows, v.flat[2], v.flat[0], v.flat[1]), 0, 2, 3, 1), v.rows, v.dims[0])
	}
	return v.name
}

// fromPlain is the value of dims that a tensor [rows,dims...] holds.
func (w *writer) fromPlain(x string, rows int64, dims []int64) value {
	if len(dims) == 3 {
		x = w.transpose(x, 0, 3, 1, 2)
	}
	return value{name: x, rows: rows, dims: dims}
}

// encode is the file. What the output does not need is left out.
func (w *writer) encode(name, input string, shape []int64, out value) []byte {
	needed := map[string]bool{out.name: true}
	for _, n := range slices.Backward(w.nodes) {
		for _, in := range n.In {
			needed[in] = needed[in] || needed[n.Out[0]]
		}
	}
	g := &format.Graph{Name: name, In: []format.Value{float(input, shape)}, Out: []format.Value{float(out.name, out.shape())}}
	for _, n := range w.nodes {
		if needed[n.Out[0]] {
			g.Nodes = append(g.Nodes, n)
		}
	}
	for _, c := range w.constants {
		if needed[c.Name] {
			g.Constants = append(g.Constants, c)
		}
	}
	m := format.Model{IR: irVersion, Producer: "unwarp", Sets: map[string]int64{"": operatorSet}, Graph: g}
	return m.Encode()
}

// rename gives the value of a node another name.
func (w *writer) rename(from, to string) {
	for _, n := range w.nodes {
		if n.Out[0] == from {
			n.Name, n.Out[0] = to, to
		}
		for k, in := range n.In {
			if in == from {
				n.In[k] = to
			}
		}
	}
}
