package library

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/geometry"
)

// affineTerms are the terms of threats whose changes have a few parameters.
var affineTerms = []string{"rotate", "translate", "scale", "shear"}

// usualAffine is the threat of Engstrom et al. 2019 on CIFAR-10.
const usualAffine = "rotate+translate(30,3px)"

// refuseWhole refuses threats of whole moves: there are few, and all are tried.
func refuseWhole(t attacks.Threat) error {
	if t.Geometry.Whole {
		return fmt.Errorf("want a threat whose moves may be any fraction of a pixel, got %s: moves tries each of them", t)
	}
	return nil
}

// claimSmallest evaluates transforms from the smallest to the largest, in chunks,
// and claims those that are misclassified until one is verified: of these it is
// the smallest.
func claimSmallest(o *attacks.Oracle, all [][]float64) (found bool) {
	slices.SortStableFunc(all, func(a, b []float64) int {
		return cmp.Compare(o.Size(attacks.Transform{Parameters: a}), o.Size(attacks.Transform{Parameters: b}))
	})
	scoreCandidates(o, len(all), func(i int, x []float32) { o.Apply(x, attacks.Transform{Parameters: all[i]}) }, func(i int, _, z []float32) bool {
		found = o.Success(z) && o.ClaimTransform(attacks.Transform{Parameters: all[i]})
		return !found
	})
	return found
}

// drawParameters are uniform within the limits of a threat.
func drawParameters(r *rand.Rand, g geometry.Threat) []float64 {
	var out []float64
	for _, p := range g.Parameters() {
		out = append(out, p.Limit*(2*r.Float64()-1))
	}
	return out
}

// drawField is a random field of a threat: displacements drawn uniformly at the
// nodes of a coarse grid, of 2 to 6 along each side, and interpolated between
// them, or with one chance in three, of a threat that asks for no smoothness, at
// each pixel.
func drawField(r *rand.Rand, g geometry.Threat, h, w int) []float32 {
	field := make([]float32, 2*h*w)
	if g.Smooth == 0 && r.IntN(3) == 0 {
		for i := range field {
			field[i] = float32(g.Field * (2*r.Float64() - 1))
		}
		return field
	}
	n := 2 + r.IntN(5)
	nodes := make([]float64, 2*n*n)
	for i := range nodes {
		nodes[i] = g.Field * (2*r.Float64() - 1)
	}
	for y := range h {
		for x := range w {
			u, i := nodeAt(x, w, n)
			v, j := nodeAt(y, h, n)
			for k := range 2 {
				at := 2*(j*n+i) + k
				top, bottom := (1-u)*nodes[at]+u*nodes[at+2], (1-u)*nodes[at+2*n]+u*nodes[at+2*n+2]
				field[2*(y*w+x)+k] = float32((1-v)*top + v*bottom)
			}
		}
	}
	g.FitField(field, h, w)
	return field
}

// nodeAt is the node before pixel i of a side of size pixels with n nodes, and the
// share of the way to the next.
func nodeAt(i, size, n int) (share float64, node int) {
	p := float64(i) * float64(n-1) / float64(max(1, size-1))
	node = min(int(p), n-2)
	return p - float64(node), node
}
