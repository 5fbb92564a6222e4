package attacks

var _ = register(Entry{
	Name: "mifgsm", Paper: "Dong, Liao, Pang, Su, Zhu, Hu and Li 2018", Family: WhiteBox,
	Norms: []Norm{Linf, L2},
	New:   func() Attack { return new(MIFGSM) },
})

// MIFGSM is the momentum iterative method of Dong et al. 2018 (algorithm 1):
//
//	m = µ·m + ∇ loss / ‖∇ loss‖₁,  x = x + α·sign(m)
//
// kept in ball and box; with an L2 threat α·m/‖m‖₂ (eq. 10). The gradient's
// norm is that of the image, not of the batch. The paper has α = eps/steps;
// foolbox takes the sign before the momentum, which is another attack.
type MIFGSM struct {
	Common
	Loss  Loss    `key:"loss" default:"classification" help:"whose gradient is followed"`
	Steps int     `key:"steps" in:"[1,1e6]" default:"10" help:"number of steps"`
	Alpha float32 `key:"alpha" in:"[0,1e6]" default:"0" help:"size of a step; 0: eps/steps"`
	Mu    float32 `key:"mu" in:"[0,10]" default:"1" help:"share of the momentum that a step keeps"`
}

// Needs is the loss.
func (m *MIFGSM) Needs(Victim) []Loss { return []Loss{m.Loss} }

// Fits refuses too few classes for the loss.
func (m *MIFGSM) Fits(classes int) error { return m.Loss.fits(classes) }

// Attack climbs from the clean image.
func (m *MIFGSM) Attack(c *Case) { m.climber(c).climb(c, clone(c.Image)) }

func (m *MIFGSM) climber(c *Case) climber {
	k := climber{loss: m.Loss, steps: m.Steps, alpha: m.Alpha}
	if k.alpha == 0 {
		k.alpha = c.Eps / float32(m.Steps)
	}
	momentum := make([]float32, len(c.Image))
	k.turn = func(g, _ []float32) {
		// The largest element first: sums of very small values lose their digits.
		scale(g, g, 1/nonzero(norm(Linf, g)))
		scale(momentum, momentum, m.Mu)
		axpy(momentum, momentum, 1/nonzero(norm(L1, g)), g)
		c.Threat.Steepest(g, momentum)
	}
	return k
}
