package report

import (
	"slices"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/attacks/geometry"
)

// SummaryData is computed from a record: all that the reports say, without the
// results of single images.
type SummaryData struct {
	About
	Norm       attacks.Norm      `json:"norm"`
	Threat     geometry.Threat   `json:"threat,omitzero"` // geometric, where Norm is ""; radii are then sizes in its unit
	Radii      []float32         `json:"radii"`
	Lattice    *LatticeSummary   `json:"lattice,omitempty"` // nil where examples may have any values
	Exhaustive bool              `json:"exhaustive"`
	Images     int               `json:"images"`
	Chance     Chance            `json:"chance"`
	Clean      Rate              `json:"clean"`                // correct without attack
	CleanTies  int               `json:"clean_ties,omitempty"` // images whose label shares the largest logit: not correct
	Ties       []int             `json:"ties,omitempty"`       // images misclassified in ties alone at each radius; nil for none
	Worst      []Point           `json:"worst"`                // worst attack for each image; one for each radius at which an attack was run
	Standing   []checks.Standing `json:"standing"`             // what the checks mean for each of Worst
	MayClaim   []bool            `json:"may_claim"`
	Attacks    []AttackSummary   `json:"attacks"`
	Checks     []checks.Result   `json:"checks"`
	Cost       attacks.Cost      `json:"cost"`
	Seconds    float64           `json:"seconds"`
	Spent      Spent             `json:"spent"`                 // by all attacks
	Bench      []BenchEntry      `json:"robustbench,omitempty"` // one for each of Worst
	Stopped    string            `json:"stopped,omitempty"`
	Missing    int               `json:"missing,omitempty"` // attempts that were not made
	Resumed    int               `json:"resumed,omitempty"` // results from the journal of an interrupted evaluation, not verified again
	// Certificates are what is proven. Contradicted are the images of which an
	// example lies within what is proven: then there are no figures of proofs, and no
	// worst case.
	Certificates []CertificateSummary `json:"certificates,omitempty"`
	Contradicted []int                `json:"contradicted,omitempty"`
	Requirements []Requirement        `json:"requirements,omitempty"`
	Bundle       *BundleFile          `json:"bundle,omitempty"` // the file with the evidence
}

// Rate is a share with its 95 % interval (Wilson).
type Rate struct {
	Count int     `json:"count"`
	Of    int     `json:"of"`
	Share float64 `json:"share"` // 0 of none
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// NewRate returns count of so many, with its 95 % interval (Wilson).
func NewRate(count, of int) Rate {
	r := Rate{Count: count, Of: of}
	if of > 0 {
		r.Share = float64(count) / float64(of)
	}
	r.Low, r.High = checks.Wilson(count, of)
	return r
}

// Point is the result at one radius, by the three definitions in use.
type Point struct {
	Eps           float32 `json:"eps"`
	Robust        Rate    `json:"left"`    // accuracy under attack: correct, of all images
	Misclassified Rate    `json:"fooled"`  // misclassified under attack, of those correct before
	Changed       Rate    `json:"changed"` // prediction changed, of all images: a lower bound, since those misclassified before are not attacked
}

// newPoint returns the result at eps: of so many images, correct without attack
// and robust under attack.
//
// Of robust images open ones were not attacked to the end. They count in the
// figure, and against it in the interval.
func newPoint(eps float32, robust, open, correct, images int) Point {
	p := Point{eps, NewRate(robust, images), NewRate(correct-robust, correct), NewRate(correct-robust, images)}
	if open > 0 {
		p.Robust.Low, _ = checks.Wilson(robust-open, images)
		_, p.Misclassified.High = checks.Wilson(correct-robust+open, correct)
		_, p.Changed.High = checks.Wilson(correct-robust+open, images)
	}
	return p
}

// AttackSummary is the result of one attack.
type AttackSummary struct {
	Attack      string           `json:"attack"` // as attacks.Parse reads it
	Name        string           `json:"name"`
	Title       string           `json:"title"` // unique within an evaluation
	Paper       string           `json:"paper,omitempty"`
	Family      attacks.Family   `json:"family"`
	Norm        attacks.Norm     `json:"norm"`                // that it minimises
	MinimumNorm bool             `json:"whole"`               // it minimises the distance, and has no radii of its own
	NoRadius    bool             `json:"no_radius,omitempty"` // no radius bounds its changes: see hasRadius
	Losses      []attacks.Loss   `json:"losses,omitempty"`
	Params      []attacks.Param  `json:"params"`
	Radii       []float32        `json:"radii"`
	Points      []AttackPoint    `json:"points,omitempty"`     // one for each of its radii; none of an attack that was not run or has no radius
	Of          int              `json:"of"`                   // images on which there was something to find
	NotNeeded   int              `json:"not_needed,omitempty"` // images on which attacks before it left nothing to find
	Attempted   int              `json:"made"`                 // of Of, those that it was run on
	Found       *Rate            `json:"found,omitempty"`      // of Attempted, at any distance
	Accuracy    *Rate            `json:"accuracy,omitempty"`   // under an attack without radius: of all images, or of those that it was run on
	Median      attacks.Distance `json:"median"`               // distance over Attempted, null where fewer than half were found
	Invalid     int              `json:"invalid,omitempty"`
	Loss        []LossPoint      `json:"loss,omitempty"`
	Traced      int              `json:"traced,omitempty"` // images in the mean of Loss
	Queries     *Queries         `json:"queries,omitempty"`
	Cost        attacks.Cost     `json:"cost"`
	Seconds     float64          `json:"seconds"` // its part of the time, by passes: attacks share batches
	Spent       Spent            `json:"spent"`
}

// AttackPoint is an attack at one radius. In an exhaustive evaluation Point is the
// attack's own, otherwise that of the attack together with those before it:
// later attacks see only images that are still classified correctly.
type AttackPoint struct {
	Point
	NewlyMisclassified int     `json:"added"`          // images misclassified under this attack and under none before it
	OnlyThis           *int    `json:"only,omitempty"` // images misclassified under this attack alone; known if exhaustive
	Succeeded          int     `json:"succeeded"`      // of Tried single runs at just this radius
	Tried              int     `json:"tried"`
	Steps              int     `json:"steps,omitempty"`
	Alpha              float32 `json:"alpha,omitempty"`  // size of a step
	WeakerThan         string  `json:"weaker,omitempty"` // a baseline without gradients that succeeds on more images
}

// Summarise computes the summary data of a record. Its texts are printable.
func Summarise(r *Record) SummaryData {
	e := &r.Evaluation
	f := SummaryData{
		About: r.About, Norm: e.Norm, Threat: e.Threat, Radii: e.Radii, Exhaustive: e.Exhaustive, Images: e.Images,
		Chance: newChance(e), Clean: NewRate(e.CleanCorrect, e.Images), CleanTies: e.CleanTies, Ties: countTies(e),
		Checks: r.Checks, Cost: e.Cost, Seconds: max(0, e.Seconds), Stopped: e.Stopped, Resumed: e.ResumedCount(),
		Lattice: summariseLattice(e), Requirements: r.Requirements, Bundle: r.Bundle,
	}
	t := countSuccesses(e)
	names := titleAttacks(e.Attacks)
	for s := range e.Attacks {
		a := summariseAttack(e, s, t)
		a.Title = names[s]
		runs := e.Runs(s)
		f.Missing += runs.Open + runs.CutShort
		f.Attacks = append(f.Attacks, a)
	}
	if f.addProofs(r); len(f.Contradicted) == 0 {
		f.addWorst(e, checks.Assess(r.Checks, e))
	}
	f.divideTime()
	f.addSpent(e)
	f.Bench = benchEntries(f)
	return makePrintable(f)
}

// addWorst adds the worst case per image at the radii at which an attack was run.
func (f *SummaryData) addWorst(e *attacks.Evaluation, a checks.Assessment) {
	bounded := slices.DeleteFunc(e.AttacksRun(), func(a int) bool { return !hasRadius(e.Attacks[a]) })
	for _, eps := range e.Radii {
		if !slices.ContainsFunc(f.Attacks, func(a AttackSummary) bool { return len(a.Points) > 0 && slices.Contains(a.Radii, eps) }) {
			continue
		}
		at, _ := a.At(eps)
		f.Worst = append(f.Worst, newPoint(eps, e.RobustCount(eps), e.OpenCount(eps, bounded...), e.CleanCorrect, e.Images))
		f.Standing, f.MayClaim = append(f.Standing, at.Standing), append(f.MayClaim, at.MayClaim)
	}
}

// divideTime divides the time among the attacks by their passes.
func (f *SummaryData) divideTime() {
	all := 0
	for _, a := range f.Attacks {
		all += a.Cost.Forward + a.Cost.Backward + a.Cost.Referee
	}
	for i, a := range f.Attacks {
		if all > 0 {
			f.Attacks[i].Seconds = f.Seconds * float64(a.Cost.Forward+a.Cost.Backward+a.Cost.Referee) / float64(all)
		}
	}
}
