package graphs_test

import (
	"math"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// masks applies one Dropout under each of the paths.
func masks(rate float32, paths ...string) Func {
	return func(s *graphs.Scope, in []tf.Output) (out []tf.Output) {
		for _, p := range paths {
			out = append(out, graphs.Dropout{Rate: rate}.Apply(s.In(p), in[0]))
		}
		return out
	}
}

func TestDropoutTraining(t *testing.T) {
	const n = 20000
	ones := Fill(1, 20, n/20)
	for _, rate := range []float32{.1, .5, .9} {
		got := Run(t, masks(rate, "a"), []Array{ones}, In(graphs.Training), AnyBatch())[0]
		kept, scale := 0, 1/(1-rate)
		for _, v := range got.Data {
			switch {
			case v == 0:
			case math.Abs(float64(v-scale)) < 1e-6*float64(scale):
				kept++
			default:
				t.Fatalf("rate %g: want 0 or %g, got %g", rate, scale, v)
			}
		}
		// Five standard deviations of a binomial share.
		share, want := float64(kept)/n, 1-float64(rate)
		if math.Abs(share-want) > 5*math.Sqrt(want*(1-want)/n) {
			t.Errorf("rate %g: want %g of the elements kept, got %g", rate, want, share)
		}
	}
}

func TestDropoutMaskIsDerived(t *testing.T) {
	ones := Fill(1, 4, 100)
	c := Build(t, masks(.5, "a", "b"), []Array{ones}, In(graphs.Training))
	at := func(c *Circuit, step int64) (a, b []float32) {
		out := c.RunAt(t, step, ones)
		return out[0].Data, out[1].Data
	}
	a0, b0 := at(c, 0)
	a0again, _ := at(c, 0)
	a1, _ := at(c, 1)
	Equal(t, "the same step again", a0again, a0)
	// What an interrupted and resumed run draws: another graph, the same seed.
	resumed, _ := at(Build(t, masks(.5, "a", "b"), []Array{ones}, In(graphs.Training)), 1)
	Equal(t, "the same step in another graph", resumed, a1)
	other, _ := at(Build(t, masks(.5, "a", "b"), []Array{ones}, In(graphs.Training), Seed(2)), 0)
	for name, mask := range map[string][]float32{"step": a1, "path": b0, "seed": other} {
		if same := agreement(a0, mask); same < .3 || same > .7 {
			t.Errorf("another %s: %.0f%% of the mask is the same: want about half", name, 100*same)
		}
	}
	if rows := slices.Equal(a0[:100], a0[100:200]); rows {
		t.Error("two examples of a batch have the same mask")
	}
}

func agreement(a, b []float32) float64 {
	n := 0
	for i := range a {
		if a[i] == b[i] {
			n++
		}
	}
	return float64(n) / float64(len(a))
}

func TestDropoutIdentity(t *testing.T) {
	x := Normal(1, 1, 3, 50)
	Equal(t, "inference", Run(t, masks(.5, "a"), []Array{x})[0].Data, x.Data)
	Equal(t, "rate 0", Run(t, masks(0, "a"), []Array{x}, In(graphs.Training))[0].Data, x.Data)
}

func TestDropoutGradient(t *testing.T) {
	Gradient(t, masks(.5, "a"), []Array{Normal(1, 1, 3, 20)}, In(graphs.Training), AnyBatch(), Within(1e-3))
}
