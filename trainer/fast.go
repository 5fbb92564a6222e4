package trainer

import "math/rand/v2"

// Fast takes one step of alpha from a random point of the ball (Wong, Rice and
// Kolter 2020, algorithm 3).
type Fast struct {
	Eps   float32  `key:"eps" required:".3" in:"(0,1e6]" help:"largest change of an image, in units of images in [0,1]"`
	Alpha Positive `key:"alpha" help:"size of the step; 1.25·eps unless given"`
	Clean float32  `key:"clean" in:"[0,.99]" default:"0" help:"share of clean images"`
	CodePenalty
	Followed
	Common
}

func (*Fast) name() string { return "fast" }

// Validate fills in alpha, and refuses a code penalty without pairs of images.
func (m *Fast) Validate() error {
	m.normalise()
	if m.Alpha == 0 {
		m.Alpha = Positive(1.25 * m.Eps)
	}
	return m.completeMixed(m.Clean)
}

func (m *Fast) settings() settings {
	return settings{Common: m.Common, eps: m.Eps, alpha: float32(m.Alpha), replays: 1, codes: m.CodePenalty}
}

func (*Fast) steps() int { return 1 }

func (m *Fast) start(x []float32, eps float32, r *rand.Rand) { uniformStart(x, m.Norm, eps, r) }

func (m *Fast) rows(n int) (clean, attacked int) { return mixedRows(m.Clean, n) }
