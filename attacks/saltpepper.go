package attacks

var _ = register(Entry{
	Name: "saltpepper", Paper: "Rauber, Brendel and Bethge 2017", Family: Baseline, Schedule: Whole, Own: L0,
	New: func() Attack { return new(SaltPepper) },
})

// SaltPepper turns more and more random pixels white or black until the image
// is misclassified, as foolbox does; then it goes back to half the share of
// pixels, up to 1.2 times the one that succeeded, and on in smaller steps. It
// minimises the number of changed values, foolbox its L2 norm. A draw that
// changes more than the best so far is not asked about.
type SaltPepper struct {
	Common
	Steps int  `key:"steps" in:"[1,1e6]" default:"1000" help:"draws"`
	Split bool `key:"split" help:"draw each channel by itself"`
}

// Needs is nothing.
func (a *SaltPepper) Needs(Victim) []Loss { return nil }

// Attack draws with growing shares of pixels.
func (a *SaltPepper) Attack(c *Case) {
	x := make([]float32, len(c.Image))
	low, high := 0., 1.
	step := high / float64(a.Steps)
	share := step
	for i := range a.Steps {
		a.draw(c, x, share)
		won := c.Distance(x) < c.Bound && c.Success(c.Logits(x)[0]) && c.Claim(x)
		back := share == high
		if won {
			low, high = share/2, min(1.2*share, 1)
			step = (high - low) / float64(a.Steps-i)
		}
		if won || back {
			share = low
		}
		share = min(share+step, high)
	}
}

// draw makes a share of the pixels black or white.
func (a *SaltPepper) draw(c *Case, x []float32, share float64) {
	var u float64
	for i, v := range c.Image {
		if a.Split || i%c.C == 0 {
			u = c.Rand.Float64()
		}
		switch {
		case u < share/2:
			x[i] = c.Threat.Lo
		case u >= 1-share/2:
			x[i] = c.Threat.Hi
		default:
			x[i] = v
		}
	}
}
