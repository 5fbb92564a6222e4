package attacks

import (
	"fmt"
	"math"
)

var _ = register(Entry{
	Name: "pgd", Paper: "Madry, Makelov, Schmidt, Tsipras and Vladu 2018", Family: WhiteBox,
	New: func() Attack { return new(PGD) },
})

// PGD is projected gradient descent of Madry et al. 2018: BIM from a random
// point of the ball, several times. From the clean image it is BIM.
//
// In L1, where the steepest step changes one value, it is the sparse descent
// (SLIDE) of Tramèr and Boneh 2019: equal steps of the largest values of the
// gradient, without those that would leave the box.
//
// The defaults are those of foolbox for Linf (40 steps of eps/30: .01 at .3)
// and L2 (50 steps of eps/40), and cleverhans's size of a step for L1 (eps/10).
// torchattacks makes 10 steps of 2/255, ART 100 of .1.
type PGD struct {
	Common
	Loss        Loss    `key:"loss" default:"classification" help:"whose gradient is followed"`
	Steps       int     `key:"steps" in:"[0,1e6]" default:"0" help:"of each start; 0: 40 in linf, 50 in l2 and l1"`
	Alpha       float32 `key:"alpha" in:"[0,1e6]" default:"0" help:"size of a step; 0: eps/30 in linf, eps/40 in l2, eps/10 in l1"`
	Restarts    int     `key:"restarts" in:"[1,1e6]" default:"1" help:"number of starts"`
	Start       string  `key:"start" oneof:"random clean" default:"random" help:"where to start: anywhere in the ball, or at the image"`
	Temperature float32 `key:"temperature" in:"[1e-6,1e6]" default:"1" help:"by which the classification loss divides logits: above 1 where softmax saturates"`
	Quantile    float32 `key:"quantile" in:"[0,1]" default:".99" help:"in l1, share of the values that a step leaves alone"`
}

func (p *PGD) Validate() error {
	if p.Start == "clean" && p.Restarts > 1 {
		return fmt.Errorf("restarts: start=clean gives the same result each time, want start=random")
	}
	if p.Temperature != 1 && p.Loss != Classification {
		return fmt.Errorf("temperature: loss %s has none, want loss=classification", p.Loss)
	}
	return nil
}

// Needs is the loss.
func (p *PGD) Needs(Victim) []Loss { return []Loss{p.Loss} }

// Fits refuses too few classes for the loss.
func (p *PGD) Fits(classes int) error { return p.Loss.fits(classes) }

// Attack climbs from each start.
func (p *PGD) Attack(c *Case) {
	k := p.climber(c)
	for range p.Restarts {
		x := clone(c.Image)
		if p.Start != "clean" {
			x = c.Start(c.Eps)
		}
		if k.climb(c, x) {
			return
		}
	}
}

func (p *PGD) climber(c *Case) climber {
	k := climber{loss: p.Loss, temperature: p.Temperature, steps: p.Steps, alpha: p.Alpha}
	steps, share := 50, float32(40)
	switch c.Threat.Norm {
	case Linf:
		steps, share = 40, 30
	case L1:
		share = 10
		k.turn = sparse(c, float64(p.Quantile))
	}
	if k.steps == 0 {
		k.steps = steps
	}
	if k.alpha == 0 {
		k.alpha = c.Eps / share
	}
	return k
}

// sparse turns gradients to directions in which all values above the quantile
// change alike.
func sparse(c *Case, quantile float64) func(g, x []float32) {
	sizes := make([]float32, len(c.Image))
	keep := len(sizes) - int(math.Ceil(quantile*float64(len(sizes)-1)-1e-4))
	return func(g, x []float32) {
		for i, v := range x {
			if v <= c.Threat.Lo && g[i] < 0 || v >= c.Threat.Hi && g[i] > 0 {
				g[i] = 0
			}
		}
		largestSigns(g, g, keep, sizes)
	}
}
