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

// The binomial coefficients are summed as whole numbers.
func TestBinomialTail(t *testing.T) {
	for n := range 40 {
		for k := range n + 2 {
			for _, p := range []float64{.005, .1, .5, .95} {
				want, choose := 0., 1.
				for i := 0; i <= n; i++ {
					if i >= k {
						want += choose * math.Pow(p, float64(i)) * math.Pow(1-p, float64(n-i))
					}
					choose = choose * float64(n-i) / float64(i+1)
				}
				if got := binomialTail(k, n, p); math.Abs(got-want) > 1e-12 {
					t.Errorf("at least %d of %d, %g each: %g, want %g", k, n, p, got, want)
				}
			}
		}
	}
}

// 4 of 100 are as rare as 1 in 600 where .5 % are expected, 3 as 1 in 70; 12 of
// 1,000 as 1 in 190.
func TestJudgeAtMost(t *testing.T) {
	for _, c := range []struct {
		k, n  int
		limit float64
		want  Status
	}{
		{0, 100, .005, Pass}, {1, 100, .005, Warn}, {3, 100, .005, Warn}, {4, 100, .005, Fail}, {-3, 100, .005, Pass}, {5, 1000, .005, Pass},
		{6, 1000, .005, Warn}, {11, 1000, .005, Warn}, {12, 1000, .005, Fail}, {0, 0, .005, Skip}, {1, 5, .01, Warn}, {2, 5, .002, Warn}, {5, 5, .01, Fail},
	} {
		if got := judgeAtMost(c.k, c.n, c.limit); got != c.want {
			t.Errorf("%d of %d above %g: %s, want %s", c.k, c.n, c.limit, got, c.want)
		}
	}
}

// Of 100 with 95 % each, 88 or fewer are as rare as 1 in 240, 89 as 1 in 90.
func TestJudgeAtLeast(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want Status
	}{{95, 100, Pass}, {94, 100, Warn}, {89, 100, Warn}, {88, 100, Fail}, {950, 1000, Pass}, {930, 1000, Fail}, {0, 0, Skip}, {0, 2, Warn}, {0, 3, Fail}} {
		if got := judgeAtLeast(c.k, c.n, .95); got != c.want {
			t.Errorf("%d of %d at least .95: %s, want %s", c.k, c.n, got, c.want)
		}
	}
}

// 7 against none are as rare as 1 in 128, 6 as 1 in 64.
func TestJudgeNoBetter(t *testing.T) {
	for _, c := range []struct {
		a, b, comparisons int
		want              Status
	}{
		{0, 0, 1, Pass}, {3, 3, 1, Pass}, {3, 2, 1, Warn}, {2, 1, 1, Warn}, {6, 0, 1, Warn}, {7, 0, 1, Fail}, {7, 0, 2, Warn}, {8, 0, 2, Fail}, {30, 10, 1, Fail}, {10, 30, 1, Pass},
	} {
		if got := judgeNoBetter(c.a, c.b, c.comparisons); got != c.want {
			t.Errorf("%d against %d: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}

// A gain fails only where it is significant against equal strength and against
// the limit.
func TestJudgeGain(t *testing.T) {
	for _, c := range []struct {
		a, b, n int
		want    Status
	}{{1, 0, 5, Warn}, {2, 1, 5, Warn}, {4, 3, 5, Warn}, {5, 0, 5, Warn}, {1, 1, 5, Pass}, {1, 0, 100, Pass}, {6, 0, 100, Warn}, {7, 0, 100, Fail}, {12, 7, 100, Warn}, {7, 0, 1000, Pass}, {40, 0, 1000, Fail}} {
		if got := judgeGain(c.a, c.b, c.n, .01, 1); got != c.want {
			t.Errorf("%d against %d of %d: %s, want %s", c.a, c.b, c.n, got, c.want)
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
