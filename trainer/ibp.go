package trainer

// IBP trains on bounds by interval propagation (Gowal et al. 2018, arXiv
// 1810.12715, section 3), with the last linear layer merged into the margins.
// With init=ibp, tightness and balance .5, shape=smooth and kappa 0 throughout
// it is Fast-IBP (Shi et al. 2021), which adds batch norm to the net.
type IBP struct {
	Eps        float32 `key:"eps" required:".4" in:"(0,1e6]" help:"radius of the ball at the end of the ramp, in units of images in [0,1]; somewhat above the one that is to be proven"`
	Kappa      float32 `key:"kappa" in:"[0,1]" default:".5" help:"share of the plain cross-entropy after the ramp"`
	KappaStart float32 `key:"kappa_start" in:"[0,1]" default:"1" help:"its share before the ramp"`
	Norm       string  `key:"norm" oneof:"linf l2 l1" default:"linf" help:"of the ball"`
	Bounding
}

func (*IBP) name() string { return "ibp" }

// Validate refuses keys without effect.
func (m *IBP) Validate() error { return m.completeNorm(m.Norm) }

func (m *IBP) settings() certifiedSettings {
	return certifiedSettings{Bounding: m.Bounding, eps: m.Eps, kappa: [2]float32{m.KappaStart, m.Kappa}, box: 1, norm: m.Norm}
}
