package attacks

var _ = register(Entry{
	Name: "mixed", Paper: "Carlini et al. 2019, on adaptive attacks", Family: Adaptive,
	New: func() Attack { return new(Mixed) },
})

// Mixed is PGD on a weighted sum of the classification loss and the whole
// training loss of the victim. Each gradient is brought to the same L1 norm
// before they are added, so that the weight says how much each decides: in a
// disentangled model the reconstruction term's gradient is otherwise some
// hundred times the classifier's.
type Mixed struct {
	Common
	Weight   float32 `key:"weight" in:"[0,1]" default:".5" help:"of the training loss; the rest is the classification loss's"`
	Steps    int     `key:"steps" in:"[1,1e6]" default:"40" help:"for each start"`
	Alpha    float32 `key:"alpha" in:"[0,1]" default:"0" help:"size of a step; 0: 2.5 eps/steps"`
	Restarts int     `key:"restarts" in:"[1,1e4]" default:"1" help:"random starts"`
}

// Needs are the two losses.
func (m *Mixed) Needs(Victim) []Loss { return []Loss{Classification, Training} }

// Attack climbs the sum.
func (m *Mixed) Attack(c *Case) {
	alpha := m.Alpha
	if alpha == 0 {
		alpha = 2.5 * c.Eps / float32(m.Steps)
	}
	for range m.Restarts {
		x := c.Start(c.Eps)
		for range m.Steps {
			a, b := c.Uphill(Classification, x), c.Uphill(Training, x)
			c.Trace(a.Loss)
			if c.Success(a.Logits) && c.Claim(x) {
				return
			}
			fa, fb := (1-m.Weight)/nonzero(norm(L1, a.Gradient)), m.Weight/nonzero(norm(L1, b.Gradient))
			for i, v := range a.Gradient {
				a.Gradient[i] = fa*v + fb*b.Gradient[i]
			}
			c.Threat.Steepest(a.Gradient, a.Gradient)
			axpy(x, x, alpha, a.Gradient)
			c.Threat.Project(x, c.Image, c.Eps)
		}
		if c.Claim(x) {
			return
		}
	}
}
