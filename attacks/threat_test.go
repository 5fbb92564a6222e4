package attacks

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// projected is Project in float64, with the L1 threshold by bisection.
func projected(norm Norm, x, origin []float32, eps, lo, hi float64) []float64 {
	d := make([]float64, len(x))
	var length, sum float64
	for i := range x {
		d[i] = float64(x[i]) - float64(origin[i])
		length, sum = length+d[i]*d[i], sum+math.Abs(d[i])
	}
	length = math.Sqrt(length)
	var cut float64
	if norm == L1 && sum > eps {
		cut = bisected(d, make([]float64, len(d)), eps)
	}
	for i, v := range d {
		switch {
		case norm == Linf:
			v = math.Max(-eps, math.Min(v, eps))
		case norm == L2 && length > eps:
			v *= eps / length
		case norm == L1:
			v = math.Copysign(math.Max(0, math.Abs(v)-cut), v)
		}
		d[i] = math.Min(math.Max(float64(origin[i])+v, lo), hi)
	}
	return d
}

// bisected is the cut at which the changes d, less the cut and at most room
// (where it is not 0), sum to eps.
func bisected(d, room []float64, eps float64) float64 {
	lo, hi := 0., 1e6
	for range 200 {
		cut, sum := (lo+hi)/2, 0.
		for i, v := range d {
			v = math.Max(0, math.Abs(v)-cut)
			if room[i] > 0 {
				v = math.Min(v, room[i])
			}
			sum += v
		}
		if sum > eps {
			lo = cut
		} else {
			hi = cut
		}
	}
	return hi
}

// draws are vectors of n normal numbers of the given size, in float32.
func draws(r *rand.Rand, n int, size float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(size * r.NormFloat64())
	}
	return x
}

func greyish(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Min(math.Max(1.4*r.Float64()-.2, 0), 1)) // some black, some white
	}
	return x
}

func TestProject(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, norm := range Threats {
		for _, n := range []int{1, 2, 12, 300} {
			for _, eps := range []float32{1e-6, .001, .1, .5, 3, 100} {
				for _, size := range []float64{0, 1e-3, .6} {
					origin, x := greyish(r, n), draws(r, n, size)
					axpy(x, origin, 1, x)
					want := projected(norm, x, origin, float64(eps), 0, 1)
					got := clone(x)
					box(norm).Project(got, origin, eps)
					graphtest.Near(t, string(norm), got, want, 1e-6)
					if !legal(got, origin, box(norm), eps) {
						t.Errorf("%s: %d values, eps %g: projected to %g, outside ball or box", norm, n, eps, distance(norm, got, origin))
					}
				}
			}
		}
	}
	// Another box, and values of which all change alike.
	x := []float32{2, 2, 2, -3}
	Threat{L1, -1, 1.25}.Project(x, []float32{1, 1, 1, 0}, 1)
	graphtest.Near(t, "other box", x, []float64{1, 1, 1, -1}, 1e-6)
}

// shrink finds the nearest point of ball and box: its twin by bisection agrees,
// and no point of either that is drawn, or nearby on the way to one, is nearer.
func TestShrinkInBox(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for k := range 300 {
		n := 1 + r.IntN(40)
		origin, x := greyish(r, n), draws(r, n, []float64{.05, .5, 5}[k%3])
		eps := 3 * r.Float64() * r.Float64()
		axpy(x, origin, 1, x)
		got := clone(x)
		shrink(got, origin, eps, 0, 1)
		if k%7 == 0 { // ties
			for i := range x {
				x[i], origin[i] = .5+.25*float32(i%3), .5
			}
			got = clone(x)
			shrink(got, origin, eps, 0, 1)
		}
		d, room, inside := make([]float64, n), make([]float64, n), 0.
		for i := range x {
			d[i] = float64(x[i]) - float64(origin[i])
			if room[i] = float64(1 - origin[i]); d[i] < 0 {
				room[i] = float64(origin[i])
			}
			room[i] = math.Max(room[i], 1e-300) // 0 would be no bound
			inside += math.Min(math.Abs(d[i]), room[i])
		}
		cut := 0.
		if inside > eps {
			cut = bisected(d, room, eps)
		}
		want := make([]float64, n)
		for i, v := range d {
			want[i] = float64(origin[i]) + math.Copysign(math.Min(math.Max(math.Abs(v)-cut, 0), room[i]), v)
		}
		graphtest.Near(t, "twin", got, want, 2e-6)
		near := distance(L2, got, x)
		for range 20 {
			y := draws(r, n, .5)
			axpy(y, origin, 1, y)
			box(L1).Project(y, origin, float32(eps))
			for _, f := range []float32{1, .1, .01} {
				z := make([]float32, n)
				sub(z, y, got)
				axpy(z, got, f, z)
				if far := distance(L2, z, x); far < near-1e-5 {
					t.Fatalf("eps %g: a point of ball and box is at %g, shrink's at %g", eps, far, near)
				}
			}
		}
	}
}

func TestSteepest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const px = 12
	for _, size := range []float64{1, 1e-25, 1e25, 1e-38, 0} { // float32 cannot hold the squares of some
		g := draws(r, px, size)
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
		for _, n := range Threats {
			want := make([]float64, px)
			for i, v := range g {
				switch {
				case v == 0, n == L1 && i != most:
				case n == L2:
					want[i] = float64(v) / math.Sqrt(length)
				default:
					want[i] = math.Copysign(1, float64(v))
				}
			}
			d := make([]float32, px)
			box(n).Steepest(d, g)
			graphtest.Near(t, string(n), d, want, 2e-6)
			// No direction of unit size, of many, climbs faster.
			climb := dot(d, g)
			for range 50 {
				u := draws(r, px, 1)
				scale(u, u, 1/norm(n, u))
				if dot(u, g) > climb*(1+1e-5) {
					t.Errorf("%s: a random direction climbs by %g, the steepest by %g", n, dot(u, g), climb)
				}
			}
			if size := norm(n, d); length > 0 && math.Abs(float64(size)-1) > 1e-5 {
				t.Errorf("%s: want a direction of unit size, got %g", n, size)
			}
			in := clone(g) // in place, as attacks do
			box(n).Steepest(in, in)
			graphtest.Equal(t, string(n)+" in place", in, d)
		}
	}
}

// Every value above the n-th largest moves alike; ties move too.
func TestLargestSigns(t *testing.T) {
	scratch := make([]float32, 6)
	for _, c := range []struct {
		g    []float32
		n    int
		want []float64
	}{
		{[]float32{1, -5, 3, 0, 2, -4}, 1, []float64{0, -1, 0, 0, 0, 0}},
		{[]float32{1, -5, 3, 0, 2, -4}, 2, []float64{0, -.5, 0, 0, 0, -.5}},
		{[]float32{1, -5, 3, 0, 2, -4}, 6, []float64{.2, -.2, .2, 0, .2, -.2}},
		{[]float32{1, -5, 3, 0, 2, -4}, 0, []float64{0, -1, 0, 0, 0, 0}},
		{[]float32{2, 2, -2, 0, 2, 1}, 2, []float64{.25, .25, -.25, 0, .25, 0}},
		{[]float32{0, 0, 0, 0, 0, 0}, 3, []float64{0, 0, 0, 0, 0, 0}},
	} {
		got := make([]float32, 6)
		largestSigns(got, c.g, c.n, scratch)
		graphtest.Near(t, "signs", got, c.want, 1e-7)
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		v := make([]float32, 1+r.IntN(30))
		for i := range v {
			v[i] = float32(r.IntN(10)) // many ties
		}
		sorted := clone(v)
		slices.Sort(sorted)
		n := 1 + r.IntN(len(v))
		if got := nth(clone(v), n); got != sorted[len(v)-n] {
			t.Fatalf("%v: want %g in place %d, got %g", v, sorted[len(v)-n], n, got)
		}
	}
}

func TestLegal(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name      string
		norm      Norm
		x, origin []float32
		eps       float32
		far       float64
		ok        bool
	}{
		{"nothing moved", Linf, []float32{.5, .25}, []float32{.5, .25}, .125, 0, true},
		{"on the ball", Linf, []float32{.625, .125}, []float32{.5, .25}, .125, .125, true},
		{"one value beyond", Linf, []float32{.75, .25}, []float32{.5, .25}, .125, .25, false},
		{"a rounding error beyond", Linf, []float32{.6250005, .25}, []float32{.5, .25}, .125, .1250005, true},
		{"more than that", Linf, []float32{.625002, .25}, []float32{.5, .25}, .125, .125002, false},
		{"downwards", Linf, []float32{.5, 0}, []float32{.5, .25}, .0625, .25, false},
		{"above the box", Linf, []float32{1.25, .25}, []float32{1, .25}, .5, .25, false},
		{"below the box", Linf, []float32{-.125, .25}, []float32{0, .25}, .5, .125, false},
		{"3-4-5 inside", L2, []float32{.375, .5}, []float32{0, 0}, .625, .625, true},
		{"3-4-5 beyond", L2, []float32{.375, .5}, []float32{0, 0}, .5, .625, false},
		{"L2 above the box", L2, []float32{1.25, 0}, []float32{1, 0}, .5, .25, false},
		{"L1 inside", L1, []float32{.375, .5}, []float32{.5, 0}, .625, .625, true},
		{"L1 beyond", L1, []float32{.375, .5}, []float32{.5, 0}, .5, .625, false},
		{"not a number", Linf, []float32{nan, 0}, []float32{0, 0}, .5, math.NaN(), false},
		{"not a number, L2", L2, []float32{0, nan}, []float32{0, 0}, .5, math.NaN(), false},
		{"infinite", L1, []float32{inf, 0}, []float32{0, 0}, inf, math.Inf(1), false},
		{"anywhere", L1, []float32{1, 1}, []float32{0, 0}, inf, 2, true},
		{"a value short", Linf, []float32{.5}, []float32{.5, .25}, 1, 0, false},
	} {
		if got := legal(c.x, c.origin, box(c.norm), c.eps); got != c.ok {
			t.Errorf("%s: want %t, got %t", c.name, c.ok, got)
		}
		if c.far == c.far && math.Abs(distance(c.norm, c.x, c.origin[:len(c.x)])-c.far) > 1e-7 {
			t.Errorf("%s: want a distance of %g, got %g", c.name, c.far, distance(c.norm, c.x, c.origin))
		}
	}
	if legal([]float32{.125}, []float32{.25}, Threat{Linf, .25, .75}, .5) {
		t.Error("other box: want what is below it refused")
	}
	if d := distance(L0, []float32{.1, .2, .3, 0}, []float32{.1, .3, .3, .1}); d != 2 {
		t.Errorf("want 2 changed values, got %g", d)
	}
}

// The rounding of a large image is no reason to refuse it, not even where all
// values are rounded alike; one value that leaves the ball for good is.
func TestSlack(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	origin, x := greyish(r, 3*224*224), make([]float32, 3*224*224)
	for _, norm := range Threats {
		for k := range 12 {
			eps := []float32{.03, 3, 100}[k%3]
			for i := range x {
				if k >= 3 { // one grey
					origin[i] = .85 + .01*float32(k)
				}
				if x[i] = origin[i] - 1; k < 3 {
					x[i] = origin[i] + 2*r.Float32() - 1
				}
			}
			box(norm).Project(x, origin, eps)
			if !legal(x, origin, box(norm), eps) {
				t.Errorf("%s: projected on %g, refused at %.9g", norm, eps, distance(norm, x, origin))
			}
			if x[0] = 1 - float32(math.Round(float64(origin[0]))); norm == Linf && eps < .5 && legal(x, origin, box(norm), eps) {
				t.Errorf("%s: a change by half the box allowed within %g", norm, eps)
			}
		}
		origin = greyish(r, len(x))
	}
}

func TestThreatRefused(t *testing.T) {
	v := newLinear(1, 2, 2, 1, 2).victim()
	for _, c := range []struct {
		threat Threat
		want   string
	}{
		{Threat{Norm: "l3", Hi: 1}, `attack.norm: want one of [linf l2 l1], got "l3"`},
		{Threat{Norm: L0, Hi: 1}, `attack.norm: want one of [linf l2 l1], got "l0"`},
		{Threat{}, `attack.norm: want one of [linf l2 l1], got ""`},
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
