package attacks

import (
	"math"
	"slices"
)

// Runs counts what became of the attempts of one attack on the images that are
// classified correctly without attack: Of is the sum of the others.
type Runs struct {
	Of        int // images classified correctly without attack
	Made      int // attempts made to their end
	NotNeeded int // nothing was left to find: misclassified at the smallest radius by earlier attacks, proven at the largest, or the target is the label
	CutShort  int // the evaluation's budget ended during the attempt, which had found an example: that counts
	Open      int // attempts not begun, or cut short without an example
}

// Runs counts the attempts of attack a.
func (e *Evaluation) Runs(a int) Runs {
	var n Runs
	for i, r := range e.Attacks[a].Results {
		if !e.Correct(i) {
			continue
		}
		n.Of++
		switch {
		case r.CutShort && r.Found():
			n.CutShort++
		case !r.Done:
			n.Open++
		case r.Skipped:
			n.NotNeeded++
		default:
			n.Made++
		}
	}
	return n
}

// Found tells whether there is an example.
func (r ImageResult) Found() bool {
	return !math.IsInf(float64(r.Distance), 0) && !math.IsNaN(float64(r.Distance))
}

// OpenCount counts the images that are classified correctly under each of the
// given attacks within eps, as far as they went, and on which not all of them
// have ended, nor anything is proven: these could be misclassified too.
func (e *Evaluation) OpenCount(eps float32, attacks ...int) int {
	n := 0
	for i := range e.Images {
		within := func(a int) bool { return e.Misclassified(a, i, eps) }
		open := func(a int) bool { return !e.Attacks[a].Results[i].Done }
		if e.Correct(i) && !e.IsProven(i, eps) && !slices.ContainsFunc(attacks, within) && slices.ContainsFunc(attacks, open) {
			n++
		}
	}
	return n
}

// Ran tells whether the attack was run on any image.
func (n Runs) Ran() bool { return n.Made+n.CutShort > 0 }

// Complete tells whether no attempt is left to make.
func (n Runs) Complete() bool { return n.CutShort+n.Open == 0 }

// RunCount is on how many images attack a was run.
func (e *Evaluation) RunCount(a int) int {
	n := e.Runs(a)
	return n.Made + n.CutShort
}

// Ran tells whether attack a was run on any image.
func (e *Evaluation) Ran(a int) bool { return e.Runs(a).Ran() }

// AttacksRun are the places of the attacks that were run on any image.
func (e *Evaluation) AttacksRun() []int {
	var out []int
	for a := range e.Attacks {
		if e.Ran(a) {
			out = append(out, a)
		}
	}
	return out
}

// Passes are the forward and backward passes that attacks have made, those
// that verified claims apart: what a budget counts.
func (e *Evaluation) Passes() int { return e.Cost.Forward + e.Cost.Backward }
