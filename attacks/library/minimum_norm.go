package library

import (
	"math"

	"unwarp/attacks"
)

// reachedSmallestRadius reports whether an example was verified within the smallest
// radius, so that further searches can be left out. It is false in an exhaustive
// evaluation, which wants the smallest distance.
func reachedSmallestRadius(o *attacks.Oracle) bool {
	return !o.Exhaustive && o.Norm == o.Threat.Norm && len(o.Radii) > 0 && o.BestDistance() <= float64(o.Radii[0])
}

// distanceToFarthestCorner is the largest distance from the clean image that the
// box allows.
func distanceToFarthestCorner(o *attacks.Oracle, n attacks.Norm) float64 {
	change := make([]float32, len(o.Image))
	for i, v := range o.Image {
		change[i] = max(v-o.Threat.Lo, o.Threat.Hi-v)
	}
	return float64(n.Of(change))
}

// cosineAnneal goes from a to b along half a cosine as t goes from 0 to 1.
func cosineAnneal(a, b, t float64) float64 { return b + (a-b)*(1+math.Cos(math.Pi*t))/2 }
