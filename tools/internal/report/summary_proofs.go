package report

import (
	"slices"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/checks"
)

// CertificateSummary is what is proven for one threat.
type CertificateSummary struct {
	Threat string `json:"threat"`
	Unit   string `json:"unit,omitempty"`
	Method string `json:"method"`
	// Earlier are other methods whose proofs were taken over; By says what proved how many.
	Earlier []string      `json:"earlier,omitempty"`
	By      []ProverCount `json:"by,omitempty"`
	Proves  string        `json:"proves,omitempty"` // the model of which it is, "" for the one that was evaluated
	// Confidence says how surely the proofs hold, "" where they are certain.
	Confidence string `json:"confidence,omitempty"`
	// Headline is the result in one sentence, "" where proofs and examples
	// contradict each other.
	Headline string         `json:"headline,omitempty"`
	At       float32        `json:"at"`                               // the size of the headline
	Alone    int            `json:"broken_by_proofs_alone,omitempty"` // images broken there by an example of the proofs, and by none of an attack
	Points   []ProofPoint   `json:"points"`
	Radii    *RadiusSummary `json:"radii,omitempty"` // nil where they were not searched
	Seconds  float64        `json:"seconds"`
	Refuted  int            `json:"refuted,omitempty"`
	Resumed  int            `json:"resumed,omitempty"`
	Stopped  string         `json:"stopped,omitempty"`
	Command  string         `json:"command,omitempty"`
}

// ProverCount is of how many images a prover, without its settings, proved the largest
// size that is proven of them.
type ProverCount struct {
	Prover string `json:"prover"`
	Images int    `json:"images"`
}

// ProofPoint is what is known of all images at one size.
type ProofPoint struct {
	certify.Count
	Lower Rate `json:"lower"` // proven, of all images: at least these stay right
	Upper Rate `json:"upper"` // neither broken nor misclassified: at most these stay right
	// Interval holds the share of all images like these that stay right, with 95 %
	// confidence: from the lower end of Lower's interval to the upper end of Upper's.
	// The bounds of these images themselves are Lower and Upper.
	Interval [2]float64 `json:"interval"`
}

// RadiusSummary are the largest sizes proven of all images, 0 where none is.
type RadiusSummary struct {
	Mean    float64       `json:"mean"`
	Median  float64       `json:"median"`
	Largest float64       `json:"largest"`
	Curve   []RadiusPoint `json:"curve"`
}

// RadiusPoint says of what share of the images at least a radius is proven.
type RadiusPoint struct {
	Radius float64 `json:"radius"`
	Share  float64 `json:"share"`
}

// addProofs summarises the certificates of a record. Where one contradicts an
// example there are no figures.
func (f *SummaryData) addProofs(r *Record) {
	for k := range r.Certificates {
		c := &r.Certificates[k]
		f.Contradicted = append(f.Contradicted, indicesOf(c, c.Contradictions(&r.Evaluation))...)
	}
	for _, c := range r.Checks {
		if c.ID == "C36" && c.Status == checks.Fail {
			f.Contradicted = append(f.Contradicted, c.Images...)
		}
	}
	slices.Sort(f.Contradicted)
	f.Contradicted = slices.Compact(f.Contradicted)
	for k := range r.Certificates {
		f.Certificates = append(f.Certificates, summariseProofs(&r.Certificates[k], &r.Evaluation, r.Asked, len(f.Contradicted) == 0))
	}
}

func indicesOf(c *certify.Certificate, places []int) []int {
	var all []int
	for _, i := range places {
		all = append(all, c.Images[i].Index)
	}
	return all
}

func summariseProofs(c *certify.Certificate, ev *attacks.Evaluation, asked []float32, consistent bool) CertificateSummary {
	s := CertificateSummary{
		Threat: c.Threat, Unit: c.Unit, Method: c.Method, Earlier: c.Earlier, Proves: c.Proves, Seconds: c.Seconds, Refuted: c.Refuted, Resumed: c.Resumed, Stopped: c.Stopped, Command: c.Command, Confidence: c.Confidence,
	}
	if !consistent {
		return s
	}
	for _, size := range c.Sizes {
		s.Points = append(s.Points, newProofPoint(c.CountAt(size, ev), len(c.Images)))
	}
	if c.Radius {
		s.Radii = summariseRadii(c)
	}
	s.By = countProvers(c)
	if k := s.chooseHeadline(asked); k >= 0 {
		s.At, s.Headline = s.Points[k].Size, describeProofs(s, s.Points[k])
		s.Alone = countAlone(c, ev, s.At)
	}
	return s
}

// countAlone counts the images that the method of proof broke at a size and the
// attacks of ev did not; 0 where none was run.
func countAlone(c *certify.Certificate, ev *attacks.Evaluation, size float32) (n int) {
	if !c.Uses(ev) || len(ev.Attacks) == 0 {
		return 0
	}
	for i, p := range c.Images {
		if p.Correct && c.Within(p.Broken, size) && !c.Within(ev.SmallestDistance(i), size) {
			n++
		}
	}
	return n
}

// countProvers counts the images that each prover proved, the busiest first.
func countProvers(c *certify.Certificate) (all []ProverCount) {
	for _, p := range c.Images {
		if p.Proven == 0 {
			continue
		}
		name, _, _ := strings.Cut(p.Method, "(")
		k := slices.IndexFunc(all, func(n ProverCount) bool { return n.Prover == name })
		if k < 0 {
			k, all = len(all), append(all, ProverCount{Prover: name})
		}
		all[k].Images++
	}
	slices.SortStableFunc(all, func(a, b ProverCount) int { return b.Images - a.Images })
	return all
}

func newProofPoint(n certify.Count, images int) ProofPoint {
	p := ProofPoint{Count: n, Lower: NewRate(n.Proven, images), Upper: NewRate(images-n.Broken-n.Misclassified, images)}
	p.Interval = [2]float64{p.Lower.Low, p.Upper.High}
	return p
}

// chooseHeadline is the place of the size that the headline names: of those that
// were asked for, or of all where none was, the largest at which half of the images
// are proven, or the smallest; -1 for none.
func (s CertificateSummary) chooseHeadline(asked []float32) int {
	isAsked := func(p ProofPoint) bool { return slices.Contains(asked, p.Size) }
	if !slices.ContainsFunc(s.Points, isAsked) {
		isAsked = func(ProofPoint) bool { return true }
	}
	for k, p := range slices.Backward(s.Points) {
		if isAsked(p) && 2*p.Proven >= p.Lower.Of {
			return k
		}
	}
	return slices.IndexFunc(s.Points, isAsked)
}

// headline is the place of the size that the headline names.
func (s CertificateSummary) headline() int {
	return slices.IndexFunc(s.Points, func(p ProofPoint) bool { return p.Size == s.At })
}

// maxRadiusPoints is the largest number of points of a curve of radii.
const maxRadiusPoints = 60

func summariseRadii(c *certify.Certificate) *RadiusSummary {
	var all []float64
	sum := 0.0
	for _, p := range c.Images {
		all = append(all, float64(p.Proven))
		sum += float64(p.Proven)
	}
	slices.Sort(all)
	n := len(all)
	s := &RadiusSummary{Mean: sum / float64(max(1, n)), Median: all[(n-1)/2], Largest: all[n-1]}
	s.Curve = radiusCurve(all)
	return s
}

// radiusCurve is the share of the images of at least each radius, ascending and
// above 0; of many radii some.
func radiusCurve(sorted []float64) []RadiusPoint {
	n := len(sorted)
	var all []RadiusPoint
	for i, radius := range sorted {
		if radius > 0 && (i == 0 || radius > sorted[i-1]) {
			all = append(all, RadiusPoint{radius, float64(n-i) / float64(n)})
		}
	}
	every := len(all)/maxRadiusPoints + 1
	var some []RadiusPoint
	for i, p := range all {
		if i%every == 0 || i == len(all)-1 {
			some = append(some, p)
		}
	}
	return some
}

// otherModelsCertificate is the first one of another model than the evaluation's, such
// as a smoothed one; nil for none.
func (f SummaryData) otherModelsCertificate() *CertificateSummary {
	for k := range f.Certificates {
		if c := &f.Certificates[k]; c.Proves != "" && c.headline() >= 0 {
			return c
		}
	}
	return nil
}

// mainCertificate is that of the evaluation's own threat and model; nil for none.
func (f SummaryData) mainCertificate() *CertificateSummary {
	own := attacks.Threat{Norm: f.Norm, Geometry: f.Threat}.String()
	for k := range f.Certificates {
		if c := &f.Certificates[k]; c.Threat == own && c.Proves == "" && len(c.Points) > 0 {
			return c
		}
	}
	return nil
}
