package report

import (
	"fmt"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/geometry"
)

// measure is what the radii of an evaluation count: changes in a norm, or the size
// of a geometric threat, of which only the kind counts here. Evaluations of one
// measure share an axis.
type measure struct {
	norm attacks.Norm
	kind geometry.Threat // at a size that stands for all; none of a norm
}

// measure of an evaluation.
func (f SummaryData) measure() measure { return measureOf(f.Norm, f.Threat) }

func measureOf(norm attacks.Norm, t geometry.Threat) measure {
	if t == (geometry.Threat{}) {
		return measure{norm: norm}
	}
	const any = .5 // each kind has this size
	if t.Unit() == geometry.Share {
		return measure{kind: t} // all of it is the unit
	}
	if k, err := t.At(any); err == nil {
		t = k
	}
	return measure{kind: t}
}

func (m measure) isGeometric() bool { return m.kind != (geometry.Threat{}) }

// String names the measure for people.
func (m measure) String() string {
	if m.isGeometric() {
		return "size in " + m.unit()
	}
	return normSymbol(m.norm)
}

// unit heads a column of sizes.
func (m measure) unit() string {
	switch {
	case !m.isGeometric():
		return "eps"
	case m.kind.Unit() == geometry.Share:
		return "share of " + m.kind.String()
	}
	return m.kind.Unit()
}

// axis labels the axis of a chart.
func (m measure) axis() string {
	if m.isGeometric() {
		return m.unit()
	}
	return "eps, " + normSymbol(m.norm)
}

// format writes a size.
func (m measure) format(size float32) string {
	if m.isGeometric() {
		return fmt.Sprintf("%.4g", size)
	}
	return formatEps(size)
}

// at writes a size with its unit, after "at".
func (m measure) at(size float32) string {
	switch {
	case !m.isGeometric():
		return formatEps(size)
	case m.kind.Unit() == geometry.Share:
		return describeLimits(m.atSize(size))
	}
	return withUnit(m.format(size), m.kind.Unit())
}

func (m measure) atSize(size float32) geometry.Threat {
	t, err := m.kind.At(float64(size))
	if err != nil {
		return m.kind
	}
	return t
}

// describeChange says what the attacker may do at a size.
func (m measure) describeChange(size float32) string {
	if !m.isGeometric() {
		return describeChange(m.norm, size)
	}
	t := m.atSize(size)
	verbs := map[string]string{"rotate": "rotating", "translate": "moving", "scale": "scaling", "shear": "shearing", "field": "displacing each pixel"}
	name, _, _ := strings.Cut(t.String(), "(")
	var words []string
	for _, term := range strings.Split(name, "+") {
		words = append(words, verbs[term])
	}
	text := strings.Join(words, ", ") + " by at most " + describeLimits(t)
	if t.Smooth > 0 {
		text = "smoothly " + text
	}
	return text
}

// describeLimits writes the limits of a threat in the order of its name.
func describeLimits(t geometry.Threat) string {
	var words []string
	add := func(limit float64, format string) {
		if limit > 0 {
			words = append(words, fmt.Sprintf(format, limit))
		}
	}
	add(t.Rotate, "%.4g°")
	if t.Whole {
		add(t.Translate, "%.4g whole px")
	} else {
		add(t.Translate, "%.4g px")
	}
	add(t.Scale, "a share of %.4g")
	add(t.Shear, "a slope of %.4g")
	add(t.Field, "%.4g px")
	return strings.Join(words, " and ")
}

// describe explains the measure.
func (m measure) describe() string {
	if !m.isGeometric() {
		return describeNorm(m.norm)
	}
	border := "zeros come in from outside"
	if m.kind.Border == geometry.Edge {
		border = "the edge repeats outside"
	}
	return "sizes are in " + m.unit() + "; " + border
}

// threatText is the threat as the program reads it.
func (f SummaryData) threatText() string {
	if f.Threat != (geometry.Threat{}) {
		return f.Threat.String()
	}
	return string(f.Norm)
}

// isExact tells whether all that the threat allows was tried on each image: then
// no stronger attack can change the figures.
func (f SummaryData) isExact() bool {
	if !f.Threat.Whole || f.Stopped != "" || f.Missing > 0 {
		return false
	}
	for _, a := range f.Attacks {
		if a.Name == "moves" && a.Of == a.Attempted {
			return true
		}
	}
	return false
}

// distanceUnit is what the distances that an attack found count.
func (f SummaryData) distanceUnit(a AttackSummary) string {
	if m := f.measure(); m.isGeometric() {
		return m.short()
	}
	return normSymbol(a.Norm)
}

// short is the unit where there is little room.
func (m measure) short() string {
	switch {
	case !m.isGeometric():
		return normSymbol(m.norm)
	case m.kind.Unit() == "degrees":
		return "°"
	}
	return m.kind.Unit()
}

// distance writes the size of an example.
func (m measure) distance(d attacks.Distance) string {
	if m.isGeometric() {
		return withUnit(formatDistance(d), m.short())
	}
	return normSymbol(m.norm) + " " + formatDistance(d)
}

// where says at which size a figure is.
func (f SummaryData) where(size float32) string {
	if m := f.measure(); m.isGeometric() {
		return "at " + m.at(size) + " (" + f.threatText() + ")"
	}
	return fmt.Sprintf("at eps %s (%s)", formatEps(size), normSymbol(f.Norm))
}

// describeThreat says what may change.
func (f SummaryData) describeThreat() string {
	if m := f.measure(); m.isGeometric() {
		return f.threatText() + ": " + m.describe()
	}
	if f.Lattice != nil {
		return fmt.Sprintf("%s; examples are %s", describeNorm(f.Norm), f.Lattice.describeImages())
	}
	return describeNorm(f.Norm) + "; values stay in [0,1]"
}

// describeExact says what all that a threat allows does.
func describeExact(p Point, change string) []string {
	if p.Misclassified.Count == 0 {
		return []string{change + " changes no correct prediction.", "Each of these changes was tried on each image: this figure is exact."}
	}
	return []string{
		fmt.Sprintf("%s reduces that to %s.", change, formatPercent(p.Robust.Share)),
		"Each of these changes was tried on each image: this figure is exact, and no attack can lower it.",
	}
}

// withUnit writes a size with its unit. A scale and a shear are numbers without one:
// their name goes before.
func withUnit(size, unit string) string {
	if unit == "scale" || unit == "shear" {
		return unit + " " + size
	}
	return size + " " + unit
}
