package geometry

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// TestWarpIsTheGraphs: a field gives the same bits in Go as in a graph, inside
// the image, across its edge, far outside, and at whole pixels.
func TestWarpIsTheGraphs(t *testing.T) {
	const n, h, w, c = 3, 6, 7, 2
	r := rand.New(rand.NewPCG(1, 2))
	images, field := graphtest.Uniform(1, 0, 1, n, h, w, c), graphtest.Normal(2, 3, n, h, w, 2)
	for i := range field.Data {
		switch r.IntN(4) {
		case 0:
			field.Data[i] = float32(math.Round(float64(field.Data[i])))
		case 1:
			field.Data[i] *= 100
		}
	}
	for _, border := range []graphs.Border{graphs.Zero, graphs.Clamp} {
		in := []graphtest.Array{images, field}
		net := graphtest.Build(t, func(s *graphs.Scope, in []tf.Output) []tf.Output {
			return []tf.Output{graphs.Warp(s.In("warp"), in[0], in[1], border)}
		}, in)
		want := net.Run(t, in...)[0].Data
		got := make([]float32, len(want))
		for i := range n {
			size := h * w * c
			Warp(got[i*size:][:size], images.Data[i*size:][:size], field.Data[i*h*w*2:][:h*w*2], h, w, c, border)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%s: value %d: want %g, got %g", border, i, want[i], got[i])
			}
		}
	}
}

// TestApply: whole changes permute pixels; what comes in is zero or the edge.
func TestApply(t *testing.T) {
	const n = 6
	image := slices.Clone(graphtest.Uniform(3, 0, 1, n, n, 1).Data)
	for _, border := range []graphs.Border{Zero, Edge} {
		at := func(x, y int) float32 {
			if border == Zero && (y < 0 || x < 0 || y >= n || x >= n) {
				return 0
			}
			return image[min(max(y, 0), n-1)*n+min(max(x, 0), n-1)]
		}
		for _, c := range []struct {
			name   string
			threat Threat
			p      []float64
			want   func(x, y int) float32
		}{
			{"right and down", Threat{Translate: 3}, []float64{2, 1}, func(x, y int) float32 { return at(x-2, y-1) }},
			{"half", Threat{Translate: 3}, []float64{-.5, 0}, func(x, y int) float32 { return (at(x, y) + at(x+1, y)) / 2 }},
			{"counterclockwise", Threat{Rotate: 90}, []float64{90}, func(x, y int) float32 { return at(n-1-y, x) }},
			{"turned, then moved", Threat{Rotate: 90, Translate: 1}, []float64{90, 0, 1}, func(x, y int) float32 {
				if y == 0 && border == Edge {
					return at(n-1, x) // the edge of what is turned
				}
				if y == 0 {
					return 0
				}
				return at(n-y, x)
			}},
			{"double", Threat{Scale: .9}, []float64{1}, func(x, y int) float32 { // the middle is 2.5
				u, v := 2.5+(float64(x)-2.5)/2, 2.5+(float64(y)-2.5)/2
				i, j := int(u), int(v)
				a, b := float32(u)-float32(i), float32(v)-float32(j)
				return (1-b)*((1-a)*at(i, j)+a*at(i+1, j)) + b*((1-a)*at(i, j+1)+a*at(i+1, j+1))
			}},
			{"sheared", Threat{Shear: 2}, []float64{2}, func(x, y int) float32 { return at(x-2*y+5, y) }},
			{"sheared, then turned", Threat{Shear: 2, Rotate: 90}, []float64{2, 90}, func(x, y int) float32 {
				u, v := n-1-y, x // in the sheared image
				return at(u-2*v+5, v)
			}},
			{"nothing", Threat{}, nil, func(x, y int) float32 { return at(x, y) }},
		} {
			c.threat.Border = border
			got := make([]float32, len(image))
			c.threat.Apply(got, image, c.p, n, n, 1)
			for i, v := range got {
				if want := c.want(i%n, i/n); math.Abs(float64(v-want)) > 1e-5 {
					t.Errorf("%s, %s: (%d,%d) is %g, want %g", c.name, border, i%n, i/n, v, want)
					break
				}
			}
		}
	}
}

func TestContains(t *testing.T) {
	sum := Threat{Rotate: 30, Translate: 3}
	whole := Threat{Translate: 2, Whole: true}
	for _, c := range []struct {
		threat Threat
		p      []float64
		want   bool
	}{
		{sum, []float64{30, -3, 3}, true}, {sum, []float64{30.1, 0, 0}, false}, {sum, []float64{0, 0}, false}, {sum, []float64{math.NaN(), 0, 0}, false},
		{whole, []float64{2, -2}, true}, {whole, []float64{1.5, 0}, false}, {whole, []float64{3, 0}, false},
	} {
		if got := c.threat.Contains(c.p); got != c.want {
			t.Errorf("%s contains %v: %v", c.threat, c.p, got)
		}
	}
	moves := whole.Moves()
	for _, m := range moves {
		if !whole.Contains(m) {
			t.Errorf("%v is no move of %s", m, whole)
		}
	}
	if len(moves) != 25 || moves[0][0] != 0 || moves[0][1] != 0 || len(slices.CompactFunc(slices.Clone(moves), slices.Equal[[]float64])) != 25 {
		t.Errorf("want 25 moves from none on, got %v", moves)
	}
}

func TestContainsField(t *testing.T) {
	const h, w = 3, 4
	ramp := make([]float32, 2*h*w) // dx grows by .5 along x, dy by .25 along y
	for i := range h * w {
		ramp[2*i], ramp[2*i+1] = .5*float32(i%w), .25*float32(i/w)
	}
	for threat, want := range map[Threat]bool{
		{Field: 1.5}: true, {Field: 1.4}: false, {Field: 2, Smooth: .5}: true, {Field: 2, Smooth: .4}: false, {Rotate: 30}: false,
	} {
		if got := threat.ContainsField(ramp, h, w); got != want {
			t.Errorf("%s contains the ramp: %v", threat, got)
		}
	}
	ramp[2*(w+1)+1] = float32(math.NaN())
	if (Threat{Field: 2}).ContainsField(ramp, h, w) {
		t.Error("a field with NaN is contained")
	}
}
