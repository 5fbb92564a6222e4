package attacks

var _ = register(Entry{
	Name: "rfgsm", Paper: "Tramèr, Kurakin, Papernot, Goodfellow, Boneh and McDaniel 2018", Family: WhiteBox, Schedule: Ascending,
	Norms: []Norm{Linf, L2},
	New:   func() Attack { return new(RFGSM) },
})

// RFGSM is R-FGSM of Tramèr et al. 2018 (section 4.1), FGSM from a random
// neighbour, which steps over what masks the gradient at the image itself:
//
//	x' = x + α·sign(N(0,1)),  x' + (eps-α)·sign(∇ loss(x'))
//
// with α = Share·eps, in the box after each. With an L2 threat both steps are
// along vectors of unit norm. The paper has α = eps/2, as torchattacks has.
type RFGSM struct {
	Common
	Loss  Loss    `key:"loss" default:"classification" help:"whose gradient is followed"`
	Share float32 `key:"share" in:"[0,1]" default:".5" help:"of eps that the random step takes"`
}

// Needs is the loss.
func (f *RFGSM) Needs(Victim) []Loss { return []Loss{f.Loss} }

// Fits refuses too few classes for the loss.
func (f *RFGSM) Fits(classes int) error { return f.Loss.fits(classes) }

// Attack takes the random step, and one up from there.
func (f *RFGSM) Attack(c *Case) {
	noise := make([]float32, len(c.Image))
	for i := range noise {
		noise[i] = float32(c.Rand.NormFloat64())
	}
	c.Threat.Steepest(noise, noise)
	f.climber(c.Eps).climb(c, f.start(c, noise))
}

// start is the image moved along noise of unit size.
func (f *RFGSM) start(c *Case, noise []float32) []float32 {
	axpy(noise, c.Image, f.Share*c.Eps, noise)
	c.Threat.Project(noise, c.Image, c.Eps)
	return noise
}

func (f *RFGSM) climber(eps float32) climber {
	return climber{loss: f.Loss, steps: 1, alpha: (1 - f.Share) * eps}
}
