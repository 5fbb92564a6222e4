package trainer

// MTLIBP trains on (1-alpha)·CE of attacked images + alpha·CE of the worst-case
// logits by IBP around the clean ones (De Palma, Bunel, Dvijotham, Kumar,
// Stanforth and Lomuscio 2024, arXiv 2305.13991, eq. 11). The attack is PGD
// from a random point.
type MTLIBP struct {
	Eps   float32  `key:"eps" required:".3" in:"(0,1e6]" help:"radius of the ball at the end of the ramp, in units of images in [0,1]"`
	Alpha float32  `key:"alpha" in:"(0,1]" default:".5" help:"share of the worst case by IBP"`
	Steps int      `key:"steps" in:"[1,1000]" default:"1" help:"gradients per image of the attack"`
	Step  Positive `key:"step" help:"size of a step of the attack; 2.5·eps/steps unless given, at most eps: 10 eps takes one step to a corner of the ball"`
	Reach float32  `key:"reach" in:"(0,100]" default:"1" help:"radius of the attack, in eps"`
	Bounding
}

func (*MTLIBP) name() string { return "mtl-ibp" }

// Validate fills in the size of a step.
func (m *MTLIBP) Validate() error {
	if m.Step == 0 {
		m.Step = crossingStep(m.Reach*m.Eps, m.Steps)
	}
	return m.complete()
}

func (m *MTLIBP) settings() certifiedSettings {
	return certifiedSettings{
		Bounding: m.Bounding, eps: m.Eps, kappa: [2]float32{1 - m.Alpha, 1 - m.Alpha}, box: 1, norm: linf,
		attack: linfPGD(m.Reach*m.Eps, m.Steps, m.Step), centred: true,
	}
}

// linfPGD is an attack on the classification loss from a random point.
func linfPGD(eps float32, steps int, alpha Positive) *PGD {
	return &PGD{
		Eps: eps, Steps: steps, Alpha: alpha,
		Followed: Followed{Classification}, Common: Common{Norm: linf, Target: Adversarial},
	}
}
