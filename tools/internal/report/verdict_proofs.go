package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"unwarp/attacks"
	"unwarp/tools/internal/printable"
)

// describeProofs is the headline of proofs at one size: the two bounds of the share
// of images that stay right, and of how many images what is known.
func describeProofs(s CertificateSummary, p ProofPoint) string {
	between := fmt.Sprintf("Between %s and %s stay right", strings.TrimSuffix(formatPercent(p.Lower.Share), " %"), formatPercent(p.Upper.Share))
	if p.Lower.Count == p.Upper.Count {
		between = fmt.Sprintf("Exactly %s stay right", formatPercent(p.Lower.Share))
	}
	counts := []string{formatCount(p.Proven) + " proven", formatCount(p.Broken+p.Misclassified) + " broken"}
	switch {
	case p.Misclassified > 0 && p.Broken == 0:
		counts[1] = formatCount(p.Misclassified) + " misclassified without any change"
	case p.Misclassified > 0:
		counts[1] += fmt.Sprintf(" (%s without any change)", formatCount(p.Misclassified))
	}
	if p.Open > 0 || p.Abstained == 0 {
		counts = append(counts, formatCount(p.Open)+" open")
	}
	if p.Abstained > 0 {
		counts = append(counts, formatCount(p.Abstained)+" without answer")
	}
	return fmt.Sprintf("%s at %s: %s.", between, s.describeSize(p.Size), strings.Join(counts, ", "))
}

// describeSize names a size of a threat.
func (s CertificateSummary) describeSize(size float32) string {
	if isNorm(s.Threat) {
		return fmt.Sprintf("eps %s (%s)", formatEps(size), normSymbol(attacks.Norm(s.Threat)))
	}
	text := shortName(s.Threat) + " of size " + strconv.FormatFloat(float64(size), 'g', 4, 32)
	if s.Unit != "" {
		text += " " + shortName(s.Unit)
	}
	return text
}

func isNorm(threat string) bool {
	switch attacks.Norm(threat) {
	case attacks.Linf, attacks.L2, attacks.L1:
		return true
	}
	return false
}

// formatCount writes a number of images as 9,260.
func formatCount(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// leadsByProofs tells whether the verdict is of proofs: where nothing is proven at
// any size, what attacks found says more.
func (f SummaryData) leadsByProofs() bool {
	c := f.mainCertificate()
	return c != nil && (len(f.Worst) == 0 || slices.ContainsFunc(c.Points, func(p ProofPoint) bool { return p.Proven > 0 }))
}

// proofVerdict is the verdict where there are proofs: the word robust is that of
// proven images alone.
func proofVerdict(f SummaryData, clean string) Verdict {
	c := f.mainCertificate()
	p := c.Points[c.headline()]
	v := Verdict{Eps: p.Size, Proof: &p, Sentences: []string{clean, c.Headline}}
	radius := "radius"
	if f.measure().isGeometric() {
		radius = "size"
	}
	if p.Proven > 0 {
		v.Sentences = append(v.Sentences, fmt.Sprintf("The proven images (%s) are robust within this %s: no attack can change their class.", formatPercent(p.Lower.Share), radius))
	} else {
		v.Sentences = append(v.Sentences, fmt.Sprintf("No image is proven at this %s.", radius))
	}
	v.Sentences = append(v.Sentences, describeSample(f, p))
	v.Sentences = append(v.Sentences, f.describeLattice(p.Size)...)
	v.Level, v.Trust = rateProofs(f, p)
	v.Notes = append(listProofNotes(*c), listStop(f)...)
	if bounded, _ := f.attacksRun(); len(bounded) == 0 && p.Open > 0 {
		v.Notes = append(v.Notes, "No attack was run: what is open may be broken. unwarp attack RUN --certify attacks what is not proven.")
	}
	return v
}

// otherModelsVerdict is that of proofs of another model, where nothing was attacked.
func otherModelsVerdict(c CertificateSummary) Verdict {
	p := c.Points[c.headline()]
	v := Verdict{Level: Sound, Eps: p.Size, Proof: &p, Notes: listProofNotes(c), Sentences: []string{
		"Nothing was attacked. What is proven is of " + shortName(c.Proves) + ", not of the model alone.", c.Headline,
	}}
	if c.Confidence != "" {
		v.Trust = c.describeConfidence()
	}
	return v
}

// describeSample says what the proofs of some images mean for all: the bounds of
// the images evaluated are no interval of a sample.
func describeSample(f SummaryData, p ProofPoint) string {
	return fmt.Sprintf("These bounds are of the %s evaluated; of all images like them between %.1f and %s stay right, with 95 %% confidence.", printable.Count(f.Images, "image"), 100*p.Interval[0], formatPercent(p.Interval[1]))
}

// rateProofs says how far a verdict with proofs can be trusted: checks of the
// attacks' strength touch the upper bound alone.
func rateProofs(f SummaryData, p ProofPoint) (Level, string) {
	j := judge(f.Checks)
	switch {
	case len(j.faults) > 0:
		return Unsound, fmt.Sprintf("These figures may be too high or too low: %s failed that touch%s the examples found (%s).", countOf(len(j.faults), j.made), thirdPerson(len(j.faults)), listSome(j.faults))
	case p.Lower.Count == p.Upper.Count:
		// Figures at other sizes may be open.
		return Sound, fmt.Sprintf("Nothing is open %s: no stronger attack and no tighter bound changes this figure.", f.where(p.Size))
	case len(j.weakness) > 0:
		return Sound, fmt.Sprintf("The lower bound is proven. The upper bound may be too high: %s failed (%s), so the attacks may be too weak.", countOf(len(j.weakness), j.made), listSome(j.weakness))
	}
	return Sound, "The lower bound is proven; a stronger attack can only lower the upper one, a tighter method only raise the lower one."
}

// listProofNotes are the facts without which proofs would be misread.
func listProofNotes(c CertificateSummary) []string {
	var out []string
	if c.Stopped != "" {
		out = append(out, fmt.Sprintf("The proofs ended early (%s): what was not tried counts as open.", c.Stopped))
	}
	if c.Refuted > 0 {
		out = append(out, fmt.Sprintf("%s of the method of proof did not hold when they were verified, and do not count.", printable.Count(c.Refuted, "example")))
	}
	if c.Alone > 0 {
		out = append(out, fmt.Sprintf("The proofs broke %s that no attack did; the accuracies under attack do not count their examples.", printable.Count(c.Alone, "image")))
	}
	if r := c.Radii; r != nil {
		out = append(out, c.describeRadii())
	}
	return out
}

// describeRadii summarises the largest radii proven.
func (c CertificateSummary) describeRadii() string {
	r := c.Radii
	return fmt.Sprintf("The largest size proven of an image is %.3g in the mean, %.3g in the median and %.3g at most (0 where nothing is proven).", r.Mean, r.Median, r.Largest)
}

// describeConfidence says how surely the proofs hold.
func (c CertificateSummary) describeConfidence() string {
	return "These proofs are statistical: " + printable.Cut(printable.Text(c.Confidence), 300) + "."
}

// contradictedVerdict is that of a report in which an image is proven and broken at
// once: there is no figure.
func contradictedVerdict(f SummaryData) Verdict {
	return Verdict{
		Level: Unsound,
		Trust: fmt.Sprintf("Check C36 failed: of %s an example lies within what is proven of it (image %s). A bound or an example is wrong, so no figure is given.", countImages(len(f.Contradicted)), listIndices(f.Contradicted, 5)),
	}
}
