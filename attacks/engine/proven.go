package engine

import (
	"time"

	"unwarp/attacks"
)

// SkipProven tells of each image within which radius it is proven that no change
// makes the model misclassify it; 0 for none. At these radii attacks do not run,
// but for those whose changes no radius bounds, and those of an exhaustive
// evaluation. It comes before Run.
func (e *Engine) SkipProven(proven []float32) { e.proven = proven }

// CountTime counts what was done before Run against the time of the options.
func (e *Engine) CountTime(spent time.Duration) {
	if e.o.Time > 0 {
		e.o.Time = max(e.o.Time-spent, 1)
	}
}

// provenRadii is how many of the radii of attack a need not be searched on image
// i, the smallest first.
func (r *scheduler) provenRadii(a, i int) (n int) {
	result := r.ev.Attacks[a]
	if r.o.Exhaustive || !result.HasRadius() {
		return 0
	}
	for n < len(result.Radii) && r.ev.IsProven(i, result.Radii[n]) {
		n++
	}
	return n
}

// skipProven takes in that nothing is left to find for attack a on image i, where
// that is proven.
func (r *scheduler) skipProven(a, i int) bool {
	if !r.ev.IsSpared(a, i) {
		return false
	}
	r.addResult(a, i, attacks.ImageResult{Done: true, Skipped: true, Distance: attacks.NoDistance, ThreatDistance: attacks.NoDistance})
	return true
}
