package bpda

import (
	"fmt"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Replacement is an operation that has no gradient of its own, with what stands
// in for its gradient.
type Replacement struct {
	Op, Type string // name and kind
	Gradient string // what stands in for the gradient; "" for nothing: it counts as a constant
	Exact    bool   // this is the true derivative, which TensorFlow's C++ library lacks
}

// Approximated are the replacements whose gradient is not the true one: where
// there are any, the decision may depend on what a gradient does not describe.
func Approximated(all []Replacement) []Replacement {
	return slices.DeleteFunc(slices.Clone(all), func(r Replacement) bool { return r.Exact })
}

// Text lists the kinds of some replacements with their gradients.
func Text(all []Replacement) string {
	var parts []string
	for _, r := range all {
		gradient := r.Gradient
		if gradient == "" {
			gradient = "none"
		}
		if part := fmt.Sprintf("%s (%s)", r.Type, gradient); !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// StraightThrough returns an output with the value of y whose gradient with
// respect to x passes through operations that have none, and what was replaced;
// y itself if nothing was. Errors are kept in s, which should be a scope of its
// own.
func StraightThrough(s *graphs.Scope, y, x tf.Output) (tf.Output, []Replacement) {
	return rewriteFrom(s, y, x, true)
}

// Differentiable returns an output with the value of y whose gradient with respect
// to x TensorFlow can compute; y itself if it can as it is. An operation without a
// gradient counts as a constant, as in other libraries; where the whole of y is
// one, its gradient is 0.
func Differentiable(s *graphs.Scope, y, x tf.Output) tf.Output {
	out, _ := rewriteFrom(s, y, x, false)
	return out
}

func rewriteFrom(s *graphs.Scope, y, x tf.Output, straight bool) (tf.Output, []Replacement) {
	if !s.OK() || y.Op == nil || x.Op == nil {
		return y, nil
	}
	r, err := newRewriter(s, y, x, straight)
	if err != nil {
		s.Errorf("gradient of %q: %w", y.Op.Name(), err)
		return y, nil
	}
	return r.rewrite(y), r.found
}

// standIn is what an output of the graph is replaced by.
type standIn struct {
	// out has type and value of the original, which it is where nothing before it
	// was replaced.
	out tf.Output
	// carries tells whether a gradient with respect to x flows into out, or into
	// soft.
	carries bool
	// soft is, of a value that is no floating-point number, the same value as
	// float32 with a gradient; without an op where there is none. Of a string it
	// is the image that the string encodes.
	soft tf.Output
	// weights, [..., n], are of an index the shares of the n places that it could
	// name; without an op where it is no choice among places.
	weights tf.Output
}

// rewriter replaces the operations of one path.
type rewriter struct {
	s        *graphs.Scope
	straight bool
	path     *path
	nodes    *nodes
	ins      map[key]standIn
	found    []Replacement
}

func newRewriter(s *graphs.Scope, y, x tf.Output, straight bool) (*rewriter, error) {
	p, err := findPath(y, x)
	if err != nil {
		return nil, err
	}
	n, err := readNodes(s.Builder().Graph())
	if err != nil {
		return nil, err
	}
	return &rewriter{s: s, straight: straight, path: p, nodes: n, ins: map[key]standIn{keyOf(x): {out: x, carries: true}}}, nil
}

// rewrite replaces the operations of the path in order.
func (r *rewriter) rewrite(y tf.Output) tf.Output {
	for _, o := range r.path.ops {
		if !r.s.OK() {
			return y
		}
		r.replace(o)
	}
	out := r.standInOf(y)
	if !out.carries && isFloat(y.DataType()) && r.s.OK() {
		return r.withZeroGradient(out.out)
	}
	return out.out
}

// standInOf is what replaces o; o itself off the path.
func (r *rewriter) standInOf(o tf.Output) standIn {
	if in, ok := r.ins[keyOf(o)]; ok {
		return in
	}
	return standIn{out: o}
}

// replace decides what stands in for the outputs of o.
func (r *rewriter) replace(o *tf.Operation) {
	n := &node{rewriter: r, op: o, copied: o, name: strings.ReplaceAll(o.Name(), "/", "_")}
	support := r.nodes.supportOf(o)
	changed := false
	for i, in := range inputsOf(o) {
		s := r.standInOf(in)
		changed = changed || keyOf(s.out) != keyOf(in)
		s.carries = s.carries && !constantOps[o.Type()]
		n.flows = n.flows || s.carries && support.passes[i]
		n.lost = n.lost || s.carries && !support.passes[i]
		n.ins = append(n.ins, s)
	}
	// TensorFlow takes gradients of casts through integers, which cut them off.
	n.refused = support.refused || o.Type() == "Cast" && !n.flows
	if changed {
		n.copied = n.copy()
	}
	for i, original := range outputsOf(o) {
		if r.s.OK() {
			r.ins[keyOf(original)] = n.standIn(i, original)
		}
	}
}

// standIn is what stands in for output i of the operation: the output itself where
// all of its gradient flows, what a rule says where not, and else a constant.
func (n *node) standIn(i int, original tf.Output) standIn {
	out := standIn{out: n.copied.Output(i), carries: n.flows && isFloat(original.DataType())}
	if out.carries && !n.lost {
		return out
	}
	if n.flows || n.lost {
		if s, ok := n.replacement(i, out); ok {
			return s
		}
	}
	if !out.carries && isFloat(original.DataType()) && (n.straight && n.lost || n.refused) {
		out.out = op.StopGradient(n.scope("stop"), out.out)
	}
	return out
}

// record notes once what stands in for the gradient of the operation.
func (n *node) record(gradient string, exact bool) {
	for k, f := range n.found {
		if f.Op == n.op.Name() {
			if f.Gradient == "" {
				n.found[k].Gradient, n.found[k].Exact = gradient, exact
			}
			return
		}
	}
	n.found = append(n.found, Replacement{Op: n.op.Name(), Type: n.op.Type(), Gradient: gradient, Exact: exact})
}

// withZeroGradient adds 0 times x to y, so that y has a gradient, which is 0.
func (r *rewriter) withZeroGradient(y tf.Output) tf.Output {
	s := r.s
	x := op.Cast(s.Op("image"), r.path.x, y.DataType())
	all := op.Range(s.Op("axes"), op.Const(s.Op("first"), int32(0)), op.Rank(s.Op("rank"), x), op.Const(s.Op("stride"), int32(1)))
	zero := op.Cast(s.Op("zero"), op.Const(s.Op("nothing"), float32(0)), y.DataType())
	return op.AddV2(s.Op("flat"), op.StopGradient(s.Op("constant"), y), op.Mul(s.Op("none"), zero, op.Sum(s.Op("sum"), x, all)))
}
