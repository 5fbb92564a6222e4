package trainer

// CROWNIBP trains on beta·CROWN-IBP + (1-beta)·IBP of the margins, with beta
// from beta_start to beta over the ramp (Zhang et al. 2020, arXiv 1906.06316,
// section 3). Once beta is 0 the step is that of [IBP].
type CROWNIBP struct {
	Eps        float32 `key:"eps" required:".4" in:"(0,1e6]" help:"radius of the ball at the end of the ramp, in units of images in [0,1]; somewhat above the one that is to be proven"`
	Kappa      float32 `key:"kappa" in:"[0,1]" default:"0" help:"share of the plain cross-entropy after the ramp"`
	KappaStart float32 `key:"kappa_start" in:"[0,1]" default:"1" help:"its share before the ramp"`
	Beta       float32 `key:"beta" in:"[0,1]" default:"0" help:"share of CROWN-IBP's bounds after the ramp"`
	BetaStart  float32 `key:"beta_start" in:"[0,1]" default:"1" help:"their share before the ramp"`
	Norm       string  `key:"norm" oneof:"linf l2 l1" default:"linf" help:"of the ball"`
	Bounding
}

func (*CROWNIBP) name() string { return "crown-ibp" }

// Validate refuses keys without effect.
func (m *CROWNIBP) Validate() error { return m.completeNorm(m.Norm) }

func (m *CROWNIBP) settings() certifiedSettings {
	return certifiedSettings{
		Bounding: m.Bounding, eps: m.Eps, kappa: [2]float32{m.KappaStart, m.Kappa}, box: 1, norm: m.Norm,
		crown: true, beta: [2]float32{m.BetaStart, m.Beta},
	}
}
