package checks

import (
	"fmt"
	"math"
	"slices"
)

// Wilson is the 95 % interval of a rate of which k of n were seen (Wilson
// 1927). Unlike the normal interval it stays in [0,1] and is informative at
// k = 0 and k = n. For n = 0 it is [0,1].
func Wilson(k, n int) (lo, hi float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	centre := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	d := 1 + z*z/m
	return max(0, (centre-half)/d), min(1, (centre+half)/d)
}

// errorLevel is the probability with which a check that compares counts may fail
// where its threshold is met: one-sided, and divided by the number of
// comparisons that the check makes.
const errorLevel = .01

// fewestImages is on how many images a rate must be exceeded for a failure:
// rounding or a lucky start may decide fewer.
const fewestImages = 3

// judgeAtMost judges a rate of k in n that should be at most limit. It fails
// where so many are significant (exact binomial test), and warns where only the
// rate exceeds the limit. Of no image it is SKIP.
func judgeAtMost(k, n int, limit float64) Status {
	switch {
	case n <= 0:
		return Skip
	case k <= 0 || share(k, n) <= limit:
		return Pass
	case k >= fewestImages && binomialTail(k, n, limit) <= errorLevel:
		return Fail
	}
	return Warn
}

// judgeAtLeast judges a rate of k in n that should be at least limit, as
// judgeAtMost judges that of the others.
func judgeAtLeast(k, n int, limit float64) Status {
	const rounding = 1e-12 // of 1-limit
	return judgeAtMost(n-k, n, 1-limit+rounding)
}

// judgeNoBetter judges an attack A that should not have more successes than
// another, B, on the same images, by the images on which only one of them
// succeeded. It fails where the excess is significant (McNemar's test, exact:
// under the hypothesis that both are equally strong each such image is A's with
// probability 1/2), and warns where there is any. comparisons is how many such
// tests the check makes.
func judgeNoBetter(onlyA, onlyB, comparisons int) Status {
	switch {
	case onlyA <= onlyB:
		return Pass
	case binomialTail(onlyA, onlyA+onlyB, .5) <= errorLevel/float64(max(1, comparisons)):
		return Fail
	}
	return Warn
}

// judgeGain judges by how much an attack A has more successes than another, B,
// on the same n images: by at most the share limit of them. It warns where the
// gain exceeds that, and fails where in addition A is significantly better than
// B (see judgeNoBetter) and the rate of its gain significantly above the limit.
func judgeGain(onlyA, onlyB, n int, limit float64, comparisons int) Status {
	gain := judgeAtMost(onlyA-onlyB, n, limit)
	if gain == Fail && judgeNoBetter(onlyA, onlyB, comparisons) != Fail {
		return Warn
	}
	return gain
}

// binomialTail is the probability of at least k successes in n trials, each of
// probability p.
func binomialTail(k, n int, p float64) float64 {
	switch {
	case k <= 0 || p >= 1:
		return 1
	case k > n || p <= 0:
		return 0
	}
	lgamma := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	sum := 0.
	for i := k; i <= n; i++ {
		sum += math.Exp(lgamma(n) - lgamma(i) - lgamma(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(1, sum)
}

// share is k/n, 0 for n = 0.
func share(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// formatRate writes k of n with its interval.
func formatRate(k, n int) string {
	lo, hi := Wilson(k, n)
	return fmt.Sprintf("%d of %d (%.1f %%, 95 %% interval %.1f–%.1f)", k, n, 100*share(k, n), 100*lo, 100*hi)
}

// countTrue counts the flags that are set.
func countTrue(flags []bool) int {
	n := 0
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

// median of x, which it sorts; the lower of two middle values, 0 of none.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	return x[(len(x)-1)/2]
}

// mean of x, 0 of none.
func mean(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s / float64(max(1, len(x)))
}

// cosine of the angle between a and b; 0 where one of them is zero.
func cosine[A, B float32 | float64](a []A, b []B) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab += x * y
		aa += x * x
		bb += y * y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
