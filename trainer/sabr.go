package trainer

// SABR trains on the worst-case logits by IBP over a small box, of lambda·eps
// around an attacked image that lies within (1-lambda)·eps of the clean one
// (Müller, Eckert, Fischer and Vechev 2023, "Certified training: small boxes
// are all you need", arXiv 2210.04871, section 3).
type SABR struct {
	Eps    float32  `key:"eps" required:".3" in:"(0,1e6]" help:"radius of the ball at the end of the ramp, in units of images in [0,1]"`
	Lambda float32  `key:"lambda" in:"(0,1)" default:".6" help:"radius of the box, in eps"`
	Steps  int      `key:"steps" in:"[1,1000]" default:"8" help:"gradients per image of the attack"`
	Step   Positive `key:"step" help:"size of a step; 2.5·(1-lambda)·eps/steps unless given, at most (1-lambda)·eps"`
	Bounding
}

func (*SABR) name() string { return "sabr" }

// Validate fills in the size of a step.
func (m *SABR) Validate() error {
	if m.Step == 0 {
		m.Step = crossingStep((1-m.Lambda)*m.Eps, m.Steps)
	}
	return m.complete()
}

func (m *SABR) settings() certifiedSettings {
	return certifiedSettings{
		Bounding: m.Bounding, eps: m.Eps, box: m.Lambda, norm: linf,
		attack: linfPGD((1-m.Lambda)*m.Eps, m.Steps, m.Step),
	}
}
