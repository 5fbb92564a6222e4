package library

import "unwarp/attacks"

var _ = attacks.Register(attacks.Entry{
	Name: "square", Title: "Square", Paper: "Andriushchenko, Croce, Flammarion and Hein 2020", Family: attacks.Score,
	Standard: []attacks.Variant{{Rank: 40, Text: "square(short=true)"}},
	Quick:    []attacks.Variant{{Rank: 30, Text: "square(queries=1000,rescale=yes)"}},
	Battery:  []attacks.Variant{{Rank: 130, Text: "square(short=true)"}, {Rank: 200, Text: "square"}},
	New:      func() attacks.Attack { return new(Square) },
})

// Square is the random search of Andriushchenko et al. 2020: it changes the image
// in square windows whose size decreases by a schedule, and keeps a change if the
// loss decreases. In Linf every pixel is at one end of its range from the start,
// and a window gets one sign per channel. In L2, and in L1 (Croce and Hein 2021),
// a window gets two pyramids of opposite sign (η in the paper), and the mass of a
// second window, which is emptied.
//
// AutoAttack's windows never reach the last row and column, and its start in L2
// and L1 fails on sides such as 12 or 24, into which more than five tiles fit, and
// on images that are not square; here windows are anywhere, and both sides count.
// That matters on small images, where the border is a large part: Short draws
// windows as AutoAttack does, to compare with it. A candidate that changes nothing
// (in Linf a window of one pixel, whose sign is the present one half the time)
// counts as one of Queries, but is not evaluated: the search is AutoAttack's, with
// fewer passes.
type Square struct {
	attacks.Common
	Queries  int          `key:"queries" in:"[1,1e6]" default:"5000" help:"candidates per restart"`
	P        float32      `key:"p" in:"[1e-6,1]" default:".8" help:"share of the pixels in the first windows"`
	Rescale  bool         `key:"rescale" help:"stretch the schedule of p, which is made for 10000 queries, to queries; AutoAttack's standard does not"`
	Loss     attacks.Loss `key:"loss" oneof:"margin classification" help:"to decrease; none: margin, or the cross-entropy of a target"`
	Short    bool         `key:"short" help:"draw windows as AutoAttack does, never at the last row and column"`
	Restarts int          `key:"restarts" in:"[1,1e3]" default:"1" help:"searches, each from a start of its own"`
}

// Losses implements [attacks.Attack]; there are none.
func (a *Square) Losses(attacks.Victim) []attacks.Loss { return nil }

// squareSchedule are the candidates after which the share of pixels is halved.
var squareSchedule = []int{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000}

// windowShare is the share of the pixels that the window of candidate i covers.
func (a *Square) windowShare(i int) float64 {
	if a.Rescale {
		i = int(float64(i) / float64(a.Queries) * 10000)
	}
	p := float64(a.P)
	for _, after := range squareSchedule {
		if i > after {
			p /= 2
		}
	}
	return p
}

// Run searches from one start after the other: each fills batches by itself.
func (a *Square) Run(o *attacks.Oracle) {
	for range a.Restarts {
		if a.newSearch(o).run() {
			return
		}
	}
}

// squareProposals are the start and the candidates of the search in one norm.
type squareProposals interface {
	// initialise writes the start to x.
	initialise(x []float32)
	// propose writes to x the image best with one window changed, which covers a
	// share of the pixels, and reports whether x differs from best.
	propose(x, best []float32, share float64) bool
}

// newProposals are those of the threat's norm.
func (a *Square) newProposals(o *attacks.Oracle) squareProposals {
	sampler := windowSampler{o, a.Short}
	if o.Threat.Norm == attacks.Linf {
		return signWindows{sampler}
	}
	return &etaWindows{windowSampler: sampler}
}

// lossOf is the loss to decrease, of logits z.
func (a *Square) lossOf(o *attacks.Oracle, z []float32) float64 {
	if a.Loss == attacks.Classification || a.Loss == "" && o.Target >= 0 {
		return successCrossEntropy(o, z)
	}
	return -float64(o.Margin(z))
}
