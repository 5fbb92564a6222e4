package attacks

import (
	"encoding/json"
	"math"
	"slices"

	"unwarp/attacks/geometry"
)

// Distance is a distance; +Inf, for none found, is null in JSON.
type Distance float64

// NoDistance is that of an attack that found nothing.
var NoDistance = Distance(math.Inf(1))

// MarshalJSON writes +Inf as null.
func (d Distance) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(d), 1) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(d))
}

// UnmarshalJSON reads null as +Inf.
func (d *Distance) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*d = NoDistance
		return nil
	}
	return json.Unmarshal(raw, (*float64)(d))
}

// Cost counts passes of single images through the victim.
type Cost struct {
	Forward  int `json:"forward"`
	Backward int `json:"backward"`
	Referee  int `json:"referee"` // forward passes that verified claims
}

// Plus is the sum of both.
func (c Cost) Plus(d Cost) Cost {
	return Cost{c.Forward + d.Forward, c.Backward + d.Backward, c.Referee + d.Referee}
}

// ImageResult is what one attack found on one image.
type ImageResult struct {
	Done           bool     `json:"done"`                // the attack has run, or had nothing left to find
	Skipped        bool     `json:"skipped,omitempty"`   // nothing left to find: misclassified at the smallest radius by earlier attacks, proven at the largest, or the target is the label
	CutShort       bool     `json:"cut_short,omitempty"` // not Done: the evaluation's budget ended during the attempt; what it had found counts
	Distance       Distance `json:"distance"`            // of the smallest verified example, in the attack's norm
	ThreatDistance Distance `json:"threat_distance"`     // in the threat's norm: misclassified at this radius and every larger one
	Class          int      `json:"class"`               // of that example
	Tied           bool     `json:"tied,omitempty"`      // that example's label shares the largest logit
	Queries        int      `json:"queries,omitempty"`   // forward passes up to the first verified example
	Invalid        int      `json:"invalid,omitempty"`   // claims outside ball or box: not counted
	Cost
	// Tried says for each radius of the attack what running it there gave: '1'
	// success, '0' none, '.' not run.
	Tried     string    `json:"tried,omitempty"`
	Resumed   bool      `json:"resumed,omitempty"`    // taken from the journal of an interrupted evaluation, and not verified again
	Effort    *Effort   `json:"effort,omitempty"`     // nil where it found an example at every radius tried
	LossCurve []float32 `json:"loss_curve,omitempty"` // the loss at each iterate of the last radius run
	// Parameters are those of the smallest example of a geometric threat; Field is
	// that of one of fields, where images are kept.
	Parameters []float64 `json:"parameters,omitempty"`
	// OffLattice is the distance, in the threat's norm, of the smallest example near
	// which no image of the threat's lattice succeeds; nil for none.
	OffLattice *Distance `json:"off_lattice,omitempty"`
	Field      []float32 `json:"field,omitempty"`
	Image      []float32 `json:"-"` // of the smallest example, where images are kept
	Last       []float32 `json:"-"` // what was claimed last, verified or not, where images are kept
}

// AttackResult is what one attack found on all images.
type AttackResult struct {
	Attack  string        `json:"attack"` // as Parse reads it
	Name    string        `json:"name"`
	Paper   string        `json:"paper,omitempty"`
	Family  Family        `json:"family"`
	Search  RadiusSearch  `json:"radius_search"`
	Norm    Norm          `json:"norm"` // that it minimises
	Losses  []Loss        `json:"losses,omitempty"`
	Params  []Param       `json:"params"`
	Radii   []float32     `json:"radii"`   // ascending
	Results []ImageResult `json:"results"` // one for each image; not Done for those not attacked
}

// Evaluation is the result: for each image and attack the smallest radius at
// which the attack makes the model misclassify it. All curves follow from that.
type Evaluation struct {
	Norm Norm `json:"norm"`
	// Threat is the geometric threat, where Norm is "". Radii and distances are
	// then sizes in its unit.
	Threat       geometry.Threat `json:"threat,omitzero"`
	Radii        []float32       `json:"radii"`             // of the evaluation and of all attacks, ascending
	Lattice      int             `json:"lattice,omitempty"` // examples have values k/Lattice; 0: any
	Exhaustive   bool            `json:"exhaustive"`
	Images       int             `json:"images"`
	Pixels       int             `json:"pixels"` // values of an image
	CleanCorrect int             `json:"clean_correct"`
	CleanTies    int             `json:"clean_ties,omitempty"` // without attack the label shares the largest logit: not correct
	Labels       []int32         `json:"labels"`
	Index        []int           `json:"index"`
	Clean        []int32         `json:"clean"` // classes without attack, see [Predict]
	Attacks      []AttackResult  `json:"attacks"`
	Cost         Cost            `json:"cost"`
	Seconds      float64         `json:"seconds"`
	// Refuted is how many examples in the journal of an interrupted evaluation did
	// not hold when they were verified again; these attempts were made anew.
	Refuted int `json:"refuted,omitempty"`
	// Stopped says why not every attack ran on every image, "" if all did.
	Stopped string `json:"stopped,omitempty"`
	// Proven is, of each image, the largest radius within which it is proven that
	// no change makes the model misclassify it, 0 for none; nil without proofs.
	Proven []float32 `json:"proven,omitempty"`
}

// Correct tells whether image i is classified correctly without attack, by the
// rule of [Correct].
func (e *Evaluation) Correct(i int) bool { return e.Clean[i] == e.Labels[i] }

// Within tells whether a distance is at most eps, up to rounding.
func (e *Evaluation) Within(d Distance, eps float32) bool {
	return float64(d) <= float64(eps)+e.Norm.Tolerance(e.Pixels, float64(eps))
}

// Misclassified tells whether attack a makes the model misclassify image i
// within eps.
func (e *Evaluation) Misclassified(a, i int, eps float32) bool {
	r := e.Attacks[a].Results[i]
	return (r.Done || r.CutShort) && e.Within(r.ThreatDistance, eps)
}

// SmallestDistance is the smallest threat distance at which any attack has an example
// against image i, [NoDistance] for none.
func (e *Evaluation) SmallestDistance(i int) Distance {
	d := NoDistance
	for a := range e.Attacks {
		if r := e.Attacks[a].Results[i]; r.Done || r.CutShort {
			d = min(d, r.ThreatDistance)
		}
	}
	return d
}

// MisclassifiedCount counts the images that attack a makes the model
// misclassify within eps.
func (e *Evaluation) MisclassifiedCount(a int, eps float32) int {
	n := 0
	for i := range e.Images {
		if e.Misclassified(a, i, eps) {
			n++
		}
	}
	return n
}

// TiedCount counts the images that attacks make the model misclassify within
// eps by nothing but ties: the label shares the largest logit of each example.
func (e *Evaluation) TiedCount(eps float32) int {
	n := 0
	for i := range e.Images {
		ties, leads := 0, 0
		for a := range e.Attacks {
			switch {
			case !e.Correct(i) || !e.Misclassified(a, i, eps):
			case e.Attacks[a].Results[i].Tied:
				ties++
			default:
				leads++
			}
		}
		if ties > 0 && leads == 0 {
			n++
		}
	}
	return n
}

// SingleRuns counts, for radius k of attack a, on how many images it was run
// and with how many of them it succeeded: what a table of single runs prints.
func (e *Evaluation) SingleRuns(a, k int) (successes, tried int) {
	for _, r := range e.Attacks[a].Results {
		if k < len(r.Tried) && r.Tried[k] != '.' {
			tried++
			if r.Tried[k] == '1' {
				successes++
			}
		}
	}
	return successes, tried
}

// RobustCount counts the images that are classified correctly without attack
// and under each of the given attacks within eps; without attacks given, under
// all: the worst case per image.
func (e *Evaluation) RobustCount(eps float32, attacks ...int) int {
	if len(attacks) == 0 {
		for a := range e.Attacks {
			attacks = append(attacks, a)
		}
	}
	n := 0
	for i := range e.Images {
		if e.Correct(i) && !slices.ContainsFunc(attacks, func(a int) bool { return e.Misclassified(a, i, eps) }) {
			n++
		}
	}
	return n
}

// Share is n of all images.
func (e *Evaluation) Share(n int) float64 {
	if e.Images == 0 {
		return 0
	}
	return float64(n) / float64(e.Images)
}

// SuccessRate is the share of the images classified correctly without attack
// that attack a makes the model misclassify within eps.
func (e *Evaluation) SuccessRate(a int, eps float32) float64 {
	if e.CleanCorrect == 0 {
		return 0
	}
	return float64(e.MisclassifiedCount(a, eps)) / float64(e.CleanCorrect)
}

// MedianDistance of attack a over the images it was run on, +Inf where it found
// nothing for half of them.
func (e *Evaluation) MedianDistance(a int) float64 {
	var all []float64
	for _, r := range e.Attacks[a].Results {
		if r.Done && !r.Skipped {
			all = append(all, float64(r.Distance))
		}
	}
	if len(all) == 0 {
		return math.Inf(1)
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

// Find is the place of the first attack called name, -1 for none.
func (e *Evaluation) Find(name string) int {
	return slices.IndexFunc(e.Attacks, func(a AttackResult) bool { return a.Name == name })
}

// ResumedCount counts the results that were taken from the journal of an
// interrupted evaluation and not verified again.
func (e *Evaluation) ResumedCount() (n int) {
	for _, a := range e.Attacks {
		for _, r := range a.Results {
			if r.Resumed {
				n++
			}
		}
	}
	return n
}
