package attacks

var _ = register(Entry{
	Name: "apgd-t", Paper: "Croce and Hein 2020; in L1 Croce and Hein 2021", Family: WhiteBox,
	New: func() Attack { return new(APGDT) },
})

// APGDT is APGD on the targeted DLR loss (Croce and Hein 2020, section 5.2):
// towards each of the classes that score best on the clean image after the
// label, in turn, until any class but the label wins. All constants are those
// of AutoAttack. With a target it goes there alone.
type APGDT struct {
	Common
	Targets  int     `key:"targets" in:"[0,1e6]" default:"0" help:"classes to go towards; 0: 9, and 5 in l1, as AutoAttack has; at most all others"`
	Steps    int     `key:"steps" in:"[1,1e6]" default:"100" help:"of each start"`
	Restarts int     `key:"restarts" in:"[1,1e6]" default:"1" help:"number of starts for each class"`
	Rho      float32 `key:"rho" in:"[0,1]" default:".75" help:"share of the steps that must have raised the loss"`
	Narrow   bool    `key:"narrow" default:"true" help:"in l1, spend 30 % of the steps at 3 eps and 30 % at 2 eps"`
}

// Needs is the targeted DLR loss.
func (a *APGDT) Needs(Victim) []Loss { return []Loss{TargetedDLR} }

// Fits refuses fewer than 4 classes, for which the loss is not defined.
func (a *APGDT) Fits(classes int) error { return TargetedDLR.fits(classes) }

// Attack ascends towards each target.
func (a *APGDT) Attack(c *Case) {
	p := ascents{a.Steps, float64(a.Rho), a.Narrow}
	for _, t := range a.targets(c) {
		look := func(x []float32) Slope {
			return c.Slopes(TargetedDLR, Question{Image: x, Label: c.Label, Target: t})[0]
		}
		for range a.Restarts {
			if p.run(c, look) {
				return
			}
		}
	}
}

// targets are the classes to go towards, the nearest first.
func (a *APGDT) targets(c *Case) []int {
	if c.Target >= 0 {
		return []int{c.Target}
	}
	n := a.Targets
	switch {
	case n > 0:
	case c.Threat.Norm == L1:
		n = 5
	default:
		n = 9
	}
	var out []int
	for _, k := range ranking(c.Clean) {
		if k != c.Label && len(out) < n {
			out = append(out, k)
		}
	}
	return out
}
