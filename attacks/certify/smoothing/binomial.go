package smoothing

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// rounding is the share by which radii and probabilities are lowered, so that
// the quantiles' own error does not count; they are off by less than 1e-10.
const rounding = 1e-9

func normalQuantile(p float64) float64 { return mathext.NormalQuantile(p) }

// LowerBound is Clopper and Pearson's one-sided lower bound of a probability of
// which k of n were seen: it exceeds the probability in at most a share alpha of
// experiments (Clopper and Pearson 1934). It is the quantile alpha of the beta
// distribution of k and n-k+1; 0 for k = 0.
func LowerBound(k, n int, alpha float64) float64 {
	if k <= 0 || n < k || !(alpha > 0 && alpha < 1) {
		return 0
	}
	if k == n {
		return math.Exp(math.Log(alpha)/float64(n)) * (1 - 1e-15)
	}
	p := mathext.InvRegIncBeta(float64(k), float64(n-k+1), alpha)
	// The bound must hold, not be nearest: of p·(1-2^i·1e-12) the first at which so
	// many are as unlikely as alpha says.
	for step := 1e-12; step < 1; step *= 2 {
		q := p * (1 - step)
		if Tail(k, n, q) <= alpha {
			return q
		}
	}
	return 0
}

// Tail is the probability of at least k successes in n trials of probability p.
func Tail(k, n int, p float64) float64 {
	switch {
	case k <= 0 || p >= 1:
		return 1
	case k > n || !(p > 0):
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

// twoSided is the p-value of k against n-k under the hypothesis that both are
// equally likely, by the exact binomial test.
func twoSided(k, n int) float64 { return min(1, 2*Tail(max(k, n-k), n, .5)) }
