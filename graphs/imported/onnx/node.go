package onnx

import (
	"math"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/onnx/format"
)

// node is a node under conversion.
type node struct {
	*format.Node
	w  *walker
	at *graphs.Scope // its ops
	in []*value      // nil for inputs that are left out
}

// set is the version of the operator set.
func (n *node) set() int64 { return n.w.net.set }

// find is an attribute of a type, nil where there is none.
func (n *node) find(name string, kind format.AttributeType) *format.Attribute {
	for i := range n.Attributes {
		a := &n.Attributes[i]
		if a.Name != name {
			continue
		}
		if a.Reference != "" || a.Type != kind && a.Type != 0 {
			fail("attribute %s: want a value of type %d, got type %d", name, kind, a.Type)
		}
		return a
	}
	return nil
}

func (n *node) has(name string) bool {
	return slices.ContainsFunc(n.Attributes, func(a format.Attribute) bool { return a.Name == name })
}

func (n *node) int(name string, otherwise int64) int64 {
	if a := n.find(name, format.IntAttribute); a != nil {
		return a.Int
	}
	return otherwise
}

func (n *node) float(name string, otherwise float64) float64 {
	if a := n.find(name, format.FloatAttribute); a != nil {
		return float64(a.Float)
	}
	return otherwise
}

func (n *node) text(name, otherwise string) string {
	if a := n.find(name, format.TextAttribute); a != nil {
		return a.Text
	}
	return otherwise
}

// ints is a list of integers, nil where there is none.
func (n *node) ints(name string) []int64 {
	if a := n.find(name, format.IntsAttribute); a != nil {
		return slices.Clone(a.Ints)
	}
	return nil
}

// given tells whether input i is there.
func (n *node) given(i int) bool { return i < len(n.in) && n.in[i] != nil }

// value is input i, which has to be there.
func (n *node) value(i int) *value {
	if !n.given(i) {
		fail("want an input %d, got none", i)
	}
	return n.in[i]
}

// known is input i as it is known at import.
func (n *node) known(i int, what string) *tensor {
	v := n.value(i)
	if v.known == nil {
		fail("want %s that do not depend on the image", what)
	}
	if v.known.other != nil {
		fail("want %s that do not depend on the number of images", what)
	}
	return v.known
}

// axesOf are axes of a rank, counted from 0, each once.
func axesOf(axes []int64, rank int) []int64 {
	out := make([]int64, 0, len(axes))
	for _, a := range axes {
		a = axisOf(a, rank)
		if slices.Contains(out, int64(a)) {
			fail("want each axis once, got %v", axes)
		}
		out = append(out, a)
	}
	return out
}

// axisOf is an axis counted from 0; negative ones count from the end.
func axisOf(axis int64, rank int) int64 {
	if axis < 0 {
		axis += int64(rank)
	}
	if axis < 0 || axis >= int64(rank) {
		fail("want an axis of a tensor of %d axes, got %d", rank, axis)
	}
	return axis
}

// attrs are attributes of an op of TensorFlow.
type attrs = map[string]any

// op adds an op of TensorFlow and returns its first output.
func (n *node) op(kind string, a attrs, in ...tf.Output) tf.Output {
	return n.w.op(n.at, kind, a, in...)
}

func (n *node) float32(v float64) tf.Output          { return n.constant(float32(v)) }
func (n *node) indices(v ...int32) tf.Output         { return n.constant(append([]int32{}, v...)) }
func (n *node) sizes(v []int64) tf.Output            { return n.constant(append([]int64{}, v...)) }
func (n *node) constant(v any) tf.Output             { return n.w.constant(n.at, v) }
func (n *node) read(v *value, order []int) tf.Output { return n.w.read(n.at, v, order) }

// narrow is a list of sizes as int32: gradients of ops that cut mix it with others.
func (n *node) narrow(v []int64) tf.Output {
	out := make([]int32, len(v))
	for i, d := range v {
		if d < math.MinInt32 || d > math.MaxInt32 {
			fail("want sizes below 2^31, got %v", v)
		}
		out[i] = int32(d)
	}
	return n.constant(out)
}

// plain is v as the file orders its axes.
func (n *node) plain(v *value) tf.Output { return n.read(v, nil) }
