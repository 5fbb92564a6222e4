package trainer

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// The change of codes against plain arithmetic, with finite differences; the
// relative one does not change when both codes are scaled, so that making codes
// small does not pay, and is finite for codes of zeros.
func TestCodeChange(t *testing.T) {
	a, b := graphtest.Uniform(1, -1, 2, 3, 5), graphtest.Uniform(2, -1, 2, 3, 5)
	length := func(x []float32) (l float64) {
		for _, v := range x {
			l += float64(v) * float64(v)
		}
		return math.Sqrt(l)
	}
	change := func(n CodeNorm) graphtest.Func {
		return func(s *graphs.Scope, in []tf.Output) []tf.Output { return []tf.Output{n.change(s, in[0], in[1])} }
	}
	for n, want := range map[CodeNorm]func(difference, a, b float64) float64{
		"":             func(d, _, _ float64) float64 { return d },
		LiteralChange:  func(d, _, _ float64) float64 { return d },
		RMSChange:      func(d, _, _ float64) float64 { return d / math.Sqrt(5) },
		RelativeChange: func(d, a, b float64) float64 { return d / ((a + b) / 2) },
	} {
		t.Run(string(n), func(t *testing.T) {
			var wants []float64
			for i := 0; i < 15; i += 5 {
				x, y, d := a.Data[i:i+5], b.Data[i:i+5], make([]float32, 5)
				for j := range d {
					d[j] = x[j] - y[j]
				}
				wants = append(wants, want(length(d), length(x), length(y)))
			}
			graphtest.Near(t, "change", graphtest.Run(t, change(n), []graphtest.Array{a, b})[0].Data, wants, 1e-5)
			graphtest.Gradient(t, change(n), []graphtest.Array{a, b}, graphtest.Step(1e-3), graphtest.Within(3e-3))
		})
	}
	scaled := func(x graphtest.Array) graphtest.Array {
		y := graphtest.Fill(0, 3, 5)
		for i, v := range x.Data {
			y.Data[i] = .125 * v
		}
		return y
	}
	once, small := graphtest.Run(t, change(RelativeChange), []graphtest.Array{a, b})[0], graphtest.Run(t, change(RelativeChange), []graphtest.Array{scaled(a), scaled(b)})[0]
	graphtest.Near(t, "of smaller codes", small.Data, []float64{float64(once.Data[0]), float64(once.Data[1]), float64(once.Data[2])}, 1e-4)
	zero := graphtest.Fill(0, 3, 5)
	for _, v := range graphtest.Run(t, change(RelativeChange), []graphtest.Array{zero, zero})[0].Data {
		if !(v >= 0 && v <= 2) {
			t.Errorf("codes of zeros: want a change in [0,2], got %g", v)
		}
	}
}

// The spread of embeddings: 0 where all are equal or zero, and otherwise what the
// formula says of two embeddings.
func TestEmbeddingSpread(t *testing.T) {
	spread := graphtest.Unary(embeddingSpread)
	for name, c := range map[string]struct {
		embeddings []float32
		want       float64
	}{
		"equal":    {[]float32{1, 2, 1, 2}, 0},
		"zero":     {[]float32{0, 0, 0, 0}, 0},
		"opposite": {[]float32{1, -3, -1, 3}, 1},
		"one each": {[]float32{2, 0, 0, 2}, math.Sqrt(.5)}, // variance 1, mean square 2
	} {
		got := graphtest.Run(t, spread, []graphtest.Array{graphtest.Of(c.embeddings, 2, 2)})[0].Data
		graphtest.Near(t, name, got, []float64{c.want}, 1e-6)
	}
}
