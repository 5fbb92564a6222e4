package library

import (
	"math"

	"unwarp/attacks"
	"unwarp/attacks/vector"
)

var _ = attacks.Register(attacks.Entry{
	Name: "hopskipjump", Title: "HopSkipJump", Paper: "Chen, Jordan and Wainwright 2020", Family: attacks.Decision, Search: attacks.MinimumNorm, Norms: []attacks.Norm{attacks.Linf, attacks.L2},
	Battery: []attacks.Variant{{Rank: 290, Text: "hopskipjump(steps=20,budget=10000)"}},
	New:     func() attacks.Attack { return new(HopSkipJump) },
})

// HopSkipJump is the attack of Chen, Jordan and Wainwright 2020: from a point on
// the decision boundary it estimates the boundary's normal from the predicted
// classes of random points nearby, makes a step along it, and returns to the
// boundary by bisection. It uses nothing but the predicted class.
//
// Defaults are foolbox's, which are the authors'. The estimate is scaled to unit
// norm for each image; foolbox divides by one norm for the whole batch. A step
// that does not succeed after Halvings halvings is omitted; foolbox and ART halve
// without end.
type HopSkipJump struct {
	attacks.Common
	Steps    int     `key:"steps" in:"[1,1e6]" default:"64" help:"jumps"`
	First    int     `key:"first" in:"[2,1e6]" default:"100" help:"points for the first normal; jump t takes sqrt(t) times as many"`
	Most     int     `key:"most" in:"[2,1e6]" default:"10000" help:"points for one normal at most"`
	Gamma    float32 `key:"gamma" in:"[1e-6,1e6]" default:"1" help:"sets how exact the bisection is"`
	Halvings int     `key:"halvings" in:"[1,1e3]" default:"30" help:"of a jump that does not succeed"`
	Start    string  `key:"start" oneof:"noise example" help:"noise, or an image of another class; none: noise, for a target an image"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *HopSkipJump) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run makes jumps from the boundary.
func (a *HopSkipJump) Run(o *attacks.Oracle) {
	start := startingPoint(o, a.Start)
	if start == nil {
		return
	}
	theta, spread := a.precision(o)
	nearest := newNearestClaim(o)
	defer nearest.flush()
	x := searchBoundary(o, start, o.Norm, theta)
	nearest.offer(x)
	for jump := 1; jump <= a.Steps && !reachedSmallestRadius(o); jump++ {
		d := o.Distance(x)
		if d == 0 {
			return
		}
		delta := spread * d
		if jump == 1 {
			delta = .1 * float64(o.Threat.Hi-o.Threat.Lo)
		}
		points := int(min(float64(a.First)*math.Sqrt(float64(jump)), float64(a.Most)))
		if points+1 > o.PassesLeft() {
			return
		}
		normal := a.estimateNormal(o, x, points, delta)
		if y := a.jump(o, x, normal, d/math.Sqrt(float64(jump))); y != nil {
			x = searchBoundary(o, y, o.Norm, theta)
			nearest.offer(x)
		}
	}
}

// precision are theta, the precision of the bisection as a share of the way to
// the boundary, and spread, the distance of random points from x as a share of
// its distance (theta and δ in the paper).
func (a *HopSkipJump) precision(o *attacks.Oracle) (theta, spread float64) {
	n := float64(len(o.Image))
	if o.Norm == attacks.Linf {
		theta = float64(a.Gamma) / (n * n)
		return theta, n * theta
	}
	theta = float64(a.Gamma) / (n * math.Sqrt(n))
	return theta, math.Sqrt(n) * theta
}

// jump is the point at the distance size from x along normal; the distance is
// halved until the point is misclassified. It returns nil if none is.
func (a *HopSkipJump) jump(o *attacks.Oracle, x, normal []float32, size float64) []float32 {
	y := make([]float32, len(x))
	for range a.Halvings {
		vector.AXPY(y, x, float32(size), normal)
		o.Threat.Clip(y)
		if o.ClearSuccess(o.Logits(y)[0]) {
			return y
		}
		size /= 2
	}
	return nil
}

// estimateNormal estimates the direction across the boundary at x: the mean of
// random vectors of L2 norm delta, weighted by 1 if x plus the vector is
// misclassified and by -1 otherwise, less the mean weight (eq. 16). The result
// has unit norm; in Linf it is the sign.
func (a *HopSkipJump) estimateNormal(o *attacks.Oracle, x []float32, points int, delta float64) []float32 {
	weighted, plain := make([]float64, len(x)), make([]float64, len(x)) // sums of the vectors
	sum := 0.
	scoreCandidates(o, points, func(_ int, y []float32) {
		fillNoise(o.Rand, o.Norm, y)
		vector.AXPY(y, x, float32(delta)/vector.AtLeastTiny(attacks.L2.Of(y)), y)
		o.Threat.Clip(y)
	}, func(_ int, y, z []float32) bool {
		weight := -1.
		if o.ClearSuccess(z) { // as for x, which may be no farther beyond
			weight = 1
		}
		sum += weight
		for i, v := range y {
			d := float64(v) - float64(x[i]) // shorter than delta where the box has clipped it
			plain[i] += d
			weighted[i] += weight * d
		}
		return true
	})
	mean := sum / float64(points)
	if math.Abs(mean) == 1 {
		mean = 0 // all alike: the mean vector, or its opposite
	}
	g := make([]float32, len(x))
	for i := range g {
		g[i] = float32((weighted[i] - mean*plain[i]) / (delta * float64(points)))
	}
	t := attacks.Threat{Norm: o.Norm}
	t.Steepest(g, g)
	return g
}
