package trainer

import (
	"fmt"
	"math"

	"unwarp/graphs"
)

// Initial weights of certified training.
const (
	ownInitial = "model" // those of the model's layers
	ibpInitial = "ibp"   // of Shi et al. 2021, see [graphs.IBPNormal]
)

// Shapes of a ramp.
const (
	linearRamp = "linear"
	smoothRamp = "smooth"
)

// Bounding are the parameters that all certified methods share. Tightness and
// balance are the regularisers of Shi, Wang, Zhang, Yi and Hsieh 2021 ("Fast
// certified robust training with short warmup"), section 4.2; their weights
// fall to 0 as eps rises.
type Bounding struct {
	Warmup    Duration `key:"warmup" default:"1ep" help:"before the ramp, at eps 0"`
	Ramp      Duration `key:"ramp" default:"30%" help:"over which eps rises from 0, kappa from its start, and what else has a schedule"`
	Shape     string   `key:"shape" oneof:"linear smooth" default:"linear" help:"of the ramp: linear, or smooth: with the fourth power at first"`
	Init      string   `key:"init" oneof:"model ibp" default:"model" help:"initial weights: of the model's layers, or those that keep intervals of equal width through layers (Shi et al. 2021)"`
	Tightness float32  `key:"tightness" in:"[0,1e6]" default:"0" help:"weight of the regulariser that keeps the intervals of layers from growing, during warmup and ramp"`
	Balance   float32  `key:"balance" in:"[0,1e6]" default:"0" help:"weight of the regulariser that balances active and inactive ReLUs, during warmup and ramp"`
	Tolerance float32  `key:"tolerance" in:"(0,1]" default:".5" help:"of both regularisers"`
}

// complete writes empty durations in one way only, and refuses regularisers
// without a ramp, which would be without effect.
func (b *Bounding) complete() error {
	for _, d := range []*Duration{&b.Warmup, &b.Ramp} {
		if d.Zero() {
			*d = Duration{}
		}
	}
	if b.regularised() && b.Warmup.Zero() && b.Ramp.Zero() {
		return fmt.Errorf("tightness, balance: want a warmup or a ramp, during which they act, got none")
	}
	return nil
}

// completeNorm is complete for a ball of any norm.
func (b *Bounding) completeNorm(norm string) error {
	if norm != linf && b.regularised() {
		return fmt.Errorf("tightness, balance: want norm=linf, whose intervals they compare, got norm=%s", norm)
	}
	return b.complete()
}

// regularised reports whether there is a regulariser.
func (b Bounding) regularised() bool { return b.Tightness > 0 || b.Balance > 0 }

// passOptions are what the pass that declares the variables needs.
func (b Bounding) passOptions() []graphs.PassOption {
	if b.Init != ibpInitial {
		return nil
	}
	return []graphs.PassOption{graphs.InitialKernels(graphs.IBPNormal, "encoder", "classifier")}
}

// boundParams are one step's values of what certified training schedules.
type boundParams struct {
	eps   float32 // that is bounded
	kappa float32
	beta  float32
	pull  float32 // share of the regularisers' weights
}

// leastEps is the least radius while regularisers act: they compare widths of
// intervals, of which there must be some.
const leastEps = 1e-6

// schedule returns the values at each step of a run, and the radius and step
// size of the attack.
func (c certifiedSettings) schedule(batch, perEpoch, total int) func(step int) (p boundParams, eps, alpha float32) {
	warmup, ramp := c.Warmup.Steps(batch, perEpoch, total), c.Ramp.Steps(batch, perEpoch, total)
	return func(step int) (p boundParams, eps, alpha float32) {
		share := c.share(step-warmup, ramp)
		between := func(ends [2]float32) float32 { return ends[0] + share*(ends[1]-ends[0]) }
		p = boundParams{eps: share * c.box * c.eps, kappa: between(c.kappa), beta: between(c.beta), pull: 1 - share}
		if c.regularised() {
			p.eps = max(p.eps, leastEps)
		}
		if c.attack != nil {
			eps, alpha = share*c.attack.Eps, share*float32(c.attack.Alpha)
		}
		return p, eps, alpha
	}
}

// CertifiedEps returns the radius that certified training on n images bounds at its last
// step, and that which it would reach; both 0 without it.
func (c Config) CertifiedEps(n int) (last, full float32) {
	steps := c.Steps(n)
	if c.Certified.Off() || steps == 0 {
		return 0, 0
	}
	s := c.Certified.settings()
	p, _, _ := s.schedule(c.Batch, c.stepsPerEpoch(n), steps)(steps - 1)
	return (1 - p.pull) * s.eps, s.eps
}

// share is the share of eps at a step of the ramp.
func (b Bounding) share(step, ramp int) float32 {
	switch {
	case step < 0:
		return 0
	case step >= ramp:
		return 1
	}
	t := float64(step+1) / float64(ramp)
	if b.Shape == smoothRamp {
		t = smoothShare(t)
	}
	return float32(t)
}

// smoothShare is a·t⁴ over the first quarter of a ramp, and from there on the
// line to 1 with the slope at that point, as in auto_LiRPA's schedule.
func smoothShare(t float64) float64 {
	const middle, power = .25, 4.
	a := 1 / (math.Pow(middle, power) + power*math.Pow(middle, power-1)*(1-middle))
	if t < middle {
		return a * math.Pow(t, power)
	}
	return a * (math.Pow(middle, power) + power*math.Pow(middle, power-1)*(t-middle))
}
