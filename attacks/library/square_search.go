package library

import (
	"math"
	"math/rand/v2"

	"unwarp/attacks"
)

// squareSearch is one random search from a start of its own. Candidates are
// proposed several at a time, all as changes of the same best image, and scored in
// advance: those after the first that is accepted are proposed anew. The random
// numbers of a candidate are its own, so that the search is the same however many
// are scored at a time.
type squareSearch struct {
	*Square
	o         *attacks.Oracle
	source    *rand.PCG // of the candidate that is proposed
	proposals squareProposals
	seeds     [][2]uint64 // of candidates from next on; the start's come first
	next      int         // candidate
	refused   int         // candidates since one was accepted
	best      []float32
	bestLoss  float64
	rounded   bool // scores come from the model that computes gradients
	drafts    []squareDraft
}

// squareDraft is a proposed candidate.
type squareDraft struct {
	number int
	x      []float32
}

func (a *Square) newSearch(o *attacks.Oracle) *squareSearch {
	s := &squareSearch{Square: a, o: o, source: new(rand.PCG), best: make([]float32, len(o.Image)), bestLoss: math.Inf(1), rounded: o.HasRounded()}
	proposer := *o
	proposer.Rand = rand.New(s.source)
	s.proposals = a.newProposals(&proposer)
	return s
}

// run makes the search, and reports whether it succeeded.
func (s *squareSearch) run() bool {
	s.o.BeginStart()
	s.seed(0)
	start := s.draft(0, -1).x
	s.proposals.initialise(start)
	s.seeds = s.seeds[1:]
	copy(s.best, start) // also where its logits are no numbers
	if s.score(s.drafts[:1]) || s.isRefused() && s.score(s.drafts[:1]) {
		return true
	}
	s.o.RecordLoss(float32(-s.bestLoss))
	for s.next < s.Queries {
		if s.score(s.propose()) {
			return true
		}
	}
	return false
}

// isRefused tells whether the start was a success by rounded scores alone, which have
// left it without a loss.
func (s *squareSearch) isRefused() bool {
	return math.IsInf(s.bestLoss, 1) && s.o.HasRounded() && !s.rounded
}

// seed sets the random numbers to those of the candidate k after next.
func (s *squareSearch) seed(k int) {
	for len(s.seeds) <= k {
		s.seeds = append(s.seeds, [2]uint64{s.o.Rand.Uint64(), s.o.Rand.Uint64()})
	}
	s.source.Seed(s.seeds[k][0], s.seeds[k][1])
}

// draft is place i of the drafts, for a candidate.
func (s *squareSearch) draft(i, number int) squareDraft {
	if i == len(s.drafts) {
		s.drafts = append(s.drafts, squareDraft{x: make([]float32, len(s.o.Image))})
	}
	s.drafts[i].number = number
	return s.drafts[i]
}

// propose drafts the next candidates that change the best image: as many as cost
// nothing, and the longer none was accepted, as many as there is room for.
func (s *squareSearch) propose() []squareDraft {
	free, all := s.o.Room()
	n, width := 0, max(free, min(all, 1+s.refused))
	for k := 0; n < width && s.next+k < s.Queries; k++ {
		s.seed(k)
		if d := s.draft(n, s.next+k); s.proposals.propose(d.x, s.best, s.windowShare(d.number)) {
			n++
		}
	}
	if n == 0 {
		s.skipTo(s.Queries)
	}
	return s.drafts[:n]
}

// skipTo counts candidates up to number as refused.
func (s *squareSearch) skipTo(number int) {
	for ; s.next < number; s.next++ {
		s.o.RecordLoss(float32(-s.bestLoss))
		s.refused++
		s.seeds = s.seeds[1:]
	}
}

// score scores drafts up to the first that is accepted, and reports whether an
// example was found. Near the boundary the reference model scores from then on.
func (s *squareSearch) score(drafts []squareDraft) (found bool) {
	near := false
	s.o.Scores(s.rounded, func(i int, z []float32) bool {
		d := drafts[i]
		s.skipTo(d.number)
		success := s.o.Success(z)
		if found = success && s.o.Claim(d.x); found {
			return false
		}
		if near = success && s.rounded; near {
			return false // the reference model scores it anew
		}
		accepted := s.take(d.x, z, success)
		near = accepted && s.rounded && s.o.Unsure(z)
		s.skipTo(d.number + 1)
		if accepted {
			s.refused = 0
		}
		return !accepted
	}, imagesOf(drafts)...)
	return found || near && s.scorePrecisely()
}

func imagesOf(drafts []squareDraft) [][]float32 {
	out := make([][]float32, len(drafts))
	for i, d := range drafts {
		out[i] = d.x
	}
	return out
}

// take makes x the best image if its loss is less, and reports that.
func (s *squareSearch) take(x, z []float32, success bool) bool {
	l := s.lossOf(s.o, z)
	if !(l < s.bestLoss || success) {
		return false
	}
	s.bestLoss = min(s.bestLoss, l)
	copy(s.best, x)
	return true
}

// scorePrecisely has the reference model score from now on, the best image first.
func (s *squareSearch) scorePrecisely() (found bool) {
	s.rounded = false
	if math.IsInf(s.bestLoss, 1) {
		return false
	}
	s.o.Scores(false, func(_ int, z []float32) bool {
		s.bestLoss = s.lossOf(s.o, z)
		found = s.o.Success(z) && s.o.Claim(s.best)
		return false
	}, s.best)
	return found
}
