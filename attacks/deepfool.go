package attacks

var _ = register(Entry{
	Name: "deepfool", Paper: "Moosavi-Dezfooli, Fawzi and Frossard 2016", Family: WhiteBox, Schedule: Whole,
	Norms: []Norm{Linf, L2},
	New:   func() Attack { return new(DeepFool) },
})

// DeepFool goes to the nearest of the linearised boundaries between the label
// and its rivals, again and again until the class changes (Moosavi-Dezfooli,
// Fawzi and Frossard 2016, algorithm 2; in L∞ by the steps of their section
// 3.3). The sum of steps is lengthened by Overshoot. Towards a target it goes
// to the farthest of the boundaries around the target's region. As in the
// authors' code each step is longer by 1e-4, or the last would end on the
// boundary.
type DeepFool struct {
	Common
	Steps      int     `key:"steps" in:"[1,1e6]" default:"50" help:"at most"`
	Candidates int     `key:"candidates" in:"[2,1e6]" default:"10" help:"classes looked at: the likeliest of the clean image"`
	Overshoot  float32 `key:"overshoot" in:"[0,10]" default:"0.02" help:"share by which the sum of steps is lengthened"`
}

// Needs is the difference of two logits.
func (a *DeepFool) Needs(Victim) []Loss { return []Loss{Linear} }

// Attack walks to the nearest boundary.
func (a *DeepFool) Attack(c *Case) {
	classes := c.rivals()
	p := c.planes(classes[:min(len(classes), a.Candidates-1)])
	x, total := clone(c.Image), make([]float32, len(c.Image))
	for range a.Steps {
		s, distance := p.at(x, c.Norm)
		if s.Gradient == nil {
			return // flat: there is no direction to go
		}
		c.Trace(s.Loss)
		c.Threat.Steepest(s.Gradient, s.Gradient)
		axpy(total, total, float32(distance+1e-4), s.Gradient)
		axpy(x, c.Image, 1+a.Overshoot, total)
		c.Threat.Clip(x)
		if c.clear(c.Logits(x)[0]) && c.Claim(x) {
			return
		}
	}
}
