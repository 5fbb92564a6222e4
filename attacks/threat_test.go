package attacks_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// projected is Project in float64, with the L1 threshold by bisection.
func projected(norm attacks.Norm, x, origin []float32, eps, lo, hi float64) []float64 {
	d := make([]float64, len(x))
	var length, sum float64
	for i := range x {
		d[i] = float64(x[i]) - float64(origin[i])
		length, sum = length+d[i]*d[i], sum+math.Abs(d[i])
	}
	length = math.Sqrt(length)
	var cut float64
	if norm == attacks.L1 && sum > eps {
		cut = bisected(d, eps)
	}
	for i, v := range d {
		switch {
		case norm == attacks.Linf:
			v = math.Max(-eps, math.Min(v, eps))
		case norm == attacks.L2 && length > eps:
			v *= eps / length
		case norm == attacks.L1:
			v = math.Copysign(math.Max(0, math.Abs(v)-cut), v)
		}
		d[i] = math.Min(math.Max(float64(origin[i])+v, lo), hi)
	}
	return d
}

// bisected is the cut at which the changes d, less the cut, sum to eps.
func bisected(d []float64, eps float64) float64 {
	lo, hi := 0., 1e6
	for range 200 {
		cut, sum := (lo+hi)/2, 0.
		for _, v := range d {
			sum += math.Max(0, math.Abs(v)-cut)
		}
		if sum > eps {
			lo = cut
		} else {
			hi = cut
		}
	}
	return hi
}

func TestProject(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, norm := range attacks.Threats {
		for _, n := range []int{1, 2, 12, 300} {
			for _, eps := range []float32{1e-6, .001, .1, .5, 3, 100} {
				for _, size := range []float64{0, 1e-3, .6} {
					origin, x := attacktest.RandomImage(r, n), attacktest.NormalVector(r, n, size)
					vector.AXPY(x, origin, 1, x)
					want := projected(norm, x, origin, float64(eps), 0, 1)
					got := slices.Clone(x)
					attacktest.UnitBox(norm).Project(got, origin, eps)
					graphtest.Near(t, string(norm), got, want, 1e-6)
					if d := norm.Distance(got, origin); d > float64(eps)+norm.Tolerance(n, float64(eps)) {
						t.Errorf("%s: %d values, eps %g: projected to %g, outside the ball", norm, n, eps, d)
					}
				}
			}
		}
	}
	// Another box, and values of which all change alike.
	x := []float32{2, 2, 2, -3}
	attacks.Threat{Norm: attacks.L1, Lo: -1, Hi: 1.25}.Project(x, []float32{1, 1, 1, 0}, 1)
	graphtest.Near(t, "other box", x, []float64{1, 1, 1, -1}, 1e-6)
}

func TestSteepest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const px = 12
	for _, size := range []float64{1, 1e-25, 1e25, 1e-38, 0} { // float32 cannot hold the squares of some
		g := attacktest.NormalVector(r, px, size)
		g[5] = 0
		if size == 1e25 { // one value decides
			clear(g)
			g[7] = -3e-30
		}
		length, most := 0., 0
		for i, v := range g {
			length += float64(v) * float64(v)
			if math.Abs(float64(v)) > math.Abs(float64(g[most])) {
				most = i
			}
		}
		for _, n := range attacks.Threats {
			want := make([]float64, px)
			for i, v := range g {
				switch {
				case v == 0, n == attacks.L1 && i != most:
				case n == attacks.L2:
					want[i] = float64(v) / math.Sqrt(length)
				default:
					want[i] = math.Copysign(1, float64(v))
				}
			}
			d := make([]float32, px)
			attacktest.UnitBox(n).Steepest(d, g)
			graphtest.Near(t, string(n), d, want, 2e-6)
			// No direction of unit size, of many, climbs faster.
			climb := vector.Dot(d, g)
			for range 50 {
				u := attacktest.NormalVector(r, px, 1)
				vector.Scale(u, u, 1/n.Of(u))
				if vector.Dot(u, g) > climb*(1+1e-5) {
					t.Errorf("%s: a random direction climbs by %g, the steepest by %g", n, vector.Dot(u, g), climb)
				}
			}
			if size := n.Of(d); length > 0 && math.Abs(float64(size)-1) > 1e-5 {
				t.Errorf("%s: want a direction of unit size, got %g", n, size)
			}
			in := slices.Clone(g) // in place, as attacks do
			attacktest.UnitBox(n).Steepest(in, in)
			graphtest.Equal(t, string(n)+" in place", in, d)
		}
	}
}

func TestThreatRefused(t *testing.T) {
	v := attacktest.NewLinear(1, 2, 2, 1, 2).Victim()
	for _, c := range []struct {
		threat attacks.Threat
		want   string
	}{
		{attacks.Threat{Norm: "l3", Hi: 1}, `attack.norm: want one of [linf l2 l1], got "l3"`},
		{attacks.Threat{Norm: attacks.L0, Hi: 1}, `attack.norm: want one of [linf l2 l1], got "l0"`},
		{attacks.Threat{}, `attack.norm: want one of [linf l2 l1], got ""`},
		{attacks.Threat{Norm: attacks.Linf}, `attacks: want a box of pixel values such as [0,1], got [0,0]`},
		{attacks.Threat{Norm: attacks.L2, Lo: float32(math.NaN()), Hi: 1}, `attacks: want a box of pixel values such as [0,1], got [NaN,1]`},
	} {
		net, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
			_, err := engine.NewAttackGraph(b, v, c.threat)
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
