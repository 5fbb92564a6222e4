package onnx_test

import (
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/onnx"
	"unwarp/graphs/onnx/format"
)

// scoresOf decodes a file and runs it on two images of [3,8,8].
func scoresOf(t *testing.T, m *format.Model, x graphtest.Array) (imported.Signature, []float32) {
	t.Helper()
	n, err := onnx.Decode(m.Encode(), "a.onnx", imported.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var in graphs.Input
	var scores tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in = b.Input("images", tf.Float, -1, 8, 8, 3)
		scores = n.Declare(b.Pass("test", graphs.Inference).In("net"), in.Value, imported.Scores)[0]
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	out, err := net.Run(graphs.Feeds{in.Feed: x.Tensor(t)}, []tf.Output{scores})
	if err != nil {
		t.Fatal(err)
	}
	return n.Signature(), graphs.Floats(nil, out[0])
}

// The scores of a class number are those whose largest it tells, or where nothing tells
// them the number itself.
func TestClassNumbers(t *testing.T) {
	flat := plain("Flatten", "f", "x")
	largest := &format.Node{Op: "ArgMax", Name: "n", In: []string{"p"}, Out: []string{"y"}, Attributes: []format.Attribute{format.Int("axis", 1), format.Int("keepdims", 0)}}
	numbers := func(nodes ...*format.Node) *format.Model {
		m := model(nodes)
		m.Graph.Out[0].Type, m.Graph.Out[0].Dims = format.Int64, m.Graph.Out[0].Dims[:1]
		return m
	}
	x := graphtest.Uniform(1, 0, 9, 2, 8, 8, 3)
	plainly := model([]*format.Node{plain("Flatten", "y", "x")})
	_, want := scoresOf(t, plainly, x)
	sign, got := scoresOf(t, numbers(flat, plain("Softmax", "p", "f"), largest), x)
	if sign.End != imported.Softmax || !slices.Equal(got, want) || len(sign.Remarks) == 0 {
		t.Errorf("ends in %s, remarks %q", sign.End, sign.Remarks)
	}
	sure := &format.Node{Op: "Cast", Name: "n", In: []string{"p"}, Out: []string{"y"}, Attributes: []format.Attribute{format.Int("to", int64(format.Int64))}}
	if sign, got = scoresOf(t, numbers(flat, plain("Softmax", "p", "f"), sure), x); sign.End != imported.Number || slices.Max(got) > 1 {
		t.Errorf("rounded probabilities: ends in %s, largest value %g", sign.End, slices.Max(got))
	}
	whole := &format.Node{Op: "Cast", Name: "n", In: []string{"m"}, Out: []string{"y"}, Attributes: []format.Attribute{format.Int("to", int64(format.Int64))}}
	top := &format.Node{Op: "ReduceMax", Name: "m", In: []string{"f"}, Out: []string{"m"}, Attributes: []format.Attribute{format.Ints("axes", 1), format.Int("keepdims", 0)}}
	sign, got = scoresOf(t, numbers(flat, top, whole), x)
	if sign.End != imported.Number || len(got) != 2 {
		t.Fatalf("ends in %s, %d values", sign.End, len(got))
	}
	for i, v := range got {
		if largest := slices.Max(x.Data[192*i : 192*i+192]); v != float32(int(largest)) {
			t.Errorf("image %d: number %g, want the whole part of %g", i, v, largest)
		}
	}
}
