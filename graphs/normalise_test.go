package graphs_test

import (
	"fmt"
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

var normalisations = map[graphs.Normalise]graphs.Normalisation{
	graphs.NoNormalise: {By: graphs.NoNormalise},
	graphs.ByImage:     {By: graphs.ByImage},
	graphs.ByChannel:   {By: graphs.ByChannel},
	graphs.BySet:       {By: graphs.BySet, Mean: []float32{.4, .5}, Std: []float32{.2, .25}},
}

// referenceNormalise takes the images apart by hand: the values that share a mean
// are those of equal group.
func referenceNormalise(n graphs.Normalisation, x Array) []float64 {
	_, h, w, c := dims4(x)
	out := make([]float64, len(x.Data))
	if n.By == graphs.NoNormalise || n.By == graphs.BySet {
		for i, v := range x.Data {
			out[i] = float64(v)
			if n.By == graphs.BySet {
				out[i] = (out[i] - float64(n.Mean[i%c])) / float64(n.Std[i%c])
			}
		}
		return out
	}
	group := func(i int) int {
		image := i / (h * w * c)
		if n.By == graphs.ByChannel {
			return image*c + i%c
		}
		return image
	}
	members := map[int][]float64{}
	for i, v := range x.Data {
		members[group(i)] = append(members[group(i)], float64(v))
	}
	for i, v := range x.Data {
		all := members[group(i)]
		centre, square := mean(all), 0.
		for _, u := range all {
			square += (u - centre) * (u - centre) / float64(len(all))
		}
		out[i] = (float64(v) - centre) / max(math.Sqrt(square), 1/math.Sqrt(float64(len(all))))
	}
	return out
}

func normalised(n graphs.Normalisation) Func {
	return Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return n.Apply(s.In("n"), x) })
}

// Among the images one is bright beyond 1, one is dim but not constant, so
// that the floor of the deviation counts, and one is constant.
func normaliseImages() Array {
	x := Uniform(1, 0, 1, 4, 3, 5, 2)
	for i := range 30 {
		x.Data[i] = 3*x.Data[i] + float32(i%2) // unlike channels
		x.Data[30+i] = .5 + .05*x.Data[30+i]
		x.Data[60+i] = .25
	}
	return x
}

func TestNormalise(t *testing.T) {
	x := normaliseImages()
	for by, n := range normalisations {
		t.Run(string(by), func(t *testing.T) {
			Near(t, "images", Run(t, normalised(n), []Array{x}, AnyBatch())[0].Data, referenceNormalise(n, x), 2e-5)
			Gradient(t, normalised(n), []Array{x}, AnyBatch(), Step(1e-3), Within(3e-3))
		})
	}
	Equal(t, "no name is none", Run(t, normalised(graphs.Normalisation{}), []Array{x})[0].Data, x.Data)
}

// A loss may hold a gradient that passed the normalisation: that gradient is
// differentiated once more.
func TestNormaliseTwice(t *testing.T) {
	x := normaliseImages()
	for by, n := range normalisations {
		t.Run(string(by), func(t *testing.T) {
			Gradient(t, Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
				y := n.Apply(s.In("n"), x)
				cubes := op.Mul(s.Op("cubes"), y, op.Square(s.Op("square"), y))
				ones := op.StopGradient(s.Op("fixed"), op.OnesLike(s.Op("ones"), cubes)) // OnesLike itself has no gradient
				return op.Gradients(s.Op("first"), []tf.Output{cubes}, []tf.Output{x}, ones)[0]
			}), []Array{x}, Step(1e-3), Within(2e-2))
		})
	}
}

// The model normalises what the encoder sees and nothing else.
func TestModelNormalises(t *testing.T) {
	x := normaliseImages()
	for by, n := range normalisations {
		m := small("disentangled", graphs.Clamp, graphs.Smooth)
		m.Normalise = n
		var f graphs.Forward
		c := Build(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
			f = m.Apply(s, in[0])
			return []tf.Output{f.Embedding, f.Images, f.Canonical}
		}, []Array{x}, AnyBatch())
		out := c.Run(t, x)
		fc := referenceDense(Round(referenceNormalise(n, x), 4, 30), c.Value(t, "encoder/fc/kernel"), c.Value(t, "encoder/fc/bias"))
		for i, v := range fc {
			fc[i] = math.Tanh(v)
		}
		Near(t, fmt.Sprint(by, ": embedding"), out[0].Data, fc, 1e-4)
		Equal(t, fmt.Sprint(by, ": images to reconstruct"), out[1].Data, x.Data)
		for _, v := range out[2].Data {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("%s: want a canonical image in [0,1], got %g", by, v)
			}
		}
	}
}

func TestNormaliseRefused(t *testing.T) {
	in := func(b *graphs.Builder, n graphs.Normalisation, shape ...int64) {
		n.Apply(b.Pass("p", graphs.Inference).In("n"), b.Input("x", tf.Float, shape...).Value)
	}
	for _, c := range []struct {
		n     graphs.Normalisation
		shape []int64
		says  string
	}{
		{graphs.Normalisation{By: "batch"}, []int64{-1, 4, 4, 1}, `want none, image, channel or set, got "batch"`},
		{graphs.Normalisation{By: graphs.ByImage}, []int64{-1, 4, -1, 1}, "known sizes"},
		{graphs.Normalisation{By: graphs.ByChannel}, []int64{-1, 4}, "known sizes"},
		{graphs.Normalisation{By: graphs.BySet}, []int64{-1, 4, 4, 3}, "model.mean and model.std to have a number for each of 3 channels, got 0 and 0"},
		{normalisations[graphs.BySet], []int64{-1, 4, 4, 3}, "each of 3 channels, got 2 and 2"},
		{normalisations[graphs.BySet], []int64{-1, 4}, "known channels"},
	} {
		Refused(t, func(b *graphs.Builder) { in(b, c.n, c.shape...) }, "graphs: n: ", c.says)
	}
}
