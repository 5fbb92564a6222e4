package attacks

var _ = register(Entry{
	Name: "transfer", Paper: "Szegedy et al. 2014; Dong et al. 2018", Family: Transfer,
	New: func() Attack { return new(FromSource) },
})

// FromSource makes examples on another model, the source, by MI-FGSM (Dong et
// al. 2018) within Eps, and shows them to the victim: what breaks the source
// often breaks others too (Szegedy et al. 2014). It asks nothing of the victim
// but its verdict. The examples are driven on after they have broken the
// source, since stronger ones transfer better.
type FromSource struct {
	Common
	From  string  `key:"from" help:"the source: the name of a run folder given with --source"`
	Steps int     `key:"steps" in:"[1,1e6]" default:"20" help:"on the source"`
	Alpha float32 `key:"alpha" in:"[0,1]" default:"0" help:"size of a step; 0: eps/5"`
	Decay float32 `key:"decay" in:"[0,10]" default:"1" help:"of the momentum, mu"`
	Shows int     `key:"shows" in:"[1,1e6]" default:"4" help:"iterates shown to the victim, the last among them"`
}

// Source is the model whose gradient is followed.
func (f *FromSource) Source() string { return f.From }

// Needs is the cross-entropy, on the source.
func (f *FromSource) Needs(Victim) []Loss { return []Loss{Classification} }

// Attack climbs on the source.
func (f *FromSource) Attack(c *Case) {
	alpha := f.Alpha
	if alpha == 0 {
		alpha = c.Eps / 5
	}
	x, g := clone(c.Image), make([]float32, len(c.Image))
	every := max(1, f.Steps/f.Shows)
	for k := 1; k <= f.Steps; k++ {
		s := c.Uphill(Classification, x)
		c.Trace(s.Loss)
		size := nonzero(norm(L1, s.Gradient))
		for i, v := range s.Gradient {
			g[i] = f.Decay*g[i] + v/size
		}
		c.Threat.Steepest(s.Gradient, g)
		axpy(x, x, alpha, s.Gradient)
		c.Threat.Project(x, c.Image, c.Eps)
		if (k%every == 0 || k == f.Steps) && c.Claim(x) {
			return
		}
	}
}
