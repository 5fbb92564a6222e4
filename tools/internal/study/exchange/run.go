package exchange

import (
	"context"
	"fmt"

	"unwarp/pipelines"
	"unwarp/tools/internal/drawing"
)

// Request says which exchanges are made.
type Request struct {
	Chosen []Indices // pairs to draw; none draws Pairs random ones
	Pairs  int
	Count  int // random pairs to count, 0 for no count
	Steps  int // images from one end of an interpolation to the other, 0 for none
	Seed   uint64
}

// Result is what the exchanges show.
type Result struct {
	Pairs          []PairResult
	Counts         *Counts // nil without a count
	Drawn          []drawing.Pair
	Interpolations []drawing.Interpolation
}

// PairResult describes the exchange of one pair; entry 0 has the appearance of
// image 0 and the geometry of image 1.
type PairResult struct {
	Index  [2]int    `json:"index"`
	Class  [2]string `json:"class"`
	Seen   [2]string `json:"seen"`   // predicted class of the exchange
	Whose  [2]string `json:"whose"`  // which donor's class that is
	Length [2]string `json:"length"` // of the longest displacement, in pixels
}

// Run makes the exchanges of a request.
func (e *Exchanger) Run(ctx context.Context, q Request) (*Result, error) {
	seed := pipelines.Seed(q.Seed)
	chosen := q.Chosen
	if len(chosen) == 0 {
		var err error
		if chosen, err = randomPairs(e.src, q.Pairs, seed.Split("pairs").Rand()); err != nil {
			return nil, err
		}
	}
	s, err := e.encode(ctx, chosen)
	if err != nil {
		return nil, err
	}
	r := new(Result)
	if r.Drawn, err = e.exchangePairs(ctx, chosen, s); err != nil {
		return nil, err
	}
	r.Pairs = describePairs(chosen, r.Drawn)
	if q.Count > 0 {
		if r.Counts, err = e.countClasses(ctx, q.Count, seed.Split("count").Rand()); err != nil {
			return nil, err
		}
	}
	if q.Steps > 0 {
		r.Interpolations, err = e.interpolate(ctx, r.Drawn, s, q.Steps)
	}
	r.captionClasses(pipelines.ClassNames(e.src))
	return r, err
}

// describePairs lists what a picture of the pairs shows.
func describePairs(chosen []Indices, drawn []drawing.Pair) []PairResult {
	var all []PairResult
	for k, p := range drawn {
		r := PairResult{Index: chosen[k]}
		for m := range 2 {
			r.Class[m], r.Seen[m] = p[m].Class, p[m].SeenSwapped
			r.Whose[m], _ = drawing.FindDonor(p[m].SeenSwapped, p[m].Class, p[1-m].Class)
			r.Length[m] = fmt.Sprintf("%.2f", drawing.LongestDisplacement(p[m].Field))
		}
		all = append(all, r)
	}
	return all
}
