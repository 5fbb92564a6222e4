package graphs

import (
	"fmt"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Gradients adds the gradient of the sum of y with respect to each of xs.
//
// TensorFlow's C++ gradients cover a subset of Python's: some ops have none,
// some are silently wrong, and naming a missing path crashes the process.
// Each of these becomes a build error that names the op. A gradient that is
// itself to be differentiated wants a pass opened with [TwiceDifferentiable].
func Gradients(s *Scope, y tf.Output, xs ...tf.Output) []tf.Output {
	none := make([]tf.Output, len(xs))
	if !s.OK() {
		return none
	}
	for _, out := range append([]tf.Output{y}, xs...) {
		if out.Op == nil {
			s.Errorf("gradient: want a built value, got none")
			return none
		}
	}
	p := gradientPath{xs: xs, reaches: map[string]bool{}, customGradients: s.b.customGradients}
	p.walk(y)
	if p.defect != nil {
		s.Errorf("gradient of %q: %w", y.Op.Name(), p.defect)
		return none
	}
	var dy []tf.Output // 1 for each value of y, which is what none means
	if s.TwiceDifferentiable() {
		// TensorFlow itself takes OnesLike(y), through which it then looks for a
		// second gradient in vain.
		dy = []tf.Output{op.Fill(s.Op("ones"), op.Shape(s.Op("shape"), y), op.Const(s.Op("one"), float32(1)))}
	}
	var grads []tf.Output
	if len(p.custom) > 0 {
		grads = gradientsThrough(s, y, xs, p.custom)
	} else {
		grads = op.Gradients(s.Op("gradients"), []tf.Output{y}, xs, dy...)
	}
	if !s.OK() {
		return none
	}
	for i, g := range grads {
		if !exists(g) {
			s.Errorf("gradient: no differentiable path from %q to %q", y.Op.Name(), xs[i].Op.Name())
			return none
		}
	}
	return grads
}

// gradientPath walks from y back to xs and keeps the first op between them whose
// gradient TensorFlow would compute wrongly without saying so, and the values with
// custom gradients between them, each after those that it is computed from.
type gradientPath struct {
	xs              []tf.Output
	reaches         map[string]bool // by op name: is some x an ancestor?
	defect          error
	customGradients map[string]customGradient // all of the graph, by op name
	custom          []customGradient
}

// walk tells whether y is one of xs or is computed from one.
func (p *gradientPath) walk(y tf.Output) bool {
	behind := p.walkBehind(y) // of an x too: another one may lie there
	return behind || slices.ContainsFunc(p.xs, func(x tf.Output) bool { return x.Op.Name() == y.Op.Name() && x.Index == y.Index })
}

// walkBehind tells whether y's op is computed from one of xs.
func (p *gradientPath) walkBehind(y tf.Output) bool {
	name := y.Op.Name()
	if r, ok := p.reaches[name]; ok {
		return r
	}
	p.reaches[name] = false
	on := false
	g, custom := p.customGradients[name]
	switch {
	case custom:
		for _, x := range g.inputs {
			on = p.walk(x) || on
		}
	case y.Op.Type() == "StopGradient": // nothing flows on
	default:
		for i := range y.Op.NumInputs() {
			on = p.walk(tf.Consumer{Op: y.Op, Index: i}.Producer()) || on
		}
	}
	if p.reaches[name] = on; custom && on {
		p.custom = append(p.custom, g)
	}
	if on && p.defect == nil {
		p.defect = gradientDefect(y)
	}
	return on
}

// gradientDefect names what is wrong with the gradient of o's op, nil if nothing is
// known to be. Ops without any gradient need no entry: TensorFlow refuses them.
func gradientDefect(y tf.Output) error {
	switch o := y.Op; o.Type() {
	case "Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput":
		v, _ := o.Attr("dilations")
		ds, _ := v.([]int64)
		for _, d := range ds {
			if d != 1 {
				return fmt.Errorf("op %q: want a convolution without dilation, got %v: its gradient is silently wrong or aborts the process", o.Name(), ds)
			}
		}
	case "LogSoftmax":
		if n := y.Shape().NumDimensions(); n != 2 {
			return fmt.Errorf("op %q: want LogSoftmax of rank 2, got rank %d, whose gradient is silently wrong: reshape to [n, classes] first", o.Name(), n)
		}
	case "ReluGrad", "MaxPoolGrad", "AvgPoolGrad", "FusedBatchNormGradV3":
		return fmt.Errorf("op %q: a gradient of %s has no gradient: open the pass with TwiceDifferentiable", o.Name(), strings.TrimSuffix(strings.TrimSuffix(o.Type(), "V3"), "Grad"))
	case "PartitionedCall", "StatefulPartitionedCall":
		return fmt.Errorf("op %q: gradients do not go through function calls", o.Name())
	}
	return nil
}
