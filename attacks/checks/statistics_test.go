package checks

import (
	"math"
	"testing"
)

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		lo, hi float64
	}{{0, 10, 0, .2775}, {10, 10, .7225, 1}, {5, 10, .2366, .7634}, {500, 1000, .4691, .5309}, {0, 0, 0, 1}} {
		lo, hi := Wilson(c.k, c.n)
		if math.Abs(lo-c.lo) > 1e-4 || math.Abs(hi-c.hi) > 1e-4 {
			t.Errorf("%d of %d: [%.4f,%.4f], want [%.4f,%.4f]", c.k, c.n, lo, hi, c.lo, c.hi)
		}
	}
}

func TestJudgeAtMost(t *testing.T) {
	for _, c := range []struct {
		k, n  int
		limit float64
		want  Status
	}{{0, 100, .005, Pass}, {1, 100, .005, Warn}, {2, 100, .005, Fail}, {-3, 100, .005, Pass}, {5, 1000, .005, Pass}, {6, 1000, .005, Warn}} {
		if got := judgeAtMost(c.k, c.n, c.limit); got != c.want {
			t.Errorf("%d of %d above %g: %s, want %s", c.k, c.n, c.limit, got, c.want)
		}
	}
}

// The upper ends of the intervals: .972 of 94 in 100, .945 of 90 in 100, .944 of
// 930 in 1,000.
func TestJudgeAtLeast(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want Status
	}{{95, 100, Pass}, {94, 100, Warn}, {90, 100, Fail}, {950, 1000, Pass}, {930, 1000, Fail}, {0, 0, Warn}} {
		if got := judgeAtLeast(c.k, c.n, .95); got != c.want {
			t.Errorf("%d of %d at least .95: %s, want %s", c.k, c.n, got, c.want)
		}
	}
}

func TestJudgeNoBetter(t *testing.T) {
	for _, c := range []struct {
		a, b int
		want Status
	}{{0, 0, Pass}, {3, 3, Pass}, {3, 2, Warn}, {4, 0, Fail}, {30, 10, Fail}, {10, 30, Pass}} {
		if got := judgeNoBetter(c.a, c.b); got != c.want {
			t.Errorf("%d against %d: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}

func TestMedianMeanCosine(t *testing.T) {
	if got := median([]float64{3, 1, 2, 10}); got != 2 {
		t.Errorf("median %g, want 2", got)
	}
	if got := mean([]float64{3, 1, 2, 10}); got != 4 {
		t.Errorf("mean %g, want 4", got)
	}
	if median(nil) != 0 || mean(nil) != 0 {
		t.Error("median and mean of nothing: want 0")
	}
	if got := cosine([]float32{3, 4}, []float64{0, 2}); math.Abs(got-.8) > 1e-12 {
		t.Errorf("cosine %g, want .8", got)
	}
	if got := cosine([]float32{3, 4}, []float32{0, 0}); got != 0 {
		t.Errorf("cosine with a zero vector %g, want 0", got)
	}
}
