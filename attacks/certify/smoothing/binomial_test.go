package smoothing_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"unwarp/attacks/certify/smoothing"
)

// tail is the probability of at least k successes, summed up in 200 bits.
func tail(k, n int, p float64) float64 {
	sum := new(big.Float).SetPrec(200)
	one := new(big.Float).SetPrec(200).SetInt64(1)
	q := new(big.Float).SetPrec(200).SetFloat64(p)
	rest := new(big.Float).SetPrec(200).Sub(one, q)
	power := func(x *big.Float, n int) *big.Float {
		y := new(big.Float).SetPrec(200).SetInt64(1)
		for range n {
			y.Mul(y, x)
		}
		return y
	}
	for i := k; i <= n; i++ {
		term := new(big.Float).SetPrec(200).SetInt(new(big.Int).Binomial(int64(n), int64(i)))
		sum.Add(sum, term.Mul(term, power(q, i)).Mul(term, power(rest, n-i)))
	}
	v, _ := sum.Float64()
	return v
}

// The bound p of k in n is where k or more have probability alpha, by sums in
// 200 bits; and the tail is that sum.
func TestLowerBoundAgainstSums(t *testing.T) {
	for _, c := range []struct {
		k, n  int
		alpha float64
	}{{1, 1, .05}, {1, 10, .05}, {5, 10, .05}, {9, 10, .025}, {10, 10, .025}, {99, 100, .001}, {55, 100, .001}, {100, 100, .001}, {3, 100, .001}, {180, 200, 1e-6}} {
		p := smoothing.LowerBound(c.k, c.n, c.alpha)
		if got := tail(c.k, c.n, p); got > c.alpha*(1+1e-12) || got < c.alpha*(1-1e-7) {
			t.Errorf("%d of %d at %g: bound %.15g, above which so many have probability %.12g", c.k, c.n, c.alpha, p, got)
		}
		if got, want := smoothing.Tail(c.k, c.n, .9*p), tail(c.k, c.n, .9*p); math.Abs(got-want) > 1e-10*want {
			t.Errorf("tail of %d of %d at %g: %.15g, want %.15g", c.k, c.n, .9*p, got, want)
		}
	}
}

// Tabulated limits: 5 of 10 at 97.5 % is .1871 and 10 of 10 is .6915 (Clopper and
// Pearson 1934, as in tables of exact binomial limits), 10,000 of 10,000 at 99.9 %
// is .001^(1/10000).
func TestLowerBoundAgainstTables(t *testing.T) {
	for _, c := range []struct {
		k, n        int
		alpha, want float64
	}{{5, 10, .025, .1871}, {10, 10, .025, .6915}, {1, 10, .025, .0025}, {9, 10, .025, .5550}, {15, 20, .025, .5090}, {10000, 10000, .001, .99930946}, {100000, 100000, .001, .99993092}, {0, 10, .05, 0}} {
		if got := smoothing.LowerBound(c.k, c.n, c.alpha); math.Abs(got-c.want) > 5e-5 {
			t.Errorf("%d of %d at %g: got %.6f, want %.4f", c.k, c.n, c.alpha, got, c.want)
		}
	}
}

// Over many experiments the bound exceeds the probability in at most a share
// alpha, and not in far fewer.
func TestLowerBoundCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const experiments, n, alpha = 4000, 300, .05
	for _, p := range []float64{.3, .6, .97} {
		bounds := make([]float64, n+1)
		for k := range bounds {
			bounds[k] = smoothing.LowerBound(k, n, alpha)
		}
		wrong := 0
		for range experiments {
			k := 0
			for range n {
				if r.Float64() < p {
					k++
				}
			}
			if bounds[k] > p {
				wrong++
			}
		}
		if wrong > 200+5*14 || wrong < 60 {
			t.Errorf("probability %g: %d of %d bounds exceed it, want about 200 at most", p, wrong, experiments)
		}
	}
}

// Large counts are finite, grow with k and stay below k/n.
func TestLowerBoundGrows(t *testing.T) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		last := 0.
		for i := 1; i <= 50; i++ {
			k := n * i / 50
			p := smoothing.LowerBound(k, n, .001)
			if !(p > last && p < float64(k)/float64(n)) {
				t.Fatalf("%d of %d: %v after %v", k, n, p, last)
			}
			last = p
		}
	}
}

// Where all samples agree, the radius is the one that the paper's figures end at:
// n=100,000 and alpha=.001 allow 3.8 sigma.
func TestLargestRadius(t *testing.T) {
	for text, want := range map[string]float64{"smooth(sigma=1,n=100000)": 3.811, "smooth(sigma=.25,n=10000)": .25 * 3.199} {
		s, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.LargestRadius(); math.Abs(got-want) > 2e-3 {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

// All proofs hold with probability (1-alpha)^N; more than WrongAtMost are wrong
// with probability alpha or less, and one fewer is not enough.
func TestConfidence(t *testing.T) {
	s := smoothing.Settings{Alpha: .001}
	if got := s.AllHold(100); math.Abs(got-math.Pow(.999, 100)) > 1e-12 {
		t.Errorf("got %v", got)
	}
	for _, n := range []int{1, 100, 1000} {
		k := s.WrongAtMost(n)
		if tail(k+1, n, .001) > .001 || k > 0 && tail(k, n, .001) <= .001 {
			t.Errorf("of %d proofs %d may be wrong: more have probability %g, as many %g", n, k, tail(k+1, n, .001), tail(k, n, .001))
		}
	}
	want := "each proof holds with probability 99.9 %, all 1000 at once with at least 36.77 %, all but 5 with at least 99.9 %"
	if got := s.Confidence(1000); got != want {
		t.Errorf("got %q", got)
	}
}
