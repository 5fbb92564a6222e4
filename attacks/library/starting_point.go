package library

import (
	"slices"

	"unwarp/attacks"
)

// startingPoint is a misclassified image from which a decision attack starts:
// uniform noise, or a clean image of another class. how is noise, example or
// empty: example, and empty with a target, prefer the clean image, since the
// model predicts most targets for no noise. The other kind is the fallback; nil
// if there is neither.
func startingPoint(o *attacks.Oracle, how string) []float32 {
	first, second := findNoise, findOtherClassImage
	if how == "example" || how == "" && o.Target >= 0 {
		first, second = second, first
	}
	if x := first(o); x != nil {
		return x
	}
	return second(o)
}

// maxStartDraws is the number of noise images that are evaluated, as in foolbox.
const maxStartDraws = 1000

// findNoise is uniform noise that is misclassified, nil if none was found. Noise
// is evaluated in groups that double, since often the first succeeds.
func findNoise(o *attacks.Oracle) (found []float32) {
	for from, n := 0, 1; from < maxStartDraws && found == nil; from, n = from+n, 2*n {
		scoreCandidates(o, min(n, maxStartDraws-from), func(_ int, x []float32) {
			for i := range x {
				x[i] = o.Threat.Lo + (o.Threat.Hi-o.Threat.Lo)*o.Rand.Float32()
			}
		}, func(_ int, x, z []float32) bool {
			if o.ClearSuccess(z) {
				found = slices.Clone(x)
			}
			return found == nil
		})
	}
	return found
}

// findOtherClassImage is a clean image for which the model predicts the target,
// or any class but the label; nil if there is none.
func findOtherClassImage(o *attacks.Oracle) []float32 {
	classes := []int{o.Target}
	if o.Target < 0 {
		classes = o.Rand.Perm(o.Classes)
	}
	for _, k := range classes {
		if k == o.Label {
			continue
		}
		if x := o.Example(k); x != nil && o.ClearSuccess(o.Logits(x)[0]) {
			return slices.Clone(x)
		}
	}
	return nil
}

// interpolate writes to x a point between the clean image and xp, at the share t
// of the distance: on the straight line; in Linf xp clipped to the ball of that
// radius.
func interpolate(o *attacks.Oracle, x, xp []float32, n attacks.Norm, t float64) {
	if n != attacks.Linf {
		for i, x0 := range o.Image {
			x[i] = x0 + float32(t)*(xp[i]-x0)
		}
	} else {
		radius := float32(t * attacks.Linf.Distance(xp, o.Image))
		for i, x0 := range o.Image {
			x[i] = min(max(xp[i], x0-radius), x0+radius)
		}
	}
	o.Threat.Clip(x)
}

// searchBoundary is the point between the clean image and xp, which is
// misclassified, where the class changes, by bisection to within the share
// precision of the distance. The point itself was evaluated and is misclassified.
func searchBoundary(o *attacks.Oracle, xp []float32, n attacks.Norm, precision float64) []float32 {
	best, x := slices.Clone(xp), make([]float32, len(xp))
	// Float32 has 24 bits: after 40 halvings no value changes any more.
	for lo, hi, halvings := 0., 1., 0; hi-lo > precision && halvings < 40; halvings++ {
		mid := (lo + hi) / 2
		interpolate(o, x, xp, n, mid)
		if o.ClearSuccess(o.Logits(x)[0]) {
			hi = mid
			copy(best, x)
		} else {
			lo = mid
		}
	}
	return best
}
