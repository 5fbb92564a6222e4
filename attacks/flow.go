package attacks

import "math"

var _ = register(Entry{
	Name: "flow", Paper: "Xiao, Zhu, Li, He, Liu and Song 2018", Family: Natural, Schedule: Whole,
	New: func() Attack { return new(Flow) },
})

// Flow moves the pixels instead of changing them (spatially transformed
// examples, Xiao et al. 2018): the image is warped, as the disentangled model
// warps its own, by a field of displacements. It looks for the field that
// misleads and is smooth, by Adam on the loss plus Tau times the field's total
// variation (eq. 4). Where an iterate succeeds, only smoothness counts (their κ
// is 0), so that the field shrinks until it just misleads. Of the successes the
// nearest in the threat's norm is kept, which is no measure of how visible it
// is.
//
// The paper optimises by L-BFGS.
type Flow struct {
	Common
	Loss  Loss    `key:"loss" default:"margin" help:"whose gradient is followed"`
	Steps int     `key:"steps" in:"[1,1e6]" default:"200" help:"of Adam"`
	Rate  float32 `key:"lr" in:"[1e-6,1e3]" default:".05" help:"Adam's, in pixels"`
	Tau   float32 `key:"tau" in:"[0,1e6]" default:".05" help:"weight of smoothness"`
	Most  float32 `key:"most" in:"[0,1e6]" default:"0" help:"largest displacement along a side, in pixels; 0: any"`
}

// Needs is the loss.
func (a *Flow) Needs(Victim) []Loss { return []Loss{a.Loss} }

// Fits refuses too few classes for the loss.
func (a *Flow) Fits(classes int) error { return a.Loss.fits(classes) }

// Attack optimises the field from none.
func (a *Flow) Attack(c *Case) {
	if c.H < 2 || c.W < 2 {
		return
	}
	n := 2 * c.H * c.W
	w, g := make([]float64, n), make([]float64, n)
	field, slope := make([]float32, n), make([]float32, n)
	x := make([]float32, len(c.Image))
	descent, show := newAdam(n, a.Rate), c.closest()
	defer show.show()
	for range a.Steps {
		warp(x, c.Image, field, c.H, c.W, c.C)
		c.Threat.Clip(x)
		s := c.Uphill(a.Loss, x)
		c.Trace(s.Loss)
		clear(slope)
		if c.Success(s.Logits) {
			show.offer(x)
		} else {
			warpSlope(slope, c.Image, field, s.Gradient, c.H, c.W, c.C)
		}
		variation(g, w, c.H, c.W)
		for i, v := range slope {
			g[i] = float64(a.Tau)*g[i] - float64(v)
		}
		descent.step(w, g)
		for i, v := range w {
			if a.Most > 0 {
				w[i] = min(max(v, -float64(a.Most)), float64(a.Most))
			}
			field[i] = float32(w[i])
		}
	}
}

// variation returns the total variation of a field [H,W,2], the sum over all
// pairs of neighbours, each counted from both sides, of the distance between
// their displacements, and writes its gradient to g. Where two are equal, theirs
// is 0.
func variation(g, field []float64, h, w int) (sum float64) {
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
