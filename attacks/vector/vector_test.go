package vector_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks/vector"
)

var nan = float32(math.NaN())

func normals(r *rand.Rand, n int, size float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(size * r.NormFloat64())
	}
	return x
}

func TestSign(t *testing.T) {
	for v, want := range map[float32]float32{3: 1, -1e-40: -1, 0: 0, float32(math.Inf(-1)): -1} {
		if got := vector.Sign(v); got != want {
			t.Errorf("sign of %g: want %g, got %g", v, want, got)
		}
	}
	if got := vector.Sign(nan); got != 0 {
		t.Errorf("sign of NaN: want 0, got %g", got)
	}
	if vector.Abs(-2.5) != 2.5 || vector.Abs(2.5) != 2.5 {
		t.Error("want |±2.5| = 2.5")
	}
}

// 1/AtLeastTiny must be finite for every norm, zero and denormal ones too.
func TestAtLeastTiny(t *testing.T) {
	for _, v := range []float32{0, 1e-45, 1e-38} {
		if f := 1 / vector.AtLeastTiny(v); math.IsInf(float64(f), 0) {
			t.Errorf("want a finite 1/AtLeastTiny(%g), got %g", v, f)
		}
	}
	if got := vector.AtLeastTiny(.5); got != .5 {
		t.Errorf("want .5 unchanged, got %g", got)
	}
}

// TestArithmetic compares with the formulas, with dst apart and as an operand.
func TestArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	a, b := normals(r, 9, 1), normals(r, 9, 1)
	const f = -1.5
	for _, c := range []struct {
		name string
		run  func(dst, a, b []float32)
		want func(a, b float32) float32
	}{
		{"Scale", func(dst, a, _ []float32) { vector.Scale(dst, a, f) }, func(a, _ float32) float32 { return f * a }},
		{"AXPY", func(dst, a, b []float32) { vector.AXPY(dst, a, f, b) }, func(a, b float32) float32 { return a + f*b }},
		{"Sub", func(dst, a, b []float32) { vector.Sub(dst, a, b) }, func(a, b float32) float32 { return a - b }},
	} {
		x, y := slices.Clone(a), slices.Clone(b)
		apart, first, second := make([]float32, 9), slices.Clone(a), slices.Clone(b)
		c.run(apart, x, y)
		c.run(first, first, y)
		for i := range a {
			want := c.want(a[i], b[i])
			if apart[i] != want || first[i] != want {
				t.Errorf("%s: want %g, got %g apart and %g in place", c.name, want, apart[i], first[i])
			}
		}
		if !slices.Equal(x, a) || !slices.Equal(y, b) {
			t.Errorf("%s: want the operands unchanged", c.name)
		}
		if c.name == "Scale" {
			continue
		}
		c.run(second, x, second)
		if !slices.Equal(second, apart) {
			t.Errorf("%s onto its second operand: want %v, got %v", c.name, apart, second)
		}
	}
}

// A sum in float32 would lose the ones next to 1e8.
func TestDotSumsInFloat64(t *testing.T) {
	if got := vector.Dot([]float32{1e4, 1, 1, -1e4}, []float32{1e4, 1, 1, 1e4}); got != 2 {
		t.Errorf("want 2, got %g", got)
	}
}

func TestArgmax(t *testing.T) {
	for _, c := range []struct {
		z    []float32
		want int
	}{
		{[]float32{1, 3, 2}, 1},
		{[]float32{3, 3, 3}, 0}, // the first of equal ones
		{[]float32{nan, -5, -7}, 1},
		{[]float32{2, nan, 4}, 2},
		{[]float32{7}, 0},
	} {
		if got := vector.Argmax(c.z); got != c.want {
			t.Errorf("%v: want the largest at %d, got %d", c.z, c.want, got)
		}
	}
}

func TestArgmaxExcept(t *testing.T) {
	for _, c := range []struct {
		z           []float32
		label, want int
	}{
		{[]float32{1, 3, 2}, 1, 2},
		{[]float32{1, 3, 2}, 0, 1},
		{[]float32{3, 3, 3}, 0, 1},
		{[]float32{-9, -8, -9}, 1, 0},
		{[]float32{7}, 0, -1},
	} {
		if got := vector.ArgmaxExcept(c.z, c.label); got != c.want {
			t.Errorf("%v without %d: want the largest at %d, got %d", c.z, c.label, c.want, got)
		}
	}
}

// TestDescending compares with the definition: the place of an index is the
// number of larger values, and of equal ones before it.
func TestDescending(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for range 50 {
		z := make([]float32, 1+r.IntN(12))
		for i := range z {
			z[i] = float32(r.IntN(5))
		}
		want := make([]int, len(z))
		for i, v := range z {
			place := 0
			for j, w := range z {
				if w > v || w == v && j < i {
					place++
				}
			}
			want[place] = i
		}
		if got := vector.Descending(z); !slices.Equal(got, want) {
			t.Fatalf("%v: want %v, got %v", z, want, got)
		}
	}
}
