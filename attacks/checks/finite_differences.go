package checks

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"unwarp/attacks/vector"
)

const minimumCosine, minimumSigns = .99, .98

// differenceWidths are the half widths of the central differences: wide ones
// are coarse, narrow ones are dominated by rounding. A correct gradient agrees
// at one of them, a wrong one at none.
var differenceWidths = []float32{1. / 16, 1. / 64, 1. / 256, 1. / 1024, 1. / 4096, 1. / 16384}

// nearbyPoint is a random point next to an image. In constant regions, such as
// a black border, the image itself lies on kinks: all values that max pooling
// chooses from are equal, and no difference agrees with the gradient of the one
// that it chose.
func nearbyPoint(r *rand.Rand, img []float32) []float32 {
	out := make([]float32, len(img))
	for k, v := range img {
		out[k] = v + (2*r.Float32()-1)/32
	}
	return out
}

// agreement of a gradient with finite differences.
type agreement struct {
	cosine       float64
	signs        float64 // share of the values whose signs agree
	onlyRounding bool    // both are zero up to rounding
	zero         bool    // the gradient is zero
}

// agrees tells whether cosine and signs reach their minimum.
func (a agreement) agrees() bool { return a.cosine >= minimumCosine && a.signs >= minimumSigns }

// better is the better of two agreements.
func (a agreement) better(b agreement) agreement {
	score := func(a agreement) float64 { return min(a.cosine/minimumCosine, a.signs/minimumSigns) }
	if b.onlyRounding || !a.onlyRounding && score(a) >= score(b) {
		return a
	}
	return b
}

// compareWithDifferences compares gradient g at a point near image i of the
// sample, at its 25 largest values and at 25 others, with central differences
// of each width, and takes the best agreement.
func (c *checkContext) compareWithDifferences(i int, point, g []float32) (agreement, error) {
	pixels := pixelsToCompare(c.imageRand(i, 21), g)
	best := agreement{cosine: -1, onlyRounding: true}
	for _, h := range differenceWidths {
		var points [][]float32
		for _, k := range pixels {
			for _, s := range []float32{h, -h} {
				y := slices.Clone(point)
				y[k] += s // outside the box too: the model is defined there
				points = append(points, y)
			}
		}
		logits, err := c.reference.CentredLogits(points...)
		if err != nil {
			return best, err
		}
		// What rounding of the logits may add to a difference.
		noise := 4 * 0x1p-23 * c.spread(c.logits[i]) / float64(h)
		differences, values := make([]float64, len(pixels)), make([]float64, len(pixels))
		for n, k := range pixels {
			width := float64(points[2*n][k]) - float64(points[2*n+1][k]) // as float32 has it
			differences[n] = (c.runnerUpMargin(i, logits[2*n]) - c.runnerUpMargin(i, logits[2*n+1])) / width
			values[n] = float64(g[k])
		}
		best = best.better(measureAgreement(differences, values, noise))
	}
	return best, nil
}

// pixelsToCompare are the places of the 25 largest values of g and 25 random
// others.
func pixelsToCompare(r *rand.Rand, g []float32) []int {
	order := make([]int, len(g))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(vector.Abs(g[b]), vector.Abs(g[a])) })
	rest := order[min(25, len(order)):]
	r.Shuffle(len(rest), func(a, b int) { rest[a], rest[b] = rest[b], rest[a] })
	return order[:min(50, len(order))]
}

// measureAgreement compares differences with the gradient's values. Signs count
// only where the value exceeds noise, the rounding error of a difference.
func measureAgreement(differences, values []float64, noise float64) agreement {
	a := agreement{cosine: cosine(differences, values), signs: 1, onlyRounding: true}
	equal, counted := 0, 0
	for n, d := range differences {
		size := math.Abs(values[n])
		if math.Abs(d) > noise || size > noise {
			a.onlyRounding = false
		}
		if size > 2*noise {
			counted++
			if (d > 0) == (values[n] > 0) && d != 0 {
				equal++
			}
		}
	}
	if counted > 0 {
		a.signs = share(equal, counted)
	}
	return a
}
