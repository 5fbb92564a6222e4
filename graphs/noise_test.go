package graphs_test

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// Noise acts in training alone. What is added has mean 0, deviation sigma and the
// normal share beyond two deviations; it differs between images and steps, and is
// the same for the same step.
func TestNoise(t *testing.T) {
	x := Uniform(1, 0, 1, 40, 8, 8, 2)
	n := graphs.Noise{Sigma: .25}
	noisy := Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return n.Apply(s.In("n"), x) })
	Equal(t, "in inference", Run(t, noisy, []Array{x}, In(graphs.Inference))[0].Data, x.Data)
	c := Build(t, noisy, []Array{x}, In(graphs.Training), AnyBatch())
	first, again, later := c.RunAt(t, 3, x)[0], c.RunAt(t, 3, x)[0], c.RunAt(t, 4, x)[0]
	Equal(t, "the same step", again.Data, first.Data)
	var sum, squares, products, far float64
	for i, v := range first.Data {
		d, e := float64(v-x.Data[i])/.25, float64(later.Data[i]-x.Data[i])/.25
		sum, squares, products = sum+d, squares+d*d, products+d*e
		if math.Abs(d) > 2 {
			far++
		}
	}
	size := float64(len(x.Data)) // 5120: means are off by .014
	for what, got := range map[string][2]float64{"mean": {sum / size, 0}, "variance": {squares / size, 1}, "correlation of steps": {products / size, 0}, "share beyond 2": {far / size, .0455}} {
		if math.Abs(got[0]-got[1]) > .08 {
			t.Errorf("%s: got %v, want %v", what, got[0], got[1])
		}
	}
	if d := first.Data[0] - x.Data[0] - (first.Data[128] - x.Data[128]); d == 0 {
		t.Error("want other noise for another image")
	}
}

// The encoder sees noise and what is to be reconstructed does not, in either
// unit; the normalisation is that of the noisy image.
func TestNoiseIsTheEncodersAlone(t *testing.T) {
	x := Uniform(2, 0, 1, 3, 5, 8, 1)
	for _, target := range []graphs.Target{graphs.ImageTarget, graphs.NormalisedTarget} {
		plain := small("disentangled", graphs.Clamp, graphs.Smooth)
		plain.Normalise, plain.Target = graphs.Normalisation{By: graphs.ByImage}, target
		noisy := plain
		noisy.Noise = graphs.Noise{Sigma: .5}
		forward := func(m graphs.Disentangled) Func {
			return func(s *graphs.Scope, in []tf.Output) []tf.Output {
				f := m.Apply(s, in[0])
				return []tf.Output{f.Target, f.Embedding}
			}
		}
		a, b := Run(t, forward(plain), []Array{x}, In(graphs.Training)), Run(t, forward(noisy), []Array{x}, In(graphs.Training))
		Equal(t, "target", b[0].Data, a[0].Data)
		if a[1].Data[0] == b[1].Data[0] {
			t.Errorf("target %s: want an embedding of noisy images", target)
		}
	}
}
