package imported_test

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/graphs/imported"
	"unwarp/graphs/imported/importedtest"
)

func number(s *graphs.Scope, name string, v ...float32) tf.Output { return op.Const(s.Op(name), v) }

// Images of two classes, bright and dark, are told apart in the range of the network alone, and
// a network that rescales says which it wants.
func TestMeasure(t *testing.T) {
	rescaling := importedtest.Fake{H: 4, W: 4, C: 1, K: 2, Seed: 5, First: func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Mul(s.Op("scale"), x, number(s, "by", 1./255))
	}}
	pixels := graphtest.Uniform(3, 0, 1, 12, 4, 4, 1).Data
	all := []imported.Affine{{Scale: []float32{1}, Shift: []float32{0}}, {Scale: []float32{255}, Shift: []float32{0}}}
	o := graphs.Options{Device: graphs.CPU}
	labels := make([]int32, 12)
	// The labels are what the network says of images in its range.
	for i := range labels {
		m, err := imported.Measure(t.Context(), rescaling, o, [3]int64{4, 4, 1}, pixels[16*i:16*i+16], []int32{1}, all[1:])
		if err != nil {
			t.Fatal(err)
		}
		labels[i] = int32(m.Correct[0])
	}
	m, err := imported.Measure(t.Context(), rescaling, o, [3]int64{4, 4, 1}, pixels, labels, all)
	if err != nil {
		t.Fatal(err)
	}
	if m.Correct[1] != 12 || m.Wants != "0..255" || m.Probabilities {
		t.Errorf("%+v", m)
	}
	for want, first := range map[graphs.Range]func(s *graphs.Scope, x tf.Output) tf.Output{
		"0..1": func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.RealDiv(s.Op("div"), op.Sub(s.Op("sub"), x, number(s, "mean", .485)), number(s, "std", .229))
		},
		"": func(s *graphs.Scope, x tf.Output) tf.Output { return op.Relu(s.Op("relu"), x) },
	} {
		b := rescaling
		b.First = first
		if m, err := imported.Measure(t.Context(), b, o, [3]int64{4, 4, 1}, pixels, labels, all[:1]); err != nil || m.Wants != want {
			t.Errorf("wants %q, want %q (%v)", m.Wants, want, err)
		}
	}
	if n, err := imported.CountScores(rescaling, o, [3]int64{4, 4, 1}); n != 2 || err != nil {
		t.Errorf("%d scores, %v", n, err)
	}
}
