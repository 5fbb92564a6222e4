package attacks

import (
	"math"
	"slices"

	"unwarp/attacks/vector"
)

// One rule says what a model gets right, without attack and under attack: an
// image is classified correctly where the logit of its label is strictly the
// largest. In a tie the model does not say which class it means, so a tie is an
// error. [graphs.Predict] is the same rule in a graph.
//
// The rule reads the logits that the model itself computes in float32. Attacks
// follow logits from which an offset common to all classes was taken
// (package engine), which is the same model up to rounding.

// Correct tells whether logits are those of a correct classification.
func Correct(logits []float32, label int) bool { return Lead(logits, label) < 0 }

// Lead is the largest other logit minus that of class: negative where class has
// strictly the largest, 0 in a tie.
func Lead(logits []float32, class int) float64 {
	return float64(logits[vector.ArgmaxExcept(logits, class)]) - float64(logits[class])
}

// Predict is the predicted class, as far as it matters for an image of label:
// the label where it is correct, else the largest of the others. tied tells
// whether the label's logit is the largest all the same, but not alone.
func Predict(logits []float32, label int) (class int, tied bool) {
	lead := Lead(logits, label)
	if lead < 0 {
		return label, false
	}
	return vector.ArgmaxExcept(logits, label), lead == 0
}

// Spread is the largest logit minus the smallest: a constant added to all logits
// does not change it, and a factor multiplies it. Tolerances of logits are shares
// of the spread of the same image.
func Spread(logits []float32) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range logits {
		lo, hi = min(lo, float64(v)), max(hi, float64(v))
	}
	return hi - lo
}

// Resolution is the distance from the largest size of a logit to the next number
// of float32: no logit is known better.
func Resolution(logits []float32) float64 {
	size := Linf.Of(logits)
	return float64(math.Nextafter32(size, float32(math.Inf(1)))) - float64(size)
}

const (
	// Rounding is the share of the spread by which logits differ between batches.
	Rounding = 1e-5
	// nearTie is the share of the spread below which a lead is verified by
	// repeated passes.
	nearTie = 1e-4
	// roundedShare is the share of the spread by which leads in bfloat16 may be off.
	roundedShare = 1. / 64
)

// scale is the size against which leads are measured: the spread of logits, or
// that of the clean image where it is larger. At the boundary between two classes
// the spread is nothing but the lead.
func (p *Problem) scale(logits []float32) float64 { return max(Spread(logits), Spread(p.Clean)) }

// Rounding is by how much logits may differ between batches of other sizes.
func (p *Problem) Rounding(logits []float32) float64 { return Rounding * p.scale(logits) }

// Success tells whether logits are those of a success: they are not [Correct].
// A target is reached where no other logit is larger than its own, so that in a
// tie, too, what reaches a target is an error.
func (p *Problem) Success(logits []float32) bool { return p.SuccessLead(logits) >= 0 }

// SuccessLead is by how much logits are a success: the lead over the label, or
// of the target. It is negative where they are none.
func (p *Problem) SuccessLead(logits []float32) float64 {
	if p.Target >= 0 {
		return -Lead(logits, p.Target)
	}
	return Lead(logits, p.Label)
}

// ClearSuccess tells whether logits are those of a success in other batches too:
// by more than rounding, or in a tie where ties are no accident. Attacks that look
// for the decision boundary need a clear success, or would end where the next
// pass may decide otherwise.
func (p *Problem) ClearSuccess(logits []float32) bool {
	lead := p.SuccessLead(logits)
	return lead > p.Rounding(logits) || lead == 0 && p.Ties
}

// Unsure tells whether logits of the model in bfloat16 leave open on which side of
// the boundary an image is.
func (p *Problem) Unsure(logits []float32) bool {
	return math.Abs(p.SuccessLead(logits)) <= roundedShare*p.scale(logits)
}

// HasTie tells whether two logits of an image are equal. Next to never are those
// that no model has rounded, clipped or added to a large constant.
func HasTie(logits []float32) bool {
	sorted := slices.Sorted(slices.Values(logits))
	return len(slices.Compact(sorted)) < len(logits)
}

// NearTie tells whether so little decides on a success that rounding could undo
// it: a ten-thousandth of the spread, or a few steps of float32.
func (p *Problem) NearTie(logits []float32) bool {
	return math.Abs(p.SuccessLead(logits)) <= max(nearTie*p.scale(logits), 4*Resolution(logits))
}

// HasOffset tells whether the logits of an image are far larger than their
// spread: a constant may have been added to all.
func HasOffset(logits []float32) bool {
	return float64(Linf.Of(logits)) > 16*Spread(logits)
}
