package attacks

import "math"

var _ = register(Entry{
	Name: "boundary", Paper: "Brendel, Rauber and Bethge 2018", Family: Decision, Schedule: Whole, Own: L2,
	New: func() Attack { return new(Boundary) },
})

// Boundary is the attack of Brendel, Rauber and Bethge 2018: a random walk
// along the boundary that sees nothing but the predicted class. A step is a
// random move on the sphere round the clean image, of Spherical times its
// radius, and then one of Inward times the radius towards the image; it is
// kept if it still succeeds. Both sizes adapt: every tenth step the move on the
// sphere is tried alone, and more than half of a hundred of these, or a quarter
// of thirty whole steps, succeeding means that they can grow.
//
// Defaults are foolbox's. The walk begins where the straight way from the image
// to the start crosses the boundary.
type Boundary struct {
	Common
	Steps       int     `key:"steps" in:"[1,1e9]" default:"25000" help:"of the walk"`
	Spherical   float32 `key:"spherical" in:"[1e-9,1]" default:".01" help:"first move on the sphere, as a share of its radius"`
	Inward      float32 `key:"inward" in:"[1e-9,1]" default:".01" help:"first move towards the image, as a share of the distance"`
	Convergence float32 `key:"convergence" in:"[0,1]" default:"1e-7" help:"move towards the image at which the walk ends"`
	Adaptation  float32 `key:"adaptation" in:"[1,10]" default:"1.5" help:"factor by which moves grow and shrink"`
	Start       string  `key:"start" oneof:"noise example" help:"noise, or an image of another class; none: noise, for a target an image"`
}

// Needs is nothing.
func (a *Boundary) Needs(Victim) []Loss { return nil }

// Attack walks from the start to the end of its steps.
func (a *Boundary) Attack(c *Case) {
	far := c.outset(a.Start)
	if far == nil {
		return
	}
	w := &walk{
		c: c, x: c.homeward(far, L2, 1e-3), spherical: float64(a.Spherical), inward: float64(a.Inward), factor: float64(a.Adaptation),
		moves: tally{of: 100, low: .2, high: .5}, steps: tally{of: 30, low: .1, high: .25},
	}
	show := c.closest()
	show.offer(w.x)
	for step := 1; step <= a.Steps && w.inward >= float64(a.Convergence) && c.Left() >= 2; step++ {
		if w.step(step%10 == 0) {
			show.offer(w.x)
			if c.settled() {
				return
			}
		}
	}
	show.show()
}

// walk is where a boundary attack stands.
type walk struct {
	c                 *Case
	x                 []float32 // succeeds
	spherical, inward float64
	factor            float64
	moves, steps      tally // successes of moves on the sphere, and of whole steps
}

// step tries one step. With adapt the sizes are adapted to what succeeds.
func (w *walk) step(adapt bool) (moved bool) {
	c := w.c
	near, on, radius := w.propose()
	questions := [][]float32{near}
	if adapt {
		questions = append(questions, on)
	}
	z := c.Logits(questions...)
	won := c.Success(z[0])
	if adapt {
		w.adapt(won, c.Success(z[1]))
	}
	// Rounding, or the box, may have moved it away.
	if won && distance(L2, near, c.Image) < radius {
		w.x, moved = near, true
	}
	return moved
}

// propose draws a point on the sphere round the clean image through x, and one
// nearer to the image.
func (w *walk) propose() (near, on []float32, radius float64) {
	c := w.c
	n := len(w.x)
	home, side := make([]float64, n), make([]float64, n)
	var along, size float64
	for i, o := range c.Image {
		home[i] = float64(o) - float64(w.x[i])
		side[i] = c.Rand.NormFloat64()
		radius += home[i] * home[i]
		along += home[i] * side[i]
	}
	if radius == 0 {
		return w.x, w.x, 0
	}
	for i, h := range home {
		side[i] -= along / radius * h
		size += side[i] * side[i]
	}
	radius, size = math.Sqrt(radius), math.Sqrt(size)
	shorten := 1 / math.Sqrt(1+w.spherical*w.spherical) // back from the tangent to the sphere
	on, near = make([]float32, n), make([]float32, n)
	for i, o := range c.Image {
		on[i] = float32(float64(o) + shorten*(w.spherical*radius/max(size, 1e-300)*side[i]-home[i]))
	}
	c.Threat.Clip(on)
	now := distance(L2, on, c.Image)
	// What the box has cut off counts as part of the move.
	part := max(0, w.inward*radius+now-radius) / max(now, 1e-300)
	for i, o := range c.Image {
		near[i] = on[i] + float32(part)*(o-on[i])
	}
	c.Threat.Clip(near)
	return near, on, radius
}

// adapt counts the outcomes, and where there are enough of them changes the
// sizes.
func (w *walk) adapt(step, move bool) {
	if f := w.moves.count(move, w.factor); f != 1 {
		w.spherical *= f
		w.inward *= f
	}
	w.inward *= w.steps.count(step, w.factor)
}

// tally are the latest outcomes of something.
type tally struct {
	of        int // how many of them say enough
	low, high float64
	recent    []bool
}

// count adds an outcome. It returns factor where more than high of them
// succeed, 1/factor where less than low do, and then forgets them; else 1.
func (t *tally) count(won bool, factor float64) float64 {
	if t.recent = append(t.recent, won); len(t.recent) > t.of {
		t.recent = t.recent[1:]
	}
	if len(t.recent) < t.of {
		return 1
	}
	n := 0
	for _, w := range t.recent {
		if w {
			n++
		}
	}
	switch share := float64(n) / float64(t.of); {
	case share > t.high:
		t.recent = t.recent[:0]
		return factor
	case share < t.low:
		t.recent = t.recent[:0]
		return 1 / factor
	}
	return 1
}
