package attacks

import "math"

var _ = register(Entry{
	Name: "random", Family: Baseline, Schedule: Ascending,
	New: func() Attack { return new(Random) },
})

// Random moves every pixel by ±eps with random signs, the same signs at every
// eps. It uses no gradient: what it breaks, any gradient attack must break
// too, or its gradient says nothing about the classifier.
type Random struct {
	Common
	Draws int `key:"draws" in:"[1,1e6]" default:"1" help:"tries at each eps"`
}

// Needs is nothing.
func (a *Random) Needs(Victim) []Loss { return nil }

// Attack moves along random signs.
func (a *Random) Attack(c *Case) {
	for range a.Draws {
		x := a.draw(c)
		if c.Claim(x) {
			return
		}
	}
}

func (a *Random) draw(c *Case) []float32 {
	unit := c.Eps
	switch c.Threat.Norm {
	case L2:
		unit /= float32(math.Sqrt(float64(len(c.Image))))
	case L1:
		unit /= float32(len(c.Image))
	}
	x := make([]float32, len(c.Image))
	for i, v := range c.Image {
		x[i] = v + unit
		if c.Rand.Uint64()&1 == 0 {
			x[i] = v - unit
		}
	}
	c.Threat.Project(x, c.Image, c.Eps)
	return x
}
