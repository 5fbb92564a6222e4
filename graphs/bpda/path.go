package bpda

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// key names an output of a graph.
type key struct {
	op    string
	index int
}

func keyOf(o tf.Output) key { return key{o.Op.Name(), o.Index} }

// shapeOps depend on the shape of their inputs alone, not on their values.
var shapeOps = map[string]bool{"Shape": true, "ShapeN": true, "Size": true, "Rank": true}

// constantOps do too, and have outputs of the type of their input: TensorFlow may
// look for a gradient of them.
var constantOps = map[string]bool{"ZerosLike": true, "OnesLike": true}

// flowOps hold parts of the graph in functions or loops, which gradients of the
// C++ library do not enter.
var flowOps = map[string]bool{
	"PartitionedCall": true, "StatefulPartitionedCall": true, "If": true, "StatelessIf": true, "Case": true, "StatelessCase": true,
	"While": true, "StatelessWhile": true, "MapDefun": true, "Enter": true, "Exit": true, "NextIteration": true, "Switch": true, "Merge": true,
}

// path lists the operations between x and y through which a value, not only a
// shape, flows from x to y. Each comes after those that it reads.
type path struct {
	x       tf.Output
	reaches map[string]bool // by name of the operation: does a value of x reach it?
	ops     []*tf.Operation
	err     error
}

// CheckPath refuses a path from x to y through functions or loops, which this
// package does not enter.
func CheckPath(y, x tf.Output) error {
	_, err := findPath(y, x)
	return err
}

// findPath walks from y back to x.
func findPath(y, x tf.Output) (*path, error) {
	p := &path{x: x, reaches: map[string]bool{}}
	p.walk(y)
	return p, p.err
}

// walk tells whether a value of x reaches y.
func (p *path) walk(y tf.Output) bool {
	if keyOf(y) == keyOf(p.x) {
		return true
	}
	name := y.Op.Name()
	if r, ok := p.reaches[name]; ok || shapeOps[y.Op.Type()] {
		return r
	}
	p.reaches[name] = false // of an operation in a loop, while it is visited
	on := false
	for _, in := range inputsOf(y.Op) {
		on = p.walk(in) || on
	}
	if p.reaches[name] = on; !on {
		return false
	}
	if flowOps[y.Op.Type()] && p.err == nil {
		p.err = fmt.Errorf("op %q: want a graph without functions and loops between input and output, got %s: gradients do not enter it; inline it first", name, y.Op.Type())
	}
	p.ops = append(p.ops, y.Op)
	return true
}

// inputsOf are the outputs that an operation reads.
func inputsOf(o *tf.Operation) []tf.Output {
	in := make([]tf.Output, o.NumInputs())
	for i := range in {
		in[i] = tf.Consumer{Op: o, Index: i}.Producer()
	}
	return in
}

// outputsOf are the outputs of an operation.
func outputsOf(o *tf.Operation) []tf.Output {
	out := make([]tf.Output, o.NumOutputs())
	for i := range out {
		out[i] = o.Output(i)
	}
	return out
}

// isFloat tells types that have gradients.
func isFloat(t tf.DataType) bool {
	return t == tf.Float || t == tf.Double || t == tf.Half || t == tf.Bfloat16
}

// isNumber tells types that can be cast to float32.
func isNumber(t tf.DataType) bool {
	switch t {
	case tf.Int8, tf.Int16, tf.Int32, tf.Int64, tf.Uint8, tf.Uint16, tf.Uint32, tf.Uint64, tf.Bool:
		return true
	}
	return isFloat(t)
}
