package graphs_test

import (
	"math"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// drawn builds a net of variables and returns their initial values.
func drawn(t *testing.T, seed uint64, declare func(b *graphs.Builder)) func(path string) Array {
	t.Helper()
	c := Build(t, func(s *graphs.Scope, _ []tf.Output) []tf.Output {
		declare(s.Builder())
		return nil
	}, nil, Seed(seed))
	return func(path string) Array { return c.Value(t, path) }
}

func TestInitializerStatistics(t *testing.T) {
	const in, out = 300, 500
	dense, conv := []int64{in, out}, []int64{5, 5, 60, 100}
	for name, c := range map[string]struct {
		init  graphs.Initializer
		shape []int64
		std   float64
		bound float64
	}{
		"zeros":          {graphs.Zeros, []int64{7}, 0, 0},
		"glorot, dense":  {graphs.GlorotUniform, dense, math.Sqrt(2. / (in + out)), math.Sqrt(6. / (in + out))},
		"glorot, conv":   {graphs.GlorotUniform, conv, math.Sqrt(2. / (25*60 + 25*100)), math.Sqrt(6. / (25*60 + 25*100))},
		"he, dense":      {graphs.HeNormal, dense, math.Sqrt(2. / in), 2 / graphs.CutDeviation * math.Sqrt(2./in)},
		"he, conv":       {graphs.HeNormal, conv, math.Sqrt(2. / (25 * 60)), 2 / graphs.CutDeviation * math.Sqrt(2./(25*60))},
		"he, vector":     {graphs.HeNormal, []int64{50000}, math.Sqrt(2. / 50000), 2 / graphs.CutDeviation * math.Sqrt(2./50000)},
		"truncated":      {graphs.TruncatedNormal(.1), dense, .1 * graphs.CutDeviation, .2},
		"glorot, vector": {graphs.GlorotUniform, []int64{40000}, math.Sqrt(1. / 40000), math.Sqrt(3. / 40000)},
	} {
		t.Run(name, func(t *testing.T) {
			x := drawn(t, 1, func(b *graphs.Builder) { b.Declare("v", graphs.Trainable, c.init, c.shape...) })("v").Data
			n, sum, squares, largest := float64(len(x)), 0., 0., 0.
			for _, v := range x {
				sum += float64(v)
				squares += float64(v) * float64(v)
				largest = max(largest, math.Abs(float64(v)))
			}
			mean, std := sum/n, math.Sqrt(squares/n-sum/n*sum/n)
			// Five standard errors; the kurtosis of all these is below 3.
			if math.Abs(mean) > 5*c.std/math.Sqrt(n) {
				t.Errorf("want mean 0, got %g", mean)
			}
			if math.Abs(std-c.std) > 5*c.std/math.Sqrt(2*n) {
				t.Errorf("want deviation %g, got %g", c.std, std)
			}
			if largest > c.bound*(1+1e-6) || largest < .97*min(c.bound, 4*c.std) {
				t.Errorf("want values up to %g, got up to %g", c.bound, largest)
			}
		})
	}
}

// TestCutDeviation integrates x² times the density of a unit normal between -2
// and 2, over the share that lies there.
func TestCutDeviation(t *testing.T) {
	const steps = 1 << 16
	mass, second := 0., 0.
	for i := range steps {
		x := -2 + 4*(float64(i)+.5)/steps
		d := math.Exp(-x * x / 2)
		mass += d
		second += x * x * d
	}
	if want := math.Sqrt(second / mass); math.Abs(graphs.CutDeviation-want) > 1e-9 {
		t.Errorf("want %.12g, got %.12g", want, float64(graphs.CutDeviation))
	}
}

func TestInitialValuesAreDerived(t *testing.T) {
	for name, init := range map[string]graphs.Initializer{
		"he": graphs.HeNormal, "glorot": graphs.GlorotUniform, "truncated": graphs.TruncatedNormal(1),
	} {
		declare := func(paths ...string) func(b *graphs.Builder) {
			return func(b *graphs.Builder) {
				for _, p := range paths {
					b.Declare(p, graphs.Trainable, init, 3, 4)
				}
			}
		}
		first := drawn(t, 1, declare("a", "b"))
		other := drawn(t, 1, declare("more", "b", "a")) // order and company do not matter
		Equal(t, name+": the same seed and path", other("a").Data, first("a").Data)
		if slices.Equal(first("a").Data, first("b").Data) {
			t.Errorf("%s: two paths have the same values", name)
		}
		if slices.Equal(first("a").Data, drawn(t, 2, declare("a"))("a").Data) {
			t.Errorf("%s: two seeds give the same values", name)
		}
	}
}

func TestConstants(t *testing.T) {
	v := drawn(t, 1, func(b *graphs.Builder) {
		b.Declare("zero", graphs.Slot, graphs.Zeros, 2)
		b.Declare("one", graphs.Slot, graphs.Ones, 2)
		b.Declare("half", graphs.Slot, graphs.Constant(.5))
	})
	Equal(t, "zero", v("zero").Data, []float32{0, 0})
	Equal(t, "one", v("one").Data, []float32{1, 1})
	Equal(t, "half", v("half").Data, []float32{.5})
	if s := v("half").Shape; len(s) != 0 {
		t.Errorf("want a scalar, got shape %v", s)
	}
}

// TestAverages: an average starts as its variable does, and a pass reads it
// only where it was asked to.
func TestAverages(t *testing.T) {
	fn := func(s *graphs.Scope, in []tf.Output) []tf.Output {
		b := s.Builder()
		value := func(s *graphs.Scope) tf.Output { return graphs.Dense{Out: 2}.Apply(s.In("dense"), in[0]) }
		y := value(s)
		before := value(b.Pass("before", graphs.Inference, graphs.Averaged())) // no averages are kept yet
		b.DeclareAverages()
		return []tf.Output{y, before, value(b.Pass("plain", graphs.Inference)), value(b.Pass("averaged", graphs.Inference, graphs.Averaged()))}
	}
	x := Normal(1, 1, 1, 3)
	c := Build(t, fn, []Array{x})
	for _, v := range c.Net.Vars.All(graphs.Trainable) {
		a := c.Net.Vars.AverageOf(v)
		if a == nil {
			t.Fatalf("no average of %s", v.Path)
		}
		if a.Kind != graphs.Average || c.Net.Vars.AverageOf(a) != nil {
			t.Errorf("%s: want kind average and no average of its own, got kind %v", a.Path, a.Kind)
		}
		Equal(t, a.Path, c.Value(t, a.Path).Data, c.Value(t, v.Path).Data)
	}
	// Fed instead of read, the averages show who reads them.
	feeds := c.Feeds(t, 0, x)
	feeds[c.Net.Vars.Find("average/dense/kernel").Read] = Fill(0, 3, 2).Tensor(t)
	feeds[c.Net.Vars.Find("average/dense/bias").Read] = Of([]float32{5, 6}, 2).Tensor(t)
	out, err := c.Net.Run(feeds, c.Out)
	if err != nil {
		t.Fatal(err)
	}
	first := FromTensor(t, out[0]).Data
	Equal(t, "a pass before the averages", FromTensor(t, out[1]).Data, first)
	Equal(t, "a plain pass", FromTensor(t, out[2]).Data, first)
	Equal(t, "an averaged pass", FromTensor(t, out[3]).Data, []float32{5, 6})
}
