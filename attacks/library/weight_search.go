package library

import "math"

// weightSearch is the binary search for the smallest weight of the margin with
// which a search succeeds: the weight is multiplied by ten until one does, and
// is then halfway between the largest that failed and the smallest that did not.
// As in the authors' code, the last of ten or more tries is the smallest that
// succeeded, again.
type weightSearch struct {
	lo, hi, weight float64
	tries, count   int // tries in all, and made
}

func newWeightSearch(first float32, tries int) *weightSearch {
	return &weightSearch{lo: 0, hi: math.Inf(1), weight: float64(first), tries: tries}
}

// next sets the next weight, given whether the search with the current one
// succeeded.
func (w *weightSearch) next(success bool) {
	w.count++
	if success {
		w.hi = w.weight
	} else {
		w.lo = w.weight
	}
	switch {
	case math.IsInf(w.hi, 1):
		w.weight *= 10
	case w.tries >= 10 && w.count == w.tries-1:
		w.weight = w.hi
	default:
		w.weight = (w.lo + w.hi) / 2
	}
}

// stallDetector ends a minimisation whose loss has not decreased by a factor of
// .9999 over a tenth of the steps.
type stallDetector struct {
	interval int // steps between comparisons, 0 for none
	last     float64
}

func newStallDetector(on bool, steps int) *stallDetector {
	if !on {
		return &stallDetector{0, 0}
	}
	return &stallDetector{(steps + 9) / 10, math.Inf(1)}
}

// isStalled takes in the loss at a step, counted from 0. A loss of NaN is stalled.
func (s *stallDetector) isStalled(step int, loss float64) bool {
	if s.interval == 0 || step%s.interval != 0 {
		return false
	}
	if !(loss <= .9999*s.last) {
		return true
	}
	s.last = loss
	return false
}
