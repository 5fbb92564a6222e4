package graphs_test

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// With the normalised image as target, the decoder is linear, what is compared
// is the normalised image, and what is shown is that decoding back in the
// units of the images: shown = rebuilt·deviation + mean.
func TestNormalisedTarget(t *testing.T) {
	x := normaliseImages()
	for by, n := range normalisations {
		if by == graphs.NoNormalise {
			continue
		}
		t.Run(string(by), func(t *testing.T) {
			m := small("disentangled", graphs.Clamp, graphs.Smooth)
			m.Normalise, m.Target = n, graphs.NormalisedTarget
			out := Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
				f := m.Apply(s, in[0])
				return []tf.Output{f.Target, f.Rebuilt, f.Reconstruction, m.TargetOf(s.In("again"), in[0])}
			}, []Array{x}, AnyBatch())
			target := referenceNormalise(n, x)
			Near(t, "target", out[0].Data, target, 2e-5)
			Near(t, "target of images", out[3].Data, target, 2e-5)
			// The same map that takes the target to the images takes the rebuilt
			// images to what is shown.
			for i := range 30 { // of the first image
				for j := range 30 {
					if i%2 != j%2 || target[i] == target[j] {
						continue // another channel may have another map
					}
					slope := (float64(x.Data[i]) - float64(x.Data[j])) / (target[i] - target[j])
					want := float64(x.Data[i]) + slope*(float64(out[1].Data[i])-target[i])
					if d := want - float64(out[2].Data[i]); d > 2e-3 || d < -2e-3 {
						t.Fatalf("value %d: want %g shown, got %g", i, want, out[2].Data[i])
					}
				}
			}
		})
	}
	m := graphs.DefaultModel()
	m.Target = graphs.NormalisedTarget
	_, err := m.Build(10)
	Says(t, err, "model.target: normalised wants model.normalise")
	m.Target = "sharp"
	_, err = m.Build(10)
	Says(t, err, `model.target: want image or normalised, got "sharp"`)
}

// Jitter acts in training alone, keeps each image's mean within the change of
// brightness, scales what differs from the mean by one factor in its range, and
// draws anew for each image and step, and the same for the same step.
func TestJitter(t *testing.T) {
	x := Uniform(1, -1, 1, 6, 3, 4, 2)
	j := graphs.Jitter{Brightness: .25, Low: .2, High: 1.8}
	jitter := Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return j.Apply(s.In("j"), x) })
	Equal(t, "in inference", Run(t, jitter, []Array{x}, In(graphs.Inference))[0].Data, x.Data)
	c := Build(t, jitter, []Array{x}, In(graphs.Training), AnyBatch())
	first, again, later := c.RunAt(t, 3, x)[0], c.RunAt(t, 3, x)[0], c.RunAt(t, 4, x)[0]
	Equal(t, "the same step", again.Data, first.Data)
	if later.Data[0] == first.Data[0] {
		t.Error("want other numbers at another step")
	}
	seen := map[float64]bool{}
	for i := range 6 {
		factor, change := jitterOf(t, x.Data[24*i:24*i+24], first.Data[24*i:24*i+24])
		if factor < .2-1e-4 || factor > 1.8+1e-4 || change < -.25-1e-4 || change > .25+1e-4 {
			t.Errorf("image %d: factor %g, change %g", i, factor, change)
		}
		seen[factor] = true
	}
	if len(seen) != 6 {
		t.Errorf("want a factor for each image, got %v", seen)
	}
}

// jitterOf solves for the factor and the change of one image, and checks that
// they explain all of its values.
func jitterOf(t *testing.T, x, y []float32) (factor, change float64) {
	t.Helper()
	means := func(v []float32) (m [2]float64) {
		for i, u := range v {
			m[i%2] += float64(u) / 12
		}
		return m
	}
	mx, my := means(x), means(y)
	factor = (float64(y[0]) - my[0]) / (float64(x[0]) - mx[0])
	change = my[0] - mx[0]
	for i := range x {
		want := mx[i%2] + factor*(float64(x[i])-mx[i%2]) + change
		if d := want - float64(y[i]); d > 1e-4 || d < -1e-4 {
			t.Fatalf("value %d: want %g, got %g", i, want, y[i])
		}
	}
	return factor, change
}

// What is compared of a reconstruction that was read back is what the decoders
// made.
func TestCompare(t *testing.T) {
	x := Uniform(1, 0, 1, 2, 5, 8, 1)
	for _, target := range []graphs.Target{graphs.ImageTarget, graphs.NormalisedTarget} {
		m := small("disentangled", graphs.Clamp, graphs.Smooth)
		m.Normalise, m.Target = graphs.Normalisation{By: graphs.ByImage}, target
		out := Run(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
			f := m.Apply(s, in[0])
			back := graphs.Forward{Images: in[0], Reconstruction: f.Reconstruction}
			m.Compare(s.In("back"), &back)
			return []tf.Output{f.Target, f.Rebuilt, back.Target, back.Rebuilt}
		}, []Array{x}, AnyBatch())
		for i, what := range []string{"target", "rebuilt"} {
			want := make([]float64, len(out[i].Data))
			for j, v := range out[i].Data {
				want[j] = float64(v)
			}
			Near(t, string(target)+": "+what, out[i+2].Data, want, 1e-4)
		}
	}
}
