package paper

import "math"

// Verdict says how a measured row compares with the paper's.
type Verdict string

// Verdicts; see [Meaning].
const (
	Same         Verdict = "same"
	SameOrder    Verdict = "same order"
	NotConfirmed Verdict = "not confirmed"
	Open         Verdict = "" // nothing to compare, not all measured, or on too few images
)

// Meaning explains the verdicts below tables.
const Meaning = "same: every figure within 3 points of the paper's, or within two standard deviations and 10 points. " +
	"same order: in every column the order of the two models is the paper's, and they differ by more than a point and by more than two standard deviations of either, and their accuracies without attack differ by at most 3 points. " +
	"not confirmed: neither. The deviation is that over seeds, or of the sample of images where it is larger; without a verdict are rows of so few images that twice the latter is above 10 points. " +
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

// judgement is what a row is judged by.
type judgement struct {
	ours   []Figure
	paper  []float64 // noFigure in columns that do not count
	below  bool      // the paper's figures are upper bounds
	images int       // that each figure is a share of
	// rival is the row whose order relative to this one is compared with that in the
	// paper; nil for none. cleanGap is the difference of the two models' accuracies
	// without attack, in points.
	rival      []Figure
	rivalPaper []float64
	cleanGap   float64
}

// verdict compares a row's figures with the paper's, and its difference from the
// rival's with that in the paper. It is Open where a figure is not measured, or is a
// share of so few images that chance alone moves it by more than farPoints.
func (j judgement) verdict() Verdict {
	same, order, columns, ordered := true, j.rival != nil && j.cleanGap <= cleanPoints, 0, 0
	for i, p := range j.paper {
		if math.IsNaN(p) {
			continue
		}
		f := j.ours[i]
		if !f.tells(j.images) {
			return Open
		}
		columns++
		if j.below {
			same = same && f.Mean < p
		} else {
			same = same && isNear(f.Mean-p, f.deviation(j.images))
		}
		if !order || math.IsNaN(j.rivalPaper[i]) {
			continue
		}
		r := j.rival[i]
		if !r.tells(j.images) {
			return Open
		}
		ordered++
		apart := f.Mean - r.Mean
		order = apart*(p-j.rivalPaper[i]) > 0 && math.Abs(apart) > math.Max(leastGap, 2*math.Max(f.deviation(j.images), r.deviation(j.images)))
	}
	switch {
	case columns == 0:
		return Open
	case same:
		return Same
	case order && ordered > 0:
		return SameOrder
	}
	return NotConfirmed
}

// compareAlike says whether two models do not differ, as the paper says of them.
func compareAlike(ours, rival []Figure, images int) Verdict {
	for i, f := range ours {
		r := rival[i]
		if !f.tells(images) || !r.tells(images) {
			return Open
		}
		if !isNear(f.Mean-r.Mean, math.Max(f.deviation(images), r.deviation(images))) {
			return NotConfirmed
		}
	}
	return Same
}

// isNear tells whether two figures are the same: at most closePoints apart, or two
// standard deviations up to farPoints.
func isNear(apart, deviation float64) bool {
	return math.Abs(apart) <= math.Min(farPoints, math.Max(closePoints, 2*deviation))
}

// tells is whether the figure is measured, on images enough.
func (f Figure) tells(images int) bool {
	return f.N > 0 && 2*f.ofSample(images) <= farPoints
}

// deviation returns the standard deviation over seeds, or that of the sample of
// images where it is larger: all seeds are attacked on the same images.
func (f Figure) deviation(images int) float64 {
	return math.Max(f.Std, f.ofSample(images))
}

// ofSample is the standard deviation of a share of so many random images, with two
// successes and two failures more (Agresti and Coull 1998): where all of few images
// are misclassified, the share of all images is still not known.
func (f Figure) ofSample(images int) float64 {
	n := float64(images)
	p := (f.Mean/100*n + 2) / (n + 4)
	return 100 * math.Sqrt(p*(1-p)/(n+4))
}
