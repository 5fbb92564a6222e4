package smoothing

import (
	"fmt"
	"math"

	"unwarp/attacks/certify"
)

// Summary counts results by what the smoothed classifier answers.
type Summary struct {
	Images    int
	Right     int // proven for some radius
	Wrong     int // another class
	Abstained int
}

// Summarise counts results.
func Summarise(results []certify.Result) Summary {
	s := Summary{Images: len(results)}
	for _, r := range results {
		switch {
		case r.Status == certify.Abstained:
			s.Abstained++
		case r.Status == certify.Misclassified:
			s.Wrong++
		case r.Radius > 0:
			s.Right++
		}
	}
	return s
}

// CertifiedAt is how many results prove the label at distances up to radius.
func CertifiedAt(results []certify.Result, radius float64) int {
	n := 0
	for _, r := range results {
		if (r.Status == certify.Proven || r.Status == certify.Open) && r.Radius > radius {
			n++
		}
	}
	return n
}

// Confidence says how surely the proofs of so many images hold.
func (s Settings) Confidence(images int) string {
	text := fmt.Sprintf("each proof holds with probability %s, all %d at once with at least %s", percent(1-s.Alpha), images, percent(s.AllHold(images)))
	if most := s.WrongAtMost(images); most > 0 {
		text += fmt.Sprintf(", all but %d with at least %s", most, percent(1-s.Alpha))
	}
	return text
}

// AllHold is a lower bound of the probability that all proofs of so many images
// hold at once; their noise is independent.
func (s Settings) AllHold(images int) float64 {
	return math.Exp(float64(images) * math.Log1p(-s.Alpha))
}

// WrongAtMost is how many proofs of so many images may be wrong, with probability
// at least 1-alpha: the least k that a binomial count of probability alpha exceeds
// with probability alpha or less.
func (s Settings) WrongAtMost(images int) int {
	k := 0
	for k < images && Tail(k+1, images, s.Alpha) > s.Alpha {
		k++
	}
	return k
}

func percent(p float64) string { return fmt.Sprintf("%.4g %%", 100*p) }
