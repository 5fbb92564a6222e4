package vector_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"unwarp/attacks/vector"
)

// Every value at least as large as the n-th largest moves by the same amount;
// zeros never move.
func TestLargestSigns(t *testing.T) {
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
		apart, inPlace := make([]float32, 6), slices.Clone(c.g)
		vector.LargestSigns(apart, c.g, c.n, make([]float32, 6))
		vector.LargestSigns(inPlace, inPlace, c.n, make([]float32, 6))
		for i, want := range c.want {
			if math.Abs(float64(apart[i])-want) > 1e-7 || apart[i] != inPlace[i] {
				t.Errorf("%d largest of %v: want %v, got %v, in place %v", c.n, c.g, c.want, apart, inPlace)
				break
			}
		}
	}
}

// TestNthLargest compares with sorting, where many values are equal.
func TestNthLargest(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		v := make([]float32, 1+r.IntN(30))
		for i := range v {
			v[i] = float32(r.IntN(10))
		}
		sorted := slices.Clone(v)
		slices.Sort(sorted)
		n := 1 + r.IntN(len(v))
		if got := vector.NthLargest(slices.Clone(v), n); got != sorted[len(v)-n] {
			t.Fatalf("%v: want %g as number %d, got %g", v, sorted[len(v)-n], n, got)
		}
	}
}
