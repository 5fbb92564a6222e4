package paper

import "math"

// Verdict says how a measured row compares with the paper's.
type Verdict string

// Verdicts; see [Meaning].
const (
	Same         Verdict = "same"
	SameOrder    Verdict = "same order"
	NotConfirmed Verdict = "not confirmed"
	Open         Verdict = "" // nothing to compare, or not all measured
)

// Meaning explains the verdicts below tables.
const Meaning = "same: every figure within 3 points of the paper's, or within two standard deviations and 10 points. " +
	"same order: in every column the two models stand as in the paper, further apart than either's standard deviation. " +
	"not confirmed: neither. With one seed, the deviation is that of the sample of images. " +
	"The gradient of the whole training loss is a candidate for what the paper followed; an attacker follows that of the classifier."

// A figure is the same as the paper's within close points, and within two
// standard deviations as long as these are at most far points: few seeds, or few
// images, must not make a verdict easy to get.
const (
	close = 3
	far   = 10
)

// judge compares a row's figures, each of so many images, with the paper's, and
// its distance from the rival's with the distance in the paper; rival and
// rivalPaper may be nil. Columns that the paper leaves out do not count.
func judge(ours []Figure, paper []float64, rival []Figure, rivalPaper []float64, images int) Verdict {
	same, order, columns := true, rival != nil, 0
	for i, p := range paper {
		if math.IsNaN(p) {
			continue
		}
		f := ours[i]
		if f.N == 0 {
			return Open
		}
		columns++
		same = same && math.Abs(f.Mean-p) <= math.Min(far, math.Max(close, 2*f.spread(images)))
		if !order || math.IsNaN(rivalPaper[i]) {
			continue
		}
		r := rival[i]
		if r.N == 0 {
			return Open
		}
		apart := f.Mean - r.Mean
		order = apart*(p-rivalPaper[i]) > 0 && math.Abs(apart) > math.Max(f.spread(images), r.spread(images))
	}
	switch {
	case columns == 0:
		return Open
	case same:
		return Same
	case order:
		return SameOrder
	}
	return NotConfirmed
}

// spread is the standard deviation over seeds. One seed has none; what remains
// is that of a share of so many images drawn at random, which is binomial.
func (f Figure) spread(images int) float64 {
	if f.N > 1 {
		return f.Std
	}
	return math.Sqrt(f.Mean * (100 - f.Mean) / float64(images))
}
