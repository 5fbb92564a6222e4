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
	"same order: in every column the order of the two models is the paper's, and they differ by more than a point and by more than two standard deviations of either, and their accuracies without attack differ by at most 3 points. " +
	"not confirmed: neither. With one seed, the deviation is that of the sample of images. " +
	"A row that lies as near to its rival as the first rule says is the same, where the paper sees no difference. " +
	"The paper may have followed the gradient of the whole training loss; an attacker follows that of the classifier."

// A figure is the same as the paper's within closePoints, and within two standard
// deviations up to farPoints: few seeds, or few images, must not make agreement
// easy.
//
// Two models have an order where they differ by more than leastGap and by more
// than two standard deviations, and where their accuracies without attack are at
// most cleanPoints apart: of a model that classifies worse, fewer images are left
// to attack.
const (
	closePoints = 3
	farPoints   = 10
	leastGap    = 1
	cleanPoints = 3
)

// compareRow compares a row's figures, each of so many images, with the paper's,
// and its difference from a rival's figures with that in the paper; rival and
// rivalPaper may be nil. cleanGap is the difference of the two models' accuracies
// without attack, in points. Columns without a figure in the paper do not count.
func compareRow(ours []Figure, paper []float64, rival []Figure, rivalPaper []float64, cleanGap float64, images int) Verdict {
	same, order, columns := true, rival != nil && cleanGap <= cleanPoints, 0
	for i, p := range paper {
		if math.IsNaN(p) {
			continue
		}
		f := ours[i]
		if f.N == 0 {
			return Open
		}
		columns++
		same = same && math.Abs(f.Mean-p) <= math.Min(farPoints, math.Max(closePoints, 2*f.deviation(images)))
		if !order || math.IsNaN(rivalPaper[i]) {
			continue
		}
		r := rival[i]
		if r.N == 0 {
			return Open
		}
		apart := f.Mean - r.Mean
		order = apart*(p-rivalPaper[i]) > 0 && math.Abs(apart) > math.Max(leastGap, 2*math.Max(f.deviation(images), r.deviation(images)))
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

// compareAlike says whether two models do not differ, as the paper says of them:
// in every column by at most closePoints, or two standard deviations up to
// farPoints.
func compareAlike(ours, rival []Figure, images int) Verdict {
	for i, f := range ours {
		r := rival[i]
		if f.N == 0 || r.N == 0 {
			return Open
		}
		if math.Abs(f.Mean-r.Mean) > math.Min(farPoints, math.Max(closePoints, 2*math.Max(f.deviation(images), r.deviation(images)))) {
			return NotConfirmed
		}
	}
	return Same
}

// deviation returns the standard deviation over seeds. For one seed it is that of
// a share of so many random images, which is binomial.
func (f Figure) deviation(images int) float64 {
	if f.N > 1 {
		return f.Std
	}
	return math.Sqrt(f.Mean * (100 - f.Mean) / float64(images))
}
