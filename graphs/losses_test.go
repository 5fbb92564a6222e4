package graphs_test

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

var someLabels = []int32{2, 0, 3, 3}

// classified applies a loss of logits and someLabels.
func classified(loss func(s *graphs.Scope, logits, labels tf.Output) tf.Output) Func {
	return Unary(func(s *graphs.Scope, logits tf.Output) tf.Output {
		return loss(s.In("loss"), logits, op.Const(s.Op("labels"), someLabels))
	})
}

func TestCrossEntropy(t *testing.T) {
	logits := Normal(1, 2, 4, 4)
	Near(t, "cross-entropy", Run(t, classified(graphs.CrossEntropy), []Array{logits})[0].Data, referenceCrossEntropy(logits, someLabels), 1e-6)
	Gradient(t, classified(graphs.CrossEntropy), []Array{logits}, AnyBatch(), Within(2e-3))

	// Where exp overflows in float32.
	large := Of([]float32{0, 0, 1000, 0, 1000, 0, 0, 0, 0, 0, 0, 1000, 1000, 0, 0, 0}, 4, 4)
	Near(t, "large logits", Run(t, classified(graphs.CrossEntropy), []Array{large})[0].Data, []float64{0, 0, 0, 1000}, 1e-6)
}

// softmax of a row of logits over a temperature, in plain Go.
func softmax(z []float32, temperature float64) []float64 {
	out, sum := make([]float64, len(z)), 0.
	for i, v := range z {
		out[i] = math.Exp(float64(v) / temperature)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// The loss of a model is the plain one without a temperature; with one it
// divides the logits, and those of a teacher that stands in for labels.
func TestSoftmaxCrossEntropy(t *testing.T) {
	logits, teacher := Normal(1, 2, 4, 4), Normal(2, 2, 4, 4)
	plain := Run(t, classified(graphs.CrossEntropy), []Array{logits})[0].Data
	for _, loss := range []graphs.Loss{graphs.SoftmaxCrossEntropy{}, graphs.SoftmaxCrossEntropy{Temperature: 1}, graphs.LossFunc(graphs.CrossEntropy)} {
		Equal(t, "plain", Run(t, classified(loss.PerImage), []Array{logits})[0].Data, plain)
	}
	cool := graphs.SoftmaxCrossEntropy{Temperature: 3}
	hard, soft, gradient := make([]float64, 4), make([]float64, 4), make([]float64, 16)
	for i := range 4 {
		p, q := softmax(logits.Data[4*i:4*i+4], 3), softmax(teacher.Data[4*i:4*i+4], 3)
		hard[i] = -math.Log(p[someLabels[i]])
		for k := range 4 {
			soft[i] -= q[k] * math.Log(p[k])
			gradient[4*i+k] = (p[k] - q[k]) / 3
		}
	}
	Near(t, "at a temperature", Run(t, classified(cool.PerImage), []Array{logits})[0].Data, hard, 1e-6)
	got := Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
		loss := cool.FromTeacher(s.In("loss"), in[0], in[1])
		return append([]tf.Output{loss}, graphs.Gradients(s, loss, in[0])...)
	}, []Array{logits, teacher})
	Near(t, "distilled", got[0].Data, soft, 1e-6)
	Near(t, "gradient", got[1].Data, gradient, 1e-6)
}

func TestMargin(t *testing.T) {
	logits := Of([]float32{
		1, 2, 5, 3, // right by 2
		-1, 4, 0, 2, // wrong by 5
		-1, -2, -3, -1.5, // wrong by .5, all negative
		7, 7, 7, 7, // a tie
	}, 4, 4)
	Near(t, "margin", Run(t, classified(graphs.Margin), []Array{logits})[0].Data, []float64{-2, 5, .5, 0}, 1e-6)
	Gradient(t, classified(graphs.Margin), []Array{Spread(1, .1, 4, 4)}, AnyBatch(), Within(2e-3))
}

func TestDistance(t *testing.T) {
	a, b := Spread(1, .1, 3, 2, 3, 2), Fill(.02, 3, 2, 3, 2)
	sums := func(f func(d float64) float64) []float64 {
		out := make([]float64, 3)
		for i := range a.Data {
			out[i/12] += f(float64(a.Data[i]) - float64(b.Data[i]))
		}
		return out
	}
	square := func(d float64) float64 { return d * d }
	sse := sums(square)
	mse, frobenius := make([]float64, 3), make([]float64, 3)
	for i, v := range sse {
		mse[i], frobenius[i] = v/12, math.Sqrt(v)
	}
	for norm, want := range map[graphs.Norm][]float64{
		"": frobenius, graphs.Frobenius: frobenius, graphs.SSE: sse, graphs.MSE: mse, graphs.L1: sums(math.Abs),
	} {
		t.Run("norm "+string(norm), func(t *testing.T) {
			fn := func(s *graphs.Scope, in []tf.Output) []tf.Output {
				return []tf.Output{graphs.Distance(s.In("distance"), in[0], in[1], norm)}
			}
			Near(t, "distance", Run(t, fn, []Array{a, b}, AnyBatch())[0].Data, want, 1e-6)
			Gradient(t, fn, []Array{a, b}, AnyBatch(), Within(5e-3))
		})
	}
}

// The gradient of a root is infinite at zero: equal images must give a finite
// one, and nearly zero.
func TestDistanceOfEqualImages(t *testing.T) {
	x := Normal(1, 1, 2, 3)
	for _, norm := range []graphs.Norm{graphs.Frobenius, graphs.SSE, graphs.MSE, graphs.L1} {
		got := Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
			d := graphs.Distance(s.In("distance"), in[0], in[1], norm)
			return append([]tf.Output{d}, graphs.Gradients(s, d, in[0])...)
		}, []Array{x, x})
		Near(t, string(norm), got[0].Data, []float64{0, 0}, 2e-6)
		Near(t, string(norm)+": gradient", got[1].Data, make([]float64, 6), 0)
	}
}

func TestMeanAndWeighted(t *testing.T) {
	x := Of([]float32{1, 2, 6, -1}, 4)
	fn := Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return graphs.Weighted(s, .5, graphs.Mean(s, x)) })
	got := Run(t, fn, []Array{x}, AnyBatch())[0]
	Near(t, "half of the mean", got.Data, []float64{1}, 1e-7)
	if len(got.Shape) != 0 {
		t.Errorf("want a scalar, got shape %v", got.Shape)
	}
	Gradient(t, fn, []Array{x}, AnyBatch(), Within(1e-3))
}
