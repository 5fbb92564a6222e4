package bpda

import (
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// answer is what a rule says of one output.
type answer struct {
	// exact is the output itself, computed in a way that has the true gradient.
	exact tf.Output
	// like is a float32 function of the inputs, of the shape of the output, whose
	// gradient the output takes.
	like    tf.Output
	weights tf.Output // see [standIn]
	name    string    // of the gradient, for a person
	isTrue  bool      // it is the true gradient, which exact always has
}

// rule answers for output i of an operation; false where it does not apply.
type rule func(n *node, i int) (answer, bool)

// rules by the kind of operation. What has none takes the gradient of the
// identity where an input has the shape of the output.
var rules map[string]rule

// trueRules are the kinds of operations whose rule may give the true gradient.
var trueRules = map[string]bool{
	"EnsureShape": true, "PlaceholderWithDefault": true, "Snapshot": true, "DeepCopy": true, "TopKV2": true, "Gather": true,
	"MaxPoolWithArgmax": true, "ExtractImagePatches": true, "Erfc": true, "Mod": true, "FloorMod": true, "TruncateMod": true,
}

func init() { // some rules refer to the table
	rules = map[string]rule{
		"Cast": castRule, "Sign": signRule,
		"FloorDiv": divideRule, "TruncateDiv": divideRule, "RightShift": shiftRule, "LeftShift": shiftRule,
		"Bucketize": bucketRule, "QuantizeV2": firstInputRule, "Dequantize": firstInputRule,
		"EncodeJpeg": firstInputRule, "EncodePng": firstInputRule, "DecodeJpeg": firstInputRule, "DecodePng": firstInputRule,
		"DecodeImage": firstInputRule, "DecodeBmp": firstInputRule, "DecodeAndCropJpeg": firstInputRule,
		"LogicalNot": notRule, "LogicalAnd": bothRule, "LogicalOr": bothRule, "All": meanRule, "Any": meanRule,
		"Select": selectRule, "SelectV2": selectRule,
		"ArgMax": argRule, "ArgMin": argRule, "OneHot": oneHotRule, "TopKV2": topRule,
		"Gather": gatherRule, "GatherV2": gatherRule,
		"EnsureShape": sameValueRule, "PlaceholderWithDefault": sameValueRule, "Snapshot": sameValueRule, "DeepCopy": sameValueRule,
		"MaxPoolWithArgmax": maxPoolRule, "ExtractImagePatches": patchesRule, "Erfc": erfcRule,
	}
	for _, kind := range []string{"Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "ApproximateEqual"} {
		rules[kind] = compareRule
	}
	for _, kind := range []string{"Mod", "FloorMod", "TruncateMod"} {
		rules[kind] = moduloRule
	}
	for _, kind := range []string{"Round", "Rint", "Floor", "Ceil", "StopGradient", "PreventGradient", "Bitcast",
		"FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel",
		"QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3", "QuantizeAndDequantizeV4", "QuantizeAndDequantizeV4Grad"} {
		rules[kind] = firstInputRule
	}
}

// replacement is what stands in for output i, which plain copying makes out;
// false where nothing does.
func (n *node) replacement(i int, out standIn) (standIn, bool) {
	a, ok := answer{}, false
	r := rules[n.op.Type()]
	if r != nil && (n.straight || trueRules[n.op.Type()]) {
		a, ok = r(n, i)
	}
	// Where some of the gradient flows, what is lost of it needs a rule of its own.
	if n.straight && r == nil && !out.carries {
		for _, general := range []rule{inFloatRule, identityRule, resampleRule} {
			if !ok {
				a, ok = general(n, i)
			}
		}
	}
	isTrue := a.isTrue || a.exact.Op != nil
	if !ok || !n.s.OK() || !n.straight && (!isTrue || !isFloat(out.out.DataType())) {
		n.record("", false)
		return out, false
	}
	n.record(a.name, isTrue)
	return n.apply(a, out), true
}

// apply makes the stand-in that an answer describes.
func (n *node) apply(a answer, out standIn) standIn {
	t := out.out.DataType()
	switch {
	case a.exact.Op != nil:
		return standIn{out: a.exact, carries: true}
	case isFloat(t) && out.carries:
		extra := op.Sub(n.scope("no_difference"), a.like, op.StopGradient(n.scope("stop_g"), a.like))
		out.out = op.AddV2(n.scope("straight"), out.out, n.cast(extra, t))
	case isFloat(t):
		out.out = n.cast(n.exactly(out.out, a.like), t)
	case isNumber(t):
		out.soft = n.exactly(out.out, a.like)
	default: // a string, or a quantised type, which cannot be cast
		out.soft = a.like
	}
	out.carries, out.weights = true, a.weights
	if out.weights.Op == nil && orderKeepers[n.op.Type()] && n.ins[0].weights.Op != nil {
		out.weights = n.reshapedWeights(out.out)
	}
	return out
}

// like wraps a function of the inputs.
func like(g tf.Output, name string) (answer, bool) { return answer{like: g, name: name}, true }

// firstInputRule takes the gradient of the identity of input 0.
func firstInputRule(n *node, i int) (answer, bool) {
	x, ok := n.soft(0)
	if !ok || i > 0 || !n.ins[0].carries {
		return answer{}, false
	}
	return like(x, "identity")
}

// identityRule takes the gradient of the identity of the inputs that have the
// shape of the output.
func identityRule(n *node, i int) (answer, bool) {
	var sum tf.Output
	for k, in := range n.ins {
		x, ok := n.soft(k)
		if !in.carries || !ok || !sameShape(x, n.op.Output(i)) {
			continue
		}
		if sum.Op != nil {
			x = op.AddV2(n.scope("and"), sum, x)
		}
		sum = x
	}
	return answer{like: sum, name: "identity"}, sum.Op != nil
}

// resampleRule takes, of filters on images [B,H,W,C] that change height and
// width, the gradient of bilinear resampling.
func resampleRule(n *node, i int) (answer, bool) {
	x, ok := n.carrier(0)
	if !ok || x.Shape().NumDimensions() != 4 {
		return answer{}, false
	}
	s, t := x.Shape(), n.op.Output(i).Shape()
	if t.NumDimensions() != 4 || s.Size(0) != t.Size(0) || s.Size(3) != t.Size(3) || t.Size(1) < 0 || t.Size(2) < 0 {
		return answer{}, false
	}
	size := op.Const(n.scope("size"), []int32{int32(t.Size(1)), int32(t.Size(2))})
	return like(op.ResizeBilinear(n.scope("resampled"), x, size), "bilinear resampling")
}

// inFloatRule computes an operation on integers or booleans in float32, where it
// is defined for both and has a gradient there.
func inFloatRule(n *node, i int) (answer, bool) {
	first := slices.IndexFunc(n.ins, func(in standIn) bool { return in.carries })
	if first < 0 || isFloat(n.ins[first].out.DataType()) || !isNumber(n.op.Output(i).DataType()) {
		return answer{}, false
	}
	t := n.ins[first].out.DataType()
	for _, all := range []bool{false, true} { // of the other inputs of this type some may be sizes or axes
		inputs := make([]tf.Output, len(n.ins))
		for k, in := range n.ins {
			inputs[k] = in.out
			if x, ok := n.soft(k); ok && in.out.DataType() == t && (all || in.carries) {
				inputs[k] = x
			}
		}
		for _, attr := range n.nodes.typeAttrs(n.op, t) {
			o, err := n.copyAs(n.op.Type(), inputs, retype{attr: tf.Float})
			if err == nil && o.Output(i).DataType() == tf.Float && slices.Contains(n.nodes.supportOf(o).passes, true) {
				return like(o.Output(i), "in float32")
			}
		}
	}
	return answer{}, false
}

// castRule is the identity between numbers, and a step into booleans.
func castRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	if !ok {
		return answer{}, false
	}
	if n.op.Output(0).DataType() == tf.Bool {
		return like(n.step(op.Abs(n.scope("size"), x)), "smooth step")
	}
	return like(x, "identity")
}

// divideRule divides real numbers.
func divideRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	y, also := n.soft(1)
	if !ok || !also {
		return answer{}, false
	}
	return like(op.RealDiv(n.scope("quotient"), x, op.StopGradient(n.scope("divisor"), y)), "division")
}

// shiftRule divides or multiplies by a power of two.
func shiftRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	y, also := n.soft(1)
	if !ok || !also {
		return answer{}, false
	}
	power := op.Pow(n.scope("power"), n.constant(2, tf.Float), op.StopGradient(n.scope("places"), y))
	if strings.HasPrefix(n.op.Type(), "Right") {
		return like(op.RealDiv(n.scope("shifted"), x, power), "division")
	}
	return like(op.Mul(n.scope("shifted"), x, power), "multiplication")
}

// bucketRule is the straight line through the first and the last boundary.
func bucketRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	v, err := n.op.Attr("boundaries")
	bounds, list := v.([]float32)
	if !ok || err != nil || !list {
		return answer{}, false
	}
	slope := float32(1)
	if k := len(bounds); k > 1 && bounds[k-1] > bounds[0] {
		slope = float32(k-1) / (bounds[k-1] - bounds[0])
	}
	return like(op.Mul(n.scope("line"), x, n.constant(slope, tf.Float)), "straight line")
}

// moduloRule is the true gradient, that of the dividend. A straight-through
// gradient takes the saw teeth for their mean, a constant: of x - mod(x, 1), which
// is Floor, that of x remains.
func moduloRule(n *node, _ int) (answer, bool) {
	x, ok := n.soft(0)
	if !ok || n.straight {
		return answer{}, false
	}
	return answer{like: x, name: "its own", isTrue: true}, true
}
