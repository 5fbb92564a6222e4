package attacks

var _ = register(Entry{
	Name: "fgsm", Paper: "Goodfellow, Shlens and Szegedy 2015", Family: WhiteBox, Schedule: Ascending,
	New: func() Attack { return new(FGSM) },
})

// FGSM is the fast gradient sign method of Goodfellow, Shlens and Szegedy
// 2015: x + eps·sign(∇ loss), in the box; with an L2 threat the fast gradient
// method. One gradient serves every eps. The label is the true one (cleverhans
// takes the predicted one by default).
type FGSM struct {
	Common
	Loss Loss `key:"loss" default:"classification" help:"whose gradient is followed"`
}

// Needs is the loss.
func (f *FGSM) Needs(Victim) []Loss { return []Loss{f.Loss} }

// Fits refuses too few classes for the loss.
func (f *FGSM) Fits(classes int) error { return f.Loss.fits(classes) }

// Attack takes one step of Eps.
func (f *FGSM) Attack(c *Case) {
	if c.Memo == nil {
		s := c.Uphill(f.Loss, c.Image)
		c.Threat.Steepest(s.Gradient, s.Gradient)
		c.Memo = s.Gradient
	}
	x := make([]float32, len(c.Image))
	axpy(x, c.Image, c.Eps, c.Memo.([]float32))
	c.Threat.Project(x, c.Image, c.Eps)
	c.Claim(x)
}
