package library

import (
	"math"

	"unwarp/attacks"
)

var _ = attacks.Register(attacks.Entry{
	Name: "flow", Title: "flow", Paper: "Xiao, Zhu, Li, He, Liu and Song 2018", Family: attacks.Natural, Search: attacks.MinimumNorm,
	Battery: []attacks.Variant{{Rank: 380, Text: "flow"}},
	New:     func() attacks.Attack { return new(Flow) },
})

// Flow moves the pixels instead of changing them (spatially transformed examples,
// Xiao et al. 2018): the image is warped by a field of displacements, as a
// disentangled model warps its input. Adam minimises the negated loss plus Tau
// times the total variation of the field (eq. 4). Where the iterate is
// misclassified only the variation counts (their κ is 0), so that the field
// shrinks until it just succeeds. Of the successes the nearest in the threat's
// norm is kept; that norm does not measure how visible a displacement is. Margins
// are in units of [attacks.LogitUnit].
//
// The paper optimises by L-BFGS.
type Flow struct {
	attacks.Common
	Loss  attacks.Loss `key:"loss" default:"margin" help:"whose gradient is followed"`
	Steps int          `key:"steps" in:"[1,1e6]" default:"200" help:"of Adam"`
	Rate  float32      `key:"lr" in:"[1e-6,1e3]" default:".05" help:"Adam's, in pixels"`
	Tau   float32      `key:"tau" in:"[0,1e6]" default:".05" help:"weight of smoothness"`
	Most  float32      `key:"most" in:"[0,1e6]" default:"0" help:"largest displacement along a side, in pixels; 0: any"`
}

// Losses implements [attacks.Attack].
func (a *Flow) Losses(attacks.Victim) []attacks.Loss { return []attacks.Loss{a.Loss} }

// CheckClasses refuses too few classes for the loss.
func (a *Flow) CheckClasses(classes int) error { return a.Loss.CheckClasses(classes) }

// Run optimises the field from zero. Images with a side of one pixel are left
// alone.
func (a *Flow) Run(o *attacks.Oracle) {
	if o.H < 2 || o.W < 2 {
		return
	}
	n := 2 * o.H * o.W
	w, dw := make([]float64, n), make([]float64, n) // the field and its gradient, in float64
	field, g := make([]float32, n), make([]float32, n)
	x := make([]float32, len(o.Image))
	adam, nearest := newAdamOptimizer(n, a.Rate), newNearestClaim(o)
	unit := 1.
	if a.Loss == attacks.Margin {
		unit = attacks.LogitUnit(o.Clean)
	}
	defer nearest.flush()
	for range a.Steps {
		warpImage(x, o.Image, field, o.H, o.W, o.C)
		o.Threat.Clip(x)
		loss := o.AttackLoss(a.Loss, x)
		o.RecordLoss(loss.Loss)
		clear(g)
		if o.ClearSuccess(loss.Logits) {
			nearest.offer(x)
		} else {
			warpFieldGradient(g, o.Image, field, loss.Gradient, o.H, o.W, o.C)
		}
		totalVariation(dw, w, o.H, o.W)
		for i, v := range g {
			dw[i] = float64(a.Tau)*dw[i] - float64(v)/unit
		}
		adam.step(w, dw)
		for i, v := range w {
			if a.Most > 0 {
				w[i] = min(max(v, -float64(a.Most)), float64(a.Most))
			}
			field[i] = float32(w[i])
		}
	}
}

// totalVariation returns the total variation of a field [H,W,2]: the sum over
// all pairs of neighbours, each counted from both sides, of the L2 distance
// between their displacements. It writes the gradient to g, 0 where two
// displacements are equal.
func totalVariation(g, field []float64, h, w int) (sum float64) {
	clear(g)
	pair := func(i, j int) {
		du, dv := field[2*i]-field[2*j], field[2*i+1]-field[2*j+1]
		d := math.Hypot(du, dv)
		sum += 2 * d
		if d == 0 {
			return
		}
		du, dv = 2*du/d, 2*dv/d
		g[2*i] += du
		g[2*j] -= du
		g[2*i+1] += dv
		g[2*j+1] -= dv
	}
	for y := range h {
		for x := range w {
			i := y*w + x
			if x+1 < w {
				pair(i, i+1)
			}
			if y+1 < h {
				pair(i, i+w)
			}
		}
	}
	return sum
}
