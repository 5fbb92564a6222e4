package certify

import (
	"slices"
	"time"

	"unwarp/attacks"
)

// Certificate is what is proven of the images of an evaluation, for one threat.
type Certificate struct {
	Threat string `json:"threat"`         // linf, l2, l1, or as the package of a geometric threat writes it
	Unit   string `json:"unit,omitempty"` // of sizes; "" for pixel values of images in [0,1]
	// Lattice is L where only examples of values k/L count, 0 for any values.
	Lattice int    `json:"lattice,omitempty"`
	Method  string `json:"method"` // with all of its settings
	// Earlier are other methods, of certificates that were taken over, the latest first.
	Earlier []string `json:"earlier,omitempty"`
	// Provers are Method, its faster stages and those of certificates that were
	// taken over, with their settings: what [Attempt].By counts.
	Provers []string `json:"provers"`
	// Proves names the model of which it is, "" for the model itself: see
	// [OtherModel].
	Proves string `json:"proves,omitempty"`
	// Confidence says how surely the proofs hold, "" where they are certain: see
	// [Confident].
	Confidence string    `json:"confidence,omitempty"`
	Pixels     int       `json:"pixels"` // values of an image
	Sizes      []float32 `json:"sizes"`  // at which proofs were looked for, ascending
	// Radius tells that the largest size proven of each image was searched by
	// bisection, or is what the method itself says; otherwise it is one of Sizes.
	Radius  bool         `json:"radius,omitempty"`
	Images  []ImageProof `json:"images"`
	Seconds float64      `json:"seconds"`
	// Resumed is how many results come from the journal of an interrupted run.
	Resumed int `json:"resumed,omitempty"`
	// Refuted is how many examples of the method did not hold when they were
	// verified.
	Refuted int    `json:"refuted,omitempty"`
	Stopped string `json:"stopped,omitempty"` // why not all was tried, "" if it was
	Origin
}

// Origin says of what model and images a certificate is, and who made it.
type Origin struct {
	Model   string    `json:"model"` // hash of what decides the function of an image
	Data    string    `json:"data"`  // hash of pixels and labels
	Version string    `json:"version,omitempty"`
	Command string    `json:"command,omitempty"`
	Date    time.Time `json:"date"`
}

// ImageProof is what is known of one image.
type ImageProof struct {
	Index   int     `json:"index"` // place in its source
	Label   int32   `json:"label"`
	Correct bool    `json:"correct"`          // without any change
	Proven  float32 `json:"proven"`           // the largest size proven, 0 for none
	Method  string  `json:"method,omitempty"` // that proved it
	// Broken is the smallest size at which the method has an example, null for none.
	Broken attacks.Distance `json:"broken"`
	Class  int              `json:"class,omitempty"` // of that example
	// Example is that of Broken, of images with one that was found now.
	Example  []float32 `json:"-"`
	Attempts []Attempt `json:"attempts,omitempty"` // in the order in which they were made
}

// Attempt is one result.
type Attempt struct {
	Size float32 `json:"size"`
	By   int     `json:"by"` // place of the prover in [Certificate].Provers
	Result
}

// IsBall tells whether the threat is a ball of pixel values.
func (c *Certificate) IsBall() bool { return isBall(c.Threat) }

// Within tells whether something at distance d lies within a size, up to rounding: of a
// ball of float32, of a geometric threat of shares of its limits in float64.
func (c *Certificate) Within(d attacks.Distance, size float32) bool {
	limit := float64(size)
	if c.IsBall() {
		limit += attacks.Norm(c.Threat).Tolerance(c.Pixels, limit)
	} else {
		limit += 1e-12 * limit
	}
	return float64(d) <= limit
}

// Proven are the largest sizes proven of the images, 0 for none; nil where they
// are not of the model itself.
func (c *Certificate) Proven() []float32 {
	if c.Proves != "" {
		return nil
	}
	all := make([]float32, len(c.Images))
	for i, p := range c.Images {
		all[i] = p.Proven
	}
	return all
}

// ThreatOf is the threat of an evaluation, as certificates write it.
func ThreatOf(ev *attacks.Evaluation) string {
	return attacks.Threat{Norm: ev.Norm, Geometry: ev.Threat}.String()
}

// Uses tells whether examples of an evaluation are examples against what is
// proven here: of the same threat, model and images.
func (c *Certificate) Uses(ev *attacks.Evaluation) bool {
	return ev != nil && c.Proves == "" && c.Threat == ThreatOf(ev) && c.takesExamplesOf(ev.Lattice) && ev.Images == len(c.Images)
}

// takesExamplesOf tells whether examples on a lattice, 0 for any values, count here.
func (c *Certificate) takesExamplesOf(lattice int) bool {
	return c.Lattice == 0 || c.Lattice == lattice
}

// Smallest is the smallest size at which an example against image i is known: the
// method's, or of a ball one of ev, which may be nil.
func (c *Certificate) Smallest(i int, ev *attacks.Evaluation) attacks.Distance {
	d := c.Images[i].Broken
	if !c.Uses(ev) {
		return d
	}
	return min(d, ev.SmallestDistance(i))
}

// StatusAt is what is known of image i at a size. Of one that is proven and
// broken at once it is Broken; see [Certificate.Contradictions].
func (c *Certificate) StatusAt(i int, size float32, ev *attacks.Evaluation) Status {
	p := &c.Images[i]
	switch {
	case !p.Correct:
		return Misclassified
	case c.Within(c.Smallest(i, ev), size):
		return Broken
	case p.Proven > 0 && size <= p.Proven:
		return Proven
	case slices.ContainsFunc(p.Attempts, func(a Attempt) bool { return a.Status == Abstained }):
		return Abstained
	}
	return Open
}

// Count is how many images have each status at a size.
type Count struct {
	Size          float32 `json:"size"`
	Proven        int     `json:"proven"`
	Broken        int     `json:"broken"`        // by an example
	Misclassified int     `json:"misclassified"` // without any change
	Open          int     `json:"open"`
	Abstained     int     `json:"abstained,omitempty"`
}

// CountAt counts the images at a size.
func (c *Certificate) CountAt(size float32, ev *attacks.Evaluation) Count {
	n := Count{Size: size}
	for i := range c.Images {
		switch c.StatusAt(i, size, ev) {
		case Proven:
			n.Proven++
		case Broken:
			n.Broken++
		case Misclassified:
			n.Misclassified++
		case Abstained:
			n.Abstained++
		default:
			n.Open++
		}
	}
	return n
}

// Contradictions are the places of the images of which an example lies within
// what is proven: then a proof or an example is wrong, and no figure holds.
func (c *Certificate) Contradictions(ev *attacks.Evaluation) []int {
	var all []int
	for i, p := range c.Images {
		if p.Proven > 0 && (!p.Correct || c.Within(c.Smallest(i, ev), p.Proven)) {
			all = append(all, i)
		}
	}
	return all
}
