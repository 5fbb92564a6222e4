package attacks

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// inGraph runs a method of a threat on arrays.
func inGraph(t *testing.T, f func(s *graphs.Scope, in []tf.Output) tf.Output, in ...graphtest.Array) []float32 {
	t.Helper()
	fn := func(s *graphs.Scope, in []tf.Output) []tf.Output { return []tf.Output{f(s, in)} }
	return graphtest.Run(t, fn, in, graphtest.AnyBatch())[0].Data
}

// projected is Project in float64, image by image.
func projected(norm Norm, x, origin []float32, eps float64) []float64 {
	length := 0.
	for i := range x {
		d := float64(x[i]) - float64(origin[i])
		length += d * d
	}
	length = math.Sqrt(length)
	out := make([]float64, len(x))
	for i := range x {
		d := float64(x[i]) - float64(origin[i])
		switch {
		case norm == Linf && d > eps:
			d = eps
		case norm == Linf && d < -eps:
			d = -eps
		case norm == L2 && length > eps:
			d *= eps / length
		}
		out[i] = math.Min(math.Max(float64(origin[i])+d, 0), 1)
	}
	return out
}

func TestProject(t *testing.T) {
	const n, px = 5, 12
	origin := graphtest.Uniform(1, 0, 1, n, 2, 2, 3)
	x := graphtest.Normal(2, .6, n, 2, 2, 3)
	for i := range x.Data {
		x.Data[i] += origin.Data[i]
	}
	copy(x.Data[3*px:], origin.Data[3*px:4*px]) // no change at all
	// Each image has a radius of its own; the last holds the whole box.
	eps := graphtest.Of([]float32{.001, .1, .5, .1, 100}, n)
	for _, norm := range []Norm{Linf, L2} {
		got := inGraph(t, func(s *graphs.Scope, in []tf.Output) tf.Output {
			return box(norm).Project(s, in[0], in[1], in[2])
		}, x, origin, eps)
		for i := range n {
			want := projected(norm, image(x.Data, i, px), image(origin.Data, i, px), float64(eps.Data[i]))
			graphtest.Near(t, string(norm), image(got, i, px), want, 1e-6)
		}
	}
}

func TestSteepest(t *testing.T) {
	const n, px = 6, 12
	g := graphtest.Normal(3, 1, n, 2, 2, 3)
	// float32 cannot hold the squares of the second and third.
	for row, scale := range map[int]float32{1: 1e-25, 2: 1e25, 3: 0} {
		for i := range px {
			g.Data[row*px+i] *= scale
		}
	}
	g.Data[4*px+5] = 0
	for i := range px { // one element decides
		g.Data[5*px+i] = 0
	}
	g.Data[5*px+7] = -3e-30
	for _, norm := range []Norm{Linf, L2} {
		got := inGraph(t, func(s *graphs.Scope, in []tf.Output) tf.Output { return box(norm).Steepest(s, in[0]) }, g)
		for i := range n {
			row, length := image(g.Data, i, px), 0.
			for _, v := range row {
				length += float64(v) * float64(v)
			}
			want := make([]float64, px)
			for k, v := range row {
				switch {
				case v == 0:
				case norm == Linf:
					want[k] = math.Copysign(1, float64(v))
				default:
					want[k] = float64(v) / math.Sqrt(length)
				}
			}
			graphtest.Near(t, string(norm), image(got, i, px), want, 2e-6)
		}
	}
}

func TestExcess(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name      string
		norm      Norm
		x, origin []float32
		eps       float32
		want      float64
	}{
		{"nothing moved", Linf, []float32{.5, .25}, []float32{.5, .25}, .125, 0},
		{"on the ball", Linf, []float32{.625, .125}, []float32{.5, .25}, .125, 0},
		{"one value beyond", Linf, []float32{.75, .25}, []float32{.5, .25}, .125, .125},
		{"downwards", Linf, []float32{.5, 0}, []float32{.5, .25}, .0625, .1875},
		{"above the box", Linf, []float32{1.25, .25}, []float32{1, .25}, .5, .25},
		{"below the box", Linf, []float32{-.125, .25}, []float32{0, .25}, .5, .125},
		{"ball and box: the worse", Linf, []float32{1.5, .25}, []float32{1, .25}, .25, .5},
		{"3-4-5 inside", L2, []float32{.375, .5}, []float32{0, 0}, .625, 0},
		{"3-4-5 beyond", L2, []float32{.375, .5}, []float32{0, 0}, .5, .125},
		{"many small ones", L2, []float32{.25, .25, .25, .25}, []float32{0, 0, 0, 0}, .25, .25},
		{"L2 above the box", L2, []float32{1.25, 0}, []float32{1, 0}, .5, .25},
		{"not a number", Linf, []float32{nan, 0}, []float32{0, 0}, .5, math.Inf(1)},
		{"not a number, L2", L2, []float32{0, nan}, []float32{0, 0}, .5, math.Inf(1)},
		{"infinite", Linf, []float32{inf, 0}, []float32{0, 0}, .5, math.Inf(1)},
		{"infinite, L2", L2, []float32{0, -inf}, []float32{0, 0}, .5, math.Inf(1)},
	} {
		if got := box(c.norm).Excess(c.x, c.origin, c.eps); got != c.want {
			t.Errorf("%s: want %g, got %g", c.name, c.want, got)
		}
	}
	if got := (Threat{Norm: Linf, Lo: .25, Hi: .75}).Excess([]float32{.125}, []float32{.25}, .5); got != .125 {
		t.Errorf("other box: want .125, got %g", got)
	}
}

func TestThreatRefused(t *testing.T) {
	v := newLinear(1, 2, 2, 1, 2).victim()
	for _, c := range []struct {
		threat Threat
		want   string
	}{
		{Threat{Norm: "l1", Hi: 1}, `attack.norm: want linf or l2, got "l1"`},
		{Threat{}, `attack.norm: want linf or l2, got ""`},
		{Threat{Norm: Linf}, `attacks: want a box of pixel values such as [0,1], got [0,0]`},
		{Threat{Norm: L2, Lo: float32(math.NaN()), Hi: 1}, `attacks: want a box of pixel values such as [0,1], got [NaN,1]`},
	} {
		net, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
			_, err := NewArena(b, v, c.threat)
			return err
		})
		if err == nil {
			net.Close()
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%+v: want %q, got %v", c.threat, c.want, err)
		}
	}
}
