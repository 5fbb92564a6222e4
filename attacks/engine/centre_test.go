package engine_test

import (
	"math"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/graphs"
)

const shift = 1e6 // float32 keeps multiples of 1/16 next to it

// shifted are ways in which a constant can get into all logits of a model with
// the bias b, as the ends of graphs: x are the products of the last layer.
var shifted = map[string]func(s *graphs.Scope, x tf.Output, b []float32) tf.Output{
	"bias": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		return op.BiasAdd(s.Op("sum"), x, constant(s, plus(b, shift)))
	},
	"negative bias": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		return op.AddV2(s.Op("sum"), constant(s, plus(b, -shift)), x)
	},
	"a number": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		return op.AddV2(s.Op("shift"), op.BiasAdd(s.Op("sum"), x, constant(s, b)), op.Const(s.Op("by"), float32(shift)))
	},
	"a row": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		return op.Sub(s.Op("shift"), op.BiasAdd(s.Op("sum"), x, constant(s, b)), op.Const(s.Op("by"), [][]float32{plus(make([]float32, len(b)), shift)}))
	},
	"behind other ops": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		y := op.Identity(s.Op("name"), op.BiasAdd(s.Op("sum"), x, constant(s, plus(b, shift))))
		y = op.Reshape(s.Op("flat"), op.ExpandDims(s.Op("longer"), y, op.Const(s.Op("axis"), int32(1))), op.Const(s.Op("dims"), []int32{-1, int32(len(b))}))
		return op.Cast(s.Op("narrow"), op.Cast(s.Op("wide"), y, tf.Double), tf.Float)
	},
	"halved": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		y := op.Mul(s.Op("half"), op.Const(s.Op("by"), float32(.5)), op.BiasAdd(s.Op("sum"), x, constant(s, plus(b, shift))))
		return op.Div(s.Op("double"), y, op.Const(s.Op("by"), float32(.5)))
	},
	"there and back": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		y := op.BiasAdd(s.Op("sum"), x, constant(s, plus(b, shift)))
		return op.Sub(s.Op("back"), y, op.Const(s.Op("by"), float32(shift)))
	},
	"of each image": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		y := op.BiasAdd(s.Op("sum"), x, constant(s, b))
		size := op.Mean(s.Op("mean"), op.Square(s.Op("square"), x), op.Const(s.Op("axis"), []int32{1}), op.MeanKeepDims(true))
		return op.AddV2(s.Op("shift"), y, op.Mul(s.Op("large"), size, op.Const(s.Op("by"), float32(shift))))
	},
	"subtracted from": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		y := op.Sub(s.Op("from"), op.Const(s.Op("by"), float32(shift)), op.BiasAdd(s.Op("sum"), x, constant(s, b)))
		return op.Neg(s.Op("back"), y)
	},
	"the mean of pixels": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		pixels := op.ExpandDims(s.Op("pixels"), x, op.Const(s.Op("axis"), int32(1)))
		return op.Mean(s.Op("pool"), op.BiasAdd(s.Op("sum"), pixels, constant(s, plus(b, shift))), op.Const(s.Op("axes"), []int32{1}))
	},
	"two heads": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		half := op.Mul(s.Op("half"), x, op.Const(s.Op("by"), float32(.5)))
		return op.AddV2(s.Op("both"), op.BiasAdd(s.Op("sum"), half, constant(s, plus(b, shift))), op.BiasAdd(s.Op("sum"), half, constant(s, plus(make([]float32, len(b)), shift))))
	},
}

func constant(s *graphs.Scope, b []float32) tf.Output { return op.Const(s.Op("b"), b) }

func plus(b []float32, by float32) []float32 {
	out := slices.Clone(b)
	for i := range out {
		out[i] += by
	}
	return out
}

// ending is l with an end of its own.
func ending(l attacktest.Linear, end func(s *graphs.Scope, x tf.Output, b []float32) tf.Output) attacks.Victim {
	bare := l
	bare.Bias = make([]float32, l.K)
	v := l.Victim()
	products := bare.Victim().Logits
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output { return end(s, products(s, images), l.Bias) }
	v.TrainingLoss = nil
	return v
}

// eighths makes the biases multiples of 1/8, which float32 keeps next to shift.
func eighths(l attacktest.Linear) attacktest.Linear {
	for k := range l.Bias {
		l.Bias[k] = float32(math.Round(float64(8*l.Bias[k]))) / 8
	}
	return l
}

// Attacks see the logits and gradients of the model without the constant,
// whichever way it is added; the model's own logits stay what they are.
func TestOffsetIsTakenAway(t *testing.T) {
	const n = 8
	l := eighths(attacktest.NewLinear(3, 3, 3, 1, 5))
	set := l.Labelled(4, n, 0, 1)
	list := attacktest.Parse(t, "fgsm", "fgsm(loss=margin)", "fgsm(loss=dlr)")
	requests := make([]attacks.Request, n)
	images := make([][]float32, n)
	for i := range n {
		images[i] = attacktest.Row(set.Pixels, i, 9)
		requests[i] = attacks.Request{Image: images[i], Label: int(set.Labels[i])}
	}
	plain := engine.NewBatchRunner(attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(attacks.Linf), list...), n)
	for name, end := range shifted {
		t.Run(name, func(t *testing.T) {
			p := engine.NewBatchRunner(attacktest.NewSession(t, ending(l, end), attacktest.UnitBox(attacks.Linf), list...), n)
			logits, err := p.CentredLogits(images...)
			if err != nil {
				t.Fatal(err)
			}
			for i, z := range logits {
				want := l.Logits(images[i])
				for k := range z {
					if d := float64(z[k]-z[0]) - (want[k] - want[0]); math.Abs(d) > 1e-4 {
						t.Errorf("image %d, class %d: %g off", i, k, d)
					}
				}
			}
			for _, loss := range []attacks.Loss{attacks.Classification, attacks.Margin, attacks.DLR} {
				got, err := p.LossGradients(loss, requests...)
				if err != nil {
					t.Fatal(err)
				}
				want, err := plain.LossGradients(loss, requests...)
				if err != nil {
					t.Fatal(err)
				}
				for i := range got {
					if d := attacks.Linf.Distance(got[i].Gradient, want[i].Gradient); d > 1e-4 || math.Abs(float64(got[i].Loss-want[i].Loss)) > 1e-4 {
						t.Errorf("%s, image %d: gradient %g off, loss %g, want %g", loss, i, d, got[i].Loss, want[i].Loss)
					}
				}
			}
		})
	}
}

// Logits without an offset are the model's own, bit by bit, whatever is added to
// them; so are those whose scale is not that of a shift.
func TestNothingToTakeAway(t *testing.T) {
	l := attacktest.NewLinear(3, 3, 3, 1, 5)
	set := l.Labelled(4, 4, 0, 1)
	factors := []float32{1, 2, 3, 4, 5}
	for name, end := range map[string]func(s *graphs.Scope, x tf.Output, b []float32) tf.Output{
		"a bias": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
			return op.BiasAdd(s.Op("sum"), x, constant(s, b))
		},
		"far apart": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
			return op.BiasAdd(s.Op("sum"), x, constant(s, []float32{0, 1e3, -1e3, 5e3, 2e3}))
		},
		"a factor for each class": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
			return op.Mul(s.Op("times"), op.BiasAdd(s.Op("sum"), x, constant(s, plus(b, shift))), op.Const(s.Op("by"), factors))
		},
		"rounded": func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
			y := op.BiasAdd(s.Op("sum"), x, constant(s, plus(b, shift)))
			return op.Round(s.Op("round"), y)
		},
	} {
		v := ending(l, end)
		p := engine.NewBatchRunner(attacktest.NewSession(t, v, attacktest.UnitBox(attacks.Linf)), 4)
		for i := range set.Len() {
			x := attacktest.Row(set.Pixels, i, 9)
			own, err := p.Logits(x)
			if err != nil {
				t.Fatal(err)
			}
			centred, err := p.CentredLogits(x)
			if err != nil || !slices.Equal(own[0], centred[0]) {
				t.Errorf("%s: own logits %v, centred %v, %v", name, own[0], centred[0], err)
			}
		}
	}
}

// A class that is switched off by its bias does not hide the offset of the
// others.
func TestOffsetBesideAnOutlier(t *testing.T) {
	l := eighths(attacktest.NewLinear(3, 3, 3, 1, 5))
	off := plus(l.Bias, shift)
	off[2] = -1e9
	v := ending(l, func(s *graphs.Scope, x tf.Output, b []float32) tf.Output {
		return op.BiasAdd(s.Op("sum"), x, constant(s, off))
	})
	p := engine.NewBatchRunner(attacktest.NewSession(t, v, attacktest.UnitBox(attacks.Linf)), 1)
	set := l.Labelled(4, 4, 0, 1)
	for i := range set.Len() {
		x := attacktest.Row(set.Pixels, i, 9)
		z, err := p.CentredLogits(x)
		if err != nil {
			t.Fatal(err)
		}
		if want := l.Logits(x); math.Abs(float64(z[0][0]-z[0][1])-(want[0]-want[1])) > 1e-4 {
			t.Errorf("image %d: difference %g, want %g", i, z[0][0]-z[0][1], want[0]-want[1])
		}
	}
}
