package bpda

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// node is one operation that is being replaced.
type node struct {
	*rewriter
	op      *tf.Operation
	copied  *tf.Operation // the operation with the stand-ins as its inputs, op itself where nothing before it was replaced
	name    string
	ins     []standIn
	flows   bool // TensorFlow passes a gradient from some input to floating-point outputs
	lost    bool // the gradient of some input does not arrive
	refused bool // TensorFlow would refuse the gradient of a graph that holds it, or compute a wrong one
}

// scope is a fresh scope for one op of the replacement.
func (n *node) scope(what string) *op.Scope { return n.s.Op(n.name + "_" + what) }

// constant is a number of type t.
func (n *node) constant(v float32, t tf.DataType) tf.Output {
	return n.cast(op.Const(n.scope("constant"), v), t)
}

// cast converts v to t; a value of this type already is left as it is.
func (n *node) cast(v tf.Output, t tf.DataType) tf.Output {
	if v.DataType() == t {
		return v
	}
	return op.Cast(n.scope("cast"), v, t)
}

// copy adds the operation with the stand-ins as its inputs.
func (n *node) copy() *tf.Operation {
	inputs := make([]tf.Output, len(n.ins))
	for i, in := range n.ins {
		inputs[i] = in.out
	}
	o, err := n.copyAs(n.op.Type(), inputs, nil)
	if err != nil {
		n.s.Errorf("copying op %q (%s): %w", n.op.Name(), n.op.Type(), err)
		return n.op
	}
	return o
}

// copyAs adds an operation like this one, of another kind or with other types.
func (n *node) copyAs(kind string, inputs []tf.Output, types retype) (*tf.Operation, error) {
	// A no-op in a fresh scope has a name that nobody else has.
	mark := op.NoOp(n.scope("copy"))
	return n.nodes.copyNode(mark.Name()+"/of", n.op, kind, inputs, types)
}

// soft is input i as float32, with a gradient where there is one; false for what
// is no number.
func (n *node) soft(i int) (tf.Output, bool) {
	in := n.ins[i]
	switch {
	case in.soft.Op != nil:
		return in.soft, true
	case isNumber(in.out.DataType()):
		return n.cast(in.out, tf.Float), true
	}
	return tf.Output{}, false
}

// carrier is the first input, from place from on, that carries a gradient, as
// float32.
func (n *node) carrier(from int) (tf.Output, bool) {
	for i := from; i < len(n.ins); i++ {
		if n.ins[i].carries {
			return n.soft(i)
		}
	}
	return tf.Output{}, false
}

// exactly is value, as float32, with the gradient of g, which has the same shape.
func (n *node) exactly(value, g tf.Output) tf.Output {
	difference := op.Sub(n.scope("no_difference"), g, op.StopGradient(n.scope("stop_g"), g))
	return op.AddV2(n.scope("straight"), op.StopGradient(n.scope("stop_f"), n.cast(value, tf.Float)), difference)
}

// spread is the mean absolute value of d as a constant: what is small and what is
// large for d, whatever its unit.
func (n *node) spread(d tf.Output) tf.Output {
	size := op.Abs(n.scope("size"), op.StopGradient(n.scope("stop_d"), d))
	all := op.Range(n.scope("axes"), op.Const(n.scope("first"), int32(0)), op.Rank(n.scope("rank"), d), op.Const(n.scope("stride"), int32(1)))
	return op.AddV2(n.scope("spread"), op.Mean(n.scope("mean"), size, all), op.Const(n.scope("tiny"), float32(1e-12)))
}

// sameShape tells whether a and b have static shapes that agree.
func sameShape(a, b tf.Output) bool {
	s, t := a.Shape(), b.Shape()
	if s.NumDimensions() < 0 || s.NumDimensions() != t.NumDimensions() {
		return false
	}
	for i := range s.NumDimensions() {
		if s.Size(i) != t.Size(i) {
			return false
		}
	}
	return true
}
