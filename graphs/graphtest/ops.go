package graphtest

import (
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
)

// Checked are the op types whose gradient, or whose lack of one, has a row in
// the table of graphs/ops_test.go.
var Checked = []string{
	"Abs", "AddV2", "ArgMax", "AvgPool", "BiasAdd", "Cast", "ClipByValue", "ConcatV2", "Conv2D",
	"Conv2DBackpropInput", "Div", "Floor", "FusedBatchNormV3", "GatherV2", "GreaterEqual", "Identity",
	"MatMul", "Max", "MaxPool", "Maximum", "Mean", "Min", "Minimum", "Mul", "OneHot", "Pad", "Pow", "Range", "Relu",
	"Reshape", "ResizeBilinear", "ReverseV2", "Shape", "Sigmoid", "Slice",
	"SoftmaxCrossEntropyWithLogits", "Split", "Sqrt", "Square", "StatelessRandomUniform",
	"StopGradient", "StridedSlice", "Sub", "Sum", "Tanh", "Tile", "Transpose",
}

// Between lists the types of the ops through which y depends on xs, sorted:
// the ops whose gradients are used when y is differentiated by xs.
func Between(y tf.Output, xs ...tf.Output) []string {
	depends := map[string]bool{}
	types := map[string]bool{}
	var visit func(o *tf.Operation) bool
	visit = func(o *tf.Operation) bool {
		if d, seen := depends[o.Name()]; seen {
			return d
		}
		depends[o.Name()] = slices.ContainsFunc(xs, func(x tf.Output) bool { return x.Op.Name() == o.Name() })
		if depends[o.Name()] {
			return true
		}
		for i := range o.NumInputs() {
			if visit(tf.Consumer{Op: o, Index: i}.Producer().Op) {
				depends[o.Name()] = true
				types[o.Type()] = true
			}
		}
		return depends[o.Name()]
	}
	visit(y.Op)
	var out []string
	for ty := range types {
		out = append(out, ty)
	}
	slices.Sort(out)
	return out
}

// Covered fails for every op type between y and xs that is not [Checked].
func Covered(t testing.TB, y tf.Output, xs ...tf.Output) {
	t.Helper()
	for _, ty := range Between(y, xs...) {
		if !slices.Contains(Checked, ty) {
			t.Errorf("the gradient uses op type %s, which no finite difference checks: add a row to graphs/ops_test.go and its name to graphtest.Checked", ty)
		}
	}
}
