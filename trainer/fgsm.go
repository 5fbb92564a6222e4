package trainer

import "math/rand/v2"

// FGSM takes one step of eps along the gradient's sign from the image itself,
// half of the images clean (Goodfellow, Shlens and Szegedy 2015, sections 4
// and 6; Duan et al., Table 8).
type FGSM struct {
	Eps   float32 `key:"eps" required:".3" in:"(0,1e6]" help:"largest change of an image, in units of images in [0,1]"`
	Clean float32 `key:"clean" in:"[0,.99]" default:".5" help:"share of clean images"`
	CodePenalty
	Followed
	Common
}

func (*FGSM) name() string { return "fgsm" }

// Validate refuses a code penalty without pairs of images.
func (m *FGSM) Validate() error {
	m.normalise()
	return m.completeMixed(m.Clean)
}

func (m *FGSM) settings() settings {
	return settings{Common: m.Common, eps: m.Eps, alpha: m.Eps, replays: 1, codes: m.CodePenalty}
}

func (*FGSM) steps() int { return 1 }

func (*FGSM) start([]float32, float32, *rand.Rand) {} // at the image

func (m *FGSM) rows(n int) (clean, attacked int) { return mixedRows(m.Clean, n) }
