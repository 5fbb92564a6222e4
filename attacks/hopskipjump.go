package attacks

import "math"

var _ = register(Entry{
	Name: "hopskipjump", Paper: "Chen, Jordan and Wainwright 2020", Family: Decision, Schedule: Whole, Norms: []Norm{Linf, L2},
	New: func() Attack { return new(HopSkipJump) },
})

// HopSkipJump is the attack of Chen, Jordan and Wainwright 2020: from a point
// on the boundary it estimates the boundary's normal from the classes of random
// points near it, steps along it, and returns to the boundary by bisection. It
// sees nothing but the predicted class.
//
// Defaults are foolbox's, which are the authors'. The estimate is scaled to
// unit norm for each image; foolbox divides by one norm for the whole batch. A
// step that does not succeed after Halvings halvings is left out; foolbox and
// ART go on for ever.
type HopSkipJump struct {
	Common
	Steps    int     `key:"steps" in:"[1,1e6]" default:"64" help:"jumps"`
	First    int     `key:"first" in:"[2,1e6]" default:"100" help:"points for the first normal; jump t takes sqrt(t) times as many"`
	Most     int     `key:"most" in:"[2,1e6]" default:"10000" help:"points for one normal at most"`
	Gamma    float32 `key:"gamma" in:"[1e-6,1e6]" default:"1" help:"sets how exact the bisection is"`
	Halvings int     `key:"halvings" in:"[1,1e3]" default:"30" help:"of a jump that does not succeed"`
	Start    string  `key:"start" oneof:"noise example" help:"noise, or an image of another class; none: noise, for a target an image"`
}

// Needs is nothing.
func (a *HopSkipJump) Needs(Victim) []Loss { return nil }

// Attack jumps from the start.
func (a *HopSkipJump) Attack(c *Case) {
	far := c.outset(a.Start)
	if far == nil {
		return
	}
	n := float64(len(c.Image))
	theta := float64(a.Gamma) / (n * math.Sqrt(n))
	wide := math.Sqrt(n) * theta // of the points round x, as a share of the distance
	if c.Norm == Linf {
		theta = float64(a.Gamma) / (n * n)
		wide = n * theta
	}
	show := c.closest()
	defer show.show()
	x := c.homeward(far, c.Norm, theta)
	show.offer(x)
	for jump := 1; jump <= a.Steps && !c.settled(); jump++ {
		d := c.Distance(x)
		if d == 0 {
			return
		}
		delta := wide * d
		if jump == 1 {
			delta = .1 * float64(c.Threat.Hi-c.Threat.Lo)
		}
		points := int(min(float64(a.First)*math.Sqrt(float64(jump)), float64(a.Most)))
		if points+1 > c.Left() {
			return
		}
		g := a.normal(c, x, points, delta)
		if y := a.jump(c, x, g, d/math.Sqrt(float64(jump))); y != nil {
			x = c.homeward(y, c.Norm, theta)
			show.offer(x)
		}
	}
}

// jump steps along g as far as size, halved until it succeeds; nil if it never
// does.
func (a *HopSkipJump) jump(c *Case, x, g []float32, size float64) []float32 {
	y := make([]float32, len(x))
	for range a.Halvings {
		axpy(y, x, float32(size), g)
		c.Threat.Clip(y)
		if c.Success(c.Logits(y)[0]) {
			return y
		}
		size /= 2
	}
	return nil
}

// normal estimates the direction across the boundary at x: the mean of random
// steps of length delta, those that succeed counted +1 and the others -1, less
// what they have in common (eq. 16 of the paper). In Linf it is the sign.
func (a *HopSkipJump) normal(c *Case, x []float32, points int, delta float64) []float32 {
	won, all := make([]float64, len(x)), make([]float64, len(x))
	sum := 0.
	c.sweep(points, func(_ int, y []float32) {
		for i := range y {
			if c.Norm == Linf {
				y[i] = 2*c.Rand.Float32() - 1
			} else {
				y[i] = float32(c.Rand.NormFloat64())
			}
		}
		axpy(y, x, float32(delta)/nonzero(norm(L2, y)), y)
		c.Threat.Clip(y)
	}, func(_ int, y, z []float32) bool {
		f := -1.
		if c.Success(z) {
			f = 1
		}
		sum += f
		for i, v := range y {
			d := float64(v) - float64(x[i]) // shorter than delta where the box has cut it
			all[i] += d
			won[i] += f * d
		}
		return true
	})
	mean := sum / float64(points)
	if math.Abs(mean) == 1 {
		mean = 0 // all alike: go with them, or away from them
	}
	g := make([]float32, len(x))
	for i := range g {
		g[i] = float32((won[i] - mean*all[i]) / (delta * float64(points)))
	}
	t := Threat{Norm: c.Norm}
	t.Steepest(g, g)
	return g
}
