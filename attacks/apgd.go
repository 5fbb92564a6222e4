package attacks

var _ = register(Entry{
	Name: "apgd", Paper: "Croce and Hein 2020; in L1 Croce and Hein 2021", Family: WhiteBox,
	New: func() Attack { return new(APGD) },
})

// APGD is Auto-PGD of Croce and Hein 2020 (algorithm 1), PGD that needs no size
// of step: it starts with 2·eps, and at checkpoints that come ever sooner
// halves it and returns to the best point if the loss has not grown often
// enough. Steps have momentum. The starts lie on the ball's surface. With an L1
// threat it is the attack of Croce and Hein 2021, whose steps change fewer and
// fewer values. All constants are those of AutoAttack.
type APGD struct {
	Common
	Loss     Loss    `key:"loss" default:"classification" help:"whose gradient is followed"`
	Steps    int     `key:"steps" in:"[1,1e6]" default:"100" help:"of each start"`
	Restarts int     `key:"restarts" in:"[0,1e6]" default:"0" help:"number of starts; 0: 1, and 5 in l1, as AutoAttack has"`
	Rho      float32 `key:"rho" in:"[0,1]" default:".75" help:"share of the steps that must have raised the loss"`
	Narrow   bool    `key:"narrow" default:"true" help:"in l1, spend 30 % of the steps at 3 eps and 30 % at 2 eps"`
}

// Needs is the loss.
func (a *APGD) Needs(Victim) []Loss { return []Loss{a.Loss} }

// Fits refuses too few classes for the loss.
func (a *APGD) Fits(classes int) error { return a.Loss.fits(classes) }

// Attack ascends from each start.
func (a *APGD) Attack(c *Case) {
	for range starts(a.Restarts, c) {
		if a.plan().run(c, func(x []float32) Slope { return c.Uphill(a.Loss, x) }) {
			return
		}
	}
}

func (a *APGD) plan() ascents { return ascents{a.Steps, float64(a.Rho), a.Narrow} }

// starts are AutoAttack's, if none are given.
func starts(given int, c *Case) int {
	switch {
	case given > 0:
		return given
	case c.Threat.Norm == L1:
		return 5
	}
	return 1
}

// ascents are what one start of APGD consists of.
type ascents struct {
	steps  int
	rho    float64
	narrow bool
}

// run ascends from a random start until an iterate succeeds. Look is the
// gradient pass of the loss to follow.
func (p ascents) run(c *Case, look func(x []float32) Slope) bool {
	if c.Threat.Norm != L1 {
		return ascend(c, newAscent(c, p.start(c), p.steps, p.rho), p.steps, true, look)
	}
	if !p.narrow {
		return ascend(c, newSparseAscent(c, p.start(c), c.Eps, p.steps, false), p.steps, true, look)
	}
	x := noise(c)
	for _, g := range p.stages(c.Eps) {
		a := g.from(c, x)
		if ascend(c, a, g.steps, g.eps == c.Eps, look) {
			return true
		}
		x = a.best
	}
	return false
}

// stage of a narrowing search: so many steps in a ball of radius eps.
type stage struct {
	eps   float32
	steps int
}

// stages are 30 % of the steps at 3 eps, 30 % at 2 eps, and what is left at eps.
func (p ascents) stages(eps float32) []stage {
	part := min((3*p.steps+9)/10, p.steps/2)
	return []stage{{3 * eps, part}, {2 * eps, part}, {eps, p.steps - 2*part}}
}

// from starts at the projection of x on the stage's ball.
func (g stage) from(c *Case, x []float32) *sparseAscent {
	shrink(x, c.Image, float64(g.eps), float64(c.Threat.Lo), float64(c.Threat.Hi))
	return newSparseAscent(c, x, g.eps, g.steps, true)
}

// start is a point on the ball's surface, in a random direction, cut at the
// box; in L1 the projection of noise.
func (p ascents) start(c *Case) []float32 {
	x := noise(c)
	if c.Threat.Norm == L1 {
		shrink(x, c.Image, float64(c.Eps), float64(c.Threat.Lo), float64(c.Threat.Hi))
		return x
	}
	sub(x, x, c.Image)
	axpy(x, c.Image, c.Eps/nonzero(norm(c.Threat.Norm, x)), x)
	c.Threat.Project(x, c.Image, c.Eps)
	return x
}

// noise is the image with uniform noise in Linf, and normal otherwise.
func noise(c *Case) []float32 {
	x := clone(c.Image)
	for i := range x {
		if c.Threat.Norm == Linf {
			x[i] += 2*c.Rand.Float32() - 1
		} else {
			x[i] += float32(c.Rand.NormFloat64())
		}
	}
	return x
}

// route is one way up. After each step the caller looks, and tells what it saw.
type route interface {
	at() []float32
	step()
	saw(s Slope)
}

// ascend makes steps until an iterate succeeds; claims are made if the steps
// are in the ball.
func ascend(c *Case, a route, steps int, claims bool, look func(x []float32) Slope) bool {
	for i := 0; ; i++ {
		s := look(a.at())
		c.Trace(s.Loss)
		if claims && c.Success(s.Logits) && c.Claim(a.at()) {
			return true
		}
		if a.saw(s); i == steps {
			return false
		}
		a.step()
	}
}

// summit is where an ascent stands, and the best point that it has seen.
type summit struct {
	x, gradient        []float32
	best, bestGradient []float32
	loss               float32 // at best
	seen               int     // looks
}

func (u *summit) at() []float32 { return u.x }

func (u *summit) saw(s Slope) {
	u.gradient = s.Gradient
	if u.seen == 0 || s.Loss > u.loss {
		copy(u.best, u.x)
		u.bestGradient, u.loss = s.Gradient, s.Loss
	}
	u.seen++
}

// back returns to the best point.
func (u *summit) back() {
	copy(u.x, u.best)
	u.gradient = u.bestGradient
}

// ascent is APGD's in Linf and L2.
type ascent struct {
	summit
	c       *Case
	old, z  []float32 // the point before x; scratch
	size    float32   // of a step
	rho     float64
	losses  []float32 // after each step
	every   int       // steps up to the next checkpoint
	least   int       // of every
	less    int       // by which it falls each time
	since   int       // steps since the last checkpoint
	before  float32   // best loss at the last checkpoint
	reduced bool      // the last checkpoint halved the size
}

// newAscent starts at x, which it keeps. The checkpoints are those of
// AutoAttack, which rounds each part by itself.
func newAscent(c *Case, x []float32, steps int, rho float64) *ascent {
	n := float64(steps)
	return &ascent{
		summit: summit{x: x, best: clone(x)},
		c:      c, old: clone(x), z: make([]float32, len(x)),
		size: 2 * c.Eps, rho: rho, losses: make([]float32, 0, steps),
		every: max(int(.22*n), 1), least: max(int(.06*n), 1), less: max(int(.03*n), 1),
		reduced: true,
	}
}

// step is z = P(x + size·steepest), x = P(x + .75·(z-x) + .25·(x-old)); the
// first is z alone.
func (a *ascent) step() {
	t, eps := a.c.Threat, a.c.Eps
	t.Steepest(a.z, a.gradient)
	axpy(a.z, a.x, a.size, a.z)
	t.Project(a.z, a.c.Image, eps)
	f := float32(.75)
	if a.seen == 1 {
		f = 1
	}
	for i, z := range a.z {
		x := a.x[i]
		a.x[i] = x + (z-x)*f + (x-a.old[i])*(1-f)
		a.old[i] = x
	}
	t.Project(a.x, a.c.Image, eps)
}

// saw takes note of the loss at x, and at a checkpoint halves the size where
// too few steps have raised it, or where the best loss stands since the last
// checkpoint, which did not halve it either.
func (a *ascent) saw(s Slope) {
	a.summit.saw(s)
	if a.seen == 1 {
		a.before = a.loss
		return
	}
	a.losses = append(a.losses, s.Loss)
	if a.since++; a.since < a.every {
		return
	}
	stuck := float64(a.raised()) <= a.rho*float64(a.every) || !a.reduced && a.before >= a.loss
	a.reduced, a.before = stuck, a.loss
	if stuck {
		a.size /= 2
		a.back()
	}
	a.since, a.every = 0, max(a.every-a.less, a.least)
}

// raised counts the steps since the last checkpoint after which the loss was
// larger than before. AutoAttack compares the first loss of all with 0.
func (a *ascent) raised() (n int) {
	for i := len(a.losses) - a.every; i < len(a.losses); i++ {
		var before float32
		if i > 0 {
			before = a.losses[i-1]
		}
		if a.losses[i] > before {
			n++
		}
	}
	return n
}
