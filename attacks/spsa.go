package attacks

var _ = register(Entry{
	Name: "spsa", Paper: "Uesato, O'Donoghue, van den Oord and Kohli 2018", Family: Score,
	New: func() Attack { return new(SPSA) },
})

// SPSA is the attack of Uesato et al. 2018: Adam on the margin, with gradients
// estimated by simultaneous perturbation (Spall 1992): differences of the loss
// on both sides of the image along random vectors of ±1, kept in ball and box
// after each step. Where gradients are masked it needs none.
//
// Defaults are cleverhans's. The paper takes up to 8192 samples: where it
// matters whether a defence masks its gradients, give more. The points asked
// about lie up to Delta outside ball and box; the claimed ones do not.
type SPSA struct {
	Common
	Steps   int     `key:"steps" in:"[1,1e6]" default:"100" help:"of Adam"`
	Samples int     `key:"samples" in:"[2,1e6]" default:"128" help:"points for one gradient, in pairs"`
	Delta   float32 `key:"delta" in:"[1e-6,1]" default:".01" help:"how far from the image they are, in each value"`
	Rate    float32 `key:"lr" in:"[1e-6,1]" default:".01" help:"Adam's"`
}

// Needs is nothing.
func (a *SPSA) Needs(Victim) []Loss { return nil }

// Attack climbs from a random point of the ball.
func (a *SPSA) Attack(c *Case) {
	x := c.Start(c.Eps)
	w, slope := make([]float64, len(x)), make([]float64, len(x))
	descent := newAdam(len(x), a.Rate)
	for range a.Steps {
		g, z := c.antithetic(x, (a.Samples+1)/2, a.Delta, func(v []float32) {
			for i := range v {
				v[i] = 1
				if c.Rand.Uint64()&1 == 0 {
					v[i] = -1
				}
			}
		}, func(z []float32) float64 { return -float64(c.margin(z)) })
		c.Trace(c.margin(z))
		if c.Success(z) && c.Claim(x) {
			return
		}
		for i, v := range x {
			w[i], slope[i] = float64(v), float64(g[i])
		}
		descent.step(w, slope)
		for i, v := range w {
			x[i] = float32(v)
		}
		c.Threat.Project(x, c.Image, c.Eps)
	}
	c.Claim(x)
}
