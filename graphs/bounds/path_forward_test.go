package bounds_test

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
)

// planted1 is the set of one parameter θ whose pixels are middle + slope·θ.
func planted1(middle, slope []float32) bounds.Set {
	s := bounds.Set{Center: middle, Slopes: slope, Radius: make([]float32, len(middle))}
	for i, m := range middle {
		d := float32(math.Abs(float64(slope[i])))
		s.Lower, s.Upper = append(s.Lower, m-d), append(s.Upper, m+d)
	}
	return s
}

// margin is IBP's bound of the margin of class 0 over class 1.
func margin(t *testing.T, f layer, shape []int64, s bounds.Set) float64 {
	t.Helper()
	c := certify(t, f, shape, bounds.Settings{Norm: bounds.Boxes, Parameters: 1, Method: bounds.IBP})
	v := c.verify(bounds.Query{Images: s.Center, Labels: []int32{0}, Sets: []bounds.Set{s}})[0]
	return float64(v.Lower[1])
}

// TestPathThroughReLU: |x| = relu(x) + relu(-x) of x = θ/2 has the least value 0
// and the largest 1/2. The path of the sum is exact at both; boxes give 0 and 1.
func TestPathThroughReLU(t *testing.T) {
	for _, c := range []struct{ sign, offset, least float64 }{{1, .1, .1}, {-1, .7, .2}} {
		f := func(s *graphs.Scope, x tf.Output) tf.Output {
			x = op.Sub(s.Op("middle"), x, op.Const(s.Op("half"), float32(.5)))
			x = graphs.Relu{}.Apply(s, op.MatMul(s.Op("both"), x, op.Const(s.Op("w1"), [][]float32{{1, -1}})))
			z := op.MatMul(s.Op("sum"), x, op.Const(s.Op("w2"), [][]float32{{float32(c.sign), 0}, {float32(c.sign), 0}}))
			return op.BiasAdd(s.Op("bias"), z, op.Const(s.Op("b"), []float32{float32(c.offset), 0}))
		}
		got := margin(t, f, []int64{1}, planted1([]float32{.5}, []float32{.5}))
		if math.Abs(got-c.least) > 3e-5 || got > c.least {
			t.Errorf("sign %g: want the margin %g, from below, got %g", c.sign, c.least, got)
		}
	}
}

// TestPathThroughMaximum: logit 0 is the maximum of two pixels, logit 1 that of
// two others, or the other way around.
func TestPathThroughMaximum(t *testing.T) {
	pools := func(flip bool) layer {
		return func(s *graphs.Scope, x tf.Output) tf.Output {
			x = op.MaxPool(s.Op("max"), x, []int64{1, 1, 2, 1}, []int64{1, 1, 2, 1}, "VALID")
			w := [][]float32{{1, 0}, {0, 1}}
			if flip {
				w = [][]float32{{0, 1}, {1, 0}}
			}
			z := op.MatMul(s.Op("logits"), s.Flatten(x), op.Const(s.Op("w"), w))
			return op.BiasAdd(s.Op("bias"), z, op.Const(s.Op("b"), []float32{1, 0})) // the image itself must be right
		}
	}
	for name, c := range map[string]struct {
		flip          bool
		middle, slope []float32
		atLeast, most float64
	}{
		// .5+.4θ, always .2 above the other, against .45+.4θ: what they share cancels.
		"together": {false, []float32{.5, .3, .45, .45}, []float32{.4, .4, .4, .4}, 1.05 - 3e-5, 1.05},
		// .5+.4θ against the larger of .5+.4θ and .45-.4θ: at θ = -1, .1 against .85.
		"apart": {true, []float32{.5, .45, .5, .5}, []float32{.4, -.4, .4, .4}, 1 - .75 - 3e-5, 1 - .75},
	} {
		if got := margin(t, pools(c.flip), []int64{1, 4, 1}, planted1(c.middle, c.slope)); !(got >= c.atLeast && got <= c.most) {
			t.Errorf("%s: want a margin from %g to %g, got %g", name, c.atLeast, c.most, got)
		}
	}
}
