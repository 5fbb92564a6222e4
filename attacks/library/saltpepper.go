package library

import "unwarp/attacks"

var _ = attacks.Register(attacks.Entry{
	Name: "saltpepper", Title: "saltpepper", Paper: "Rauber, Brendel and Bethge 2017", Family: attacks.Baseline, Search: attacks.MinimumNorm, OwnNorm: attacks.L0,
	Battery: []attacks.Variant{{Rank: 340, Text: "saltpepper"}},
	New:     func() attacks.Attack { return new(SaltPepper) },
})

// SaltPepper makes random pixels white or black, a growing share of them, until
// the image is misclassified, as foolbox does. It then continues in smaller steps
// from half the share that succeeded up to 1.2 times that share. It minimises the
// number of changed values, foolbox its L2 norm. A draw that changes more values
// than the best example is not evaluated.
type SaltPepper struct {
	attacks.Common
	Steps int  `key:"steps" in:"[1,1e6]" default:"1000" help:"draws"`
	Split bool `key:"split" help:"draw each channel by itself"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *SaltPepper) Losses(attacks.Victim) []attacks.Loss { return nil }

// Run draws with growing shares of pixels.
func (a *SaltPepper) Run(o *attacks.Oracle) {
	x := make([]float32, len(o.Image))
	low, high := 0., 1.
	step := high / float64(a.Steps)
	share := step
	for i := range a.Steps {
		a.draw(o, x, share)
		success := o.Distance(x) < o.BestDistance() && o.Success(o.Logits(x)[0]) && o.Claim(x)
		atEnd := share == high
		if success {
			low, high = share/2, min(1.2*share, 1)
			step = (high - low) / float64(a.Steps-i)
		}
		if success || atEnd {
			share = low
		}
		share = min(share+step, high)
	}
}

// draw writes to x the clean image with a share of the pixels black or white.
func (a *SaltPepper) draw(o *attacks.Oracle, x []float32, share float64) {
	var u float64
	for i, v := range o.Image {
		if a.Split || i%o.C == 0 {
			u = o.Rand.Float64()
		}
		switch {
		case u < share/2:
			x[i] = o.Threat.Lo
		case u >= 1-share/2:
			x[i] = o.Threat.Hi
		default:
			x[i] = v
		}
	}
}
