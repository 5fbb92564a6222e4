package trainer

import "math/rand/v2"

// PGD starts at a random point of the ball and takes steps of alpha, each
// projected back (Madry, Makelov, Schmidt, Tsipras and Vladu 2018, eq. 2.1).
type PGD struct {
	Eps   float32  `key:"eps" required:".3" in:"(0,1e6]" help:"largest change of an image, in units of images in [0,1]"`
	Steps int      `key:"steps" in:"[1,1000]" default:"7" help:"gradients per image"`
	Alpha Positive `key:"alpha" help:"size of a step; 2.5·eps/steps unless given, at most eps"`
	Clean float32  `key:"clean" in:"[0,.99]" default:"0" help:"share of clean images"`
	WeightPerturbation
	CodePenalty
	Followed
	Common
}

func (*PGD) name() string { return "pgd" }

// Validate fills in alpha, and refuses a code penalty without pairs of images.
func (m *PGD) Validate() error {
	m.normalise()
	if m.Alpha == 0 {
		m.Alpha = crossingStep(m.Eps, m.Steps)
	}
	if err := m.completeAWP(); err != nil {
		return err
	}
	return m.completeMixed(m.Clean)
}

func (m *PGD) settings() settings {
	return settings{Common: m.Common, eps: m.Eps, alpha: float32(m.Alpha), replays: 1, codes: m.CodePenalty, weights: m.WeightPerturbation}
}

func (m *PGD) steps() int { return m.Steps }

func (m *PGD) start(x []float32, eps float32, r *rand.Rand) { uniformStart(x, m.Norm, eps, r) }

func (m *PGD) rows(n int) (clean, attacked int) { return mixedRows(m.Clean, n) }

// crossingStep lets steps of its size cross the ball with some to spare.
func crossingStep(eps float32, steps int) Positive {
	return Positive(min(eps, 2.5*eps/float32(steps)))
}
