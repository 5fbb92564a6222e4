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

// judgeAtMost judges a rate of k in n that should be at most limit: it fails
// where the whole interval exceeds limit, and warns where only the rate does.
func judgeAtMost(k, n int, limit float64) Status {
	lo, _ := Wilson(k, n)
	switch {
	case k <= 0 || n == 0:
		return Pass
	case lo > limit:
		return Fail
	case share(k, n) > limit:
		return Warn
	}
	return Pass
}

// judgeAtLeast judges a rate of k in n that should be at least limit: it fails
// where the whole interval is below, and warns where only the rate is.
func judgeAtLeast(k, n int, limit float64) Status {
	_, hi := Wilson(k, n)
	switch {
	case hi < limit:
		return Fail
	case share(k, n) < limit:
		return Warn
	}
	return Pass
}

// judgeNoBetter judges an attack a that should not have more successes than
// another, b, on the same images, by the images on which only one of them
// succeeded. It fails where the excess is significant (McNemar's test, 1.96
// sigma), and warns where there is any.
func judgeNoBetter(onlyA, onlyB int) Status {
	excess := float64(onlyA - onlyB)
	switch {
	case excess > 1.96*math.Sqrt(float64(onlyA+onlyB)):
		return Fail
	case excess > 0:
		return Warn
	}
	return Pass
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
