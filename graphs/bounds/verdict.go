package bounds

// Status is what is known of an image.
type Status string

// Statuses. Proven: every image of the ball is classified as the label. Broken:
// Example is not. Misclassified: the image itself is not. Open: neither.
const (
	Proven        Status = "proven"
	Broken        Status = "broken"
	Misclassified Status = "misclassified"
	Open          Status = "open"
)

// Verdict is what a [Verifier] found of one image.
type Verdict struct {
	Status Status
	// Lower bounds the margins z_label - z_k over the ball, by class: 0 for the
	// label, -MaxFloat32 where nothing is known. The image is proven where all others are positive.
	Lower []float32
	// Method is the one that decided, or the last that was tried.
	Method Method
	// Example is an image of the ball that is classified otherwise, where one
	// was found.
	Example []float32
	// Domains is how many branch and bound looked at.
	Domains int
	// Seconds is the time that branch and bound took.
	Seconds float64
	// Overflow tells that a bound was not finite: it counts as none.
	Overflow bool
}

// Least is the least lower bound of a margin over another class than label.
func (v Verdict) Least(label int) float32 {
	var least float32
	first := true
	for k, x := range v.Lower {
		if k != label && (first || x < least) {
			least, first = x, false
		}
	}
	return least
}
