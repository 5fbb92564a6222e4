package checks

import (
	"fmt"
	"math"
)

// Wilson is the 95 % interval of a rate of which k of n were seen (Wilson
// 1927). Unlike the normal interval it stays in [0,1] and says something at
// k = 0 and k = n. Of nothing it is [0,1].
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

// above judges a rate that should not exceed limit: it fails where the whole
// interval does, and warns where only the rate does.
func above(k, n int, limit float64) Status {
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

// beats judges a that should not beat b on the same images, by the images that
// only one of them broke: it fails where the excess is more than chance would
// give were they equal (McNemar's test, 1.96 sigma), and warns where there is
// any.
func beats(onlyA, onlyB int) Status {
	excess := float64(onlyA - onlyB)
	switch {
	case excess > 1.96*math.Sqrt(float64(onlyA+onlyB)):
		return Fail
	case excess > 0:
		return Warn
	}
	return Pass
}

var gravity = map[Status]int{Skip: 0, Pass: 1, Warn: 2, Fail: 3}

// worst of some verdicts.
func worst(all ...Status) Status {
	w := Skip
	for _, s := range all {
		if gravity[s] > gravity[w] {
			w = s
		}
	}
	return w
}

func share(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// rate writes k of n with its interval.
func rate(k, n int) string {
	lo, hi := Wilson(k, n)
	return fmt.Sprintf("%d of %d (%.1f %%, 95 %% interval %.1f–%.1f)", k, n, 100*share(k, n), 100*lo, 100*hi)
}
