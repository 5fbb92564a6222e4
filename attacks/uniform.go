package attacks

var _ = register(Entry{
	Name: "uniform", Paper: "Rauber, Zimmermann, Bethge and Brendel 2020", Family: Baseline, Schedule: Ascending,
	New: func() Attack { return new(Uniform) },
})

// Uniform is noise drawn uniformly from the ball, cut at the box: what it
// breaks is no achievement of a gradient. Foolbox draws 100 times. In L2 and L1
// nearly all of a ball of many dimensions is at its surface.
type Uniform struct {
	Common
	Draws int `key:"draws" in:"[1,1e9]" default:"100" help:"tries at each eps"`
}

// Needs is nothing.
func (a *Uniform) Needs(Victim) []Loss { return nil }

// Attack draws until a draw succeeds.
func (a *Uniform) Attack(c *Case) {
	c.draws(a.Draws, func(x []float32) { copy(x, c.Start(c.Eps)) })
}

// draws claims the first of n draws that succeeds.
func (c *Case) draws(n int, draw func(x []float32)) {
	const group = 10 // asked about at once: often the first will do
	for from := 0; from < n && !c.hit; from += group {
		c.sweep(min(group, n-from), func(_ int, x []float32) { draw(x) }, func(_ int, x, z []float32) bool {
			return !(c.Success(z) && c.Claim(x))
		})
	}
}
