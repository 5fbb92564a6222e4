package attacks

var _ = register(Entry{
	Name: "ddn", Paper: "Rony, Hafemann, Oliveira, Ben Ayed, Sabourin and Granger 2019", Family: WhiteBox, Schedule: Whole, Own: L2,
	New: func() Attack { return new(DDN) },
})

// DDN decouples direction and norm of an L2 perturbation (Rony et al. 2019,
// algorithm 1): each step follows the gradient, and then the perturbation is
// given a norm that shrinks by Gamma after a success and grows by it otherwise.
// The authors round iterates to 256 levels; this does not.
type DDN struct {
	Common
	Loss   Loss    `key:"loss" default:"classification" help:"whose gradient is followed"`
	Steps  int     `key:"steps" in:"[1,1e6]" default:"100" help:"number of steps; their size falls from 1 to .01 along a cosine"`
	Radius float32 `key:"radius" in:"[1e-6,1e6]" default:"1" help:"first norm"`
	Gamma  float32 `key:"gamma" in:"[0,1]" default:"0.05" help:"by which the norm shrinks and grows"`
}

// Needs is the loss.
func (a *DDN) Needs(Victim) []Loss { return []Loss{a.Loss} }

// Fits refuses too few classes for the loss.
func (a *DDN) Fits(classes int) error { return a.Loss.fits(classes) }

// Attack walks on spheres around the image.
func (a *DDN) Attack(c *Case) {
	x, best := clone(c.Image), c.closest()
	radius, worst := float64(a.Radius), c.worst(L2)
	l2 := c.Threat
	l2.Norm = L2
	for i := range a.Steps {
		s := c.Uphill(a.Loss, x)
		c.Trace(s.Loss)
		if c.clear(s.Logits) {
			best.offer(x)
			radius *= 1 - float64(a.Gamma)
		} else {
			radius *= 1 + float64(a.Gamma)
		}
		radius = min(radius, worst)
		l2.Steepest(s.Gradient, s.Gradient)
		axpy(x, x, float32(anneal(1, .01, float64(i)/float64(a.Steps))), s.Gradient)
		stretch(x, c.Image, radius)
		c.Threat.Clip(x)
	}
	if c.clear(c.Logits(x)[0]) {
		best.offer(x)
	}
	best.show()
}

// stretch gives the change from origin to x the L2 norm size.
func stretch(x, origin []float32, size float64) {
	d := distance(L2, x, origin)
	if d == 0 {
		return
	}
	f := size / d
	for i, o := range origin {
		x[i] = o + float32(f*(float64(x[i])-float64(o)))
	}
}
