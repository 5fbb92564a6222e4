package certify_test

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/graphs"
)

// hillVictim is a net of two classes and 2x2 images whose margin of class 0 is
//
//	t + relu(a) - relu(a) - relu(b), a = x0 - x1, b = x2 + x3 - 1.2:
//
// a adds nothing, but bounds that take neurons apart do not know it.
func hillVictim(t float32) attacks.Victim {
	return attacks.Victim{H: 2, W: 2, C: 1, Classes: 2, Logits: func(s *graphs.Scope, x tf.Output) tf.Output {
		constant := func(name string, v any) tf.Output { return op.Const(s.Op(name), v) }
		z := op.MatMul(s.Op("hidden"), s.Flatten(x), constant("w", [][]float32{{1, 1, 0}, {-1, -1, 0}, {0, 0, 1}, {0, 0, 1}}))
		h := op.Relu(s.Op("relu"), op.BiasAdd(s.Op("biased"), z, constant("b", []float32{0, 0, -1.2})))
		out := op.MatMul(s.Op("out"), h, constant("v", [][]float32{{1, 0}, {-1, 0}, {-1, 0}}))
		return op.BiasAdd(s.Op("logits"), out, constant("c", []float32{t, 0}))
	}}
}

// TestInputSplit: the least margin within eps of (.5,.5,.5,.5) is t less what b can
// rise above 1.2; halving the box finds it from both sides where the bound over the
// whole box is too loose.
func TestInputSplit(t *testing.T) {
	const eps, fall = .2, .2 // b is at most 1.4
	image := attacks.Images{Pixels: []float32{.5, .5, .5, .5}, Labels: []int32{0}, Index: []int{0}}
	for _, c := range []struct {
		method string
		margin float32
		want   certify.Status
	}{
		{"input-split(boxes=1)", .05, certify.Open},
		{"input-split", .05, certify.Proven},
		{"input-split(by=ibp,seconds=60)", .15, certify.Proven},
		{"input-split", -.01, certify.Broken},
	} {
		p, logits := open(t, hillVictim(fall+c.margin), c.method, "linf")
		r, err := p.Prove(t.Context(), image, eps)
		if err != nil {
			t.Fatal(err)
		}
		got := r[0]
		if got.Status != c.want || got.Lower != nil && *got.Lower > float64(c.margin)+1e-6 {
			t.Errorf("%s, least margin %g: want %s, got %+v", c.method, c.margin, c.want, got)
		}
		if got.Status != certify.Broken {
			continue
		}
		z, err := logits(got.Example)
		if err != nil || z[0][0] >= z[0][1] {
			t.Errorf("the example has logits %v, %v", z, err)
		}
		for i, v := range got.Example {
			if math.Abs(float64(v-image.Pixels[i])) > eps+attacks.Linf.Tolerance(4, eps)+1e-7 {
				t.Errorf("value %d of the example is %g", i, v)
			}
		}
	}
}
