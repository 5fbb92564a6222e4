package attacks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks/geometry"
	"unwarp/graphs/spec"
)

// ParseThreat reads what may change, of images in [0,1]: a norm, or a geometric
// threat as [geometry.Parse] reads it.
func ParseThreat(text string) (Threat, error) {
	t := Threat{Norm: Norm(strings.TrimSpace(text)), Lo: 0, Hi: 1}
	if slices.Contains(Threats, t.Norm) {
		return t, nil
	}
	g, err := geometry.Parse(text)
	var unknown *spec.UnknownError
	if errors.As(err, &unknown) && unknown.What == "" {
		unknown.Known = append(unknown.Known, normWords()...)
	}
	return Threat{Geometry: g, Lo: 0, Hi: 1}, err
}

func normWords() (words []string) {
	for _, n := range Threats {
		words = append(words, string(n))
	}
	return words
}

// IsGeometric tells whether pixels are moved, instead of changed within a norm.
func (t Threat) IsGeometric() bool { return t.Geometry != (geometry.Threat{}) }

// String writes the threat as [ParseThreat] reads it.
func (t Threat) String() string {
	if t.IsGeometric() {
		return t.Geometry.String()
	}
	return string(t.Norm)
}

// GeometryAt is the geometric threat at a size, at most all of it.
func (t Threat) GeometryAt(size float32) geometry.Threat {
	g, err := t.Geometry.At(min(float64(size), t.Geometry.Size()))
	if err != nil {
		return t.Geometry // only for sizes that are none
	}
	return g
}

// admitsSizes refuses sizes that the geometric threat does not have.
func (t Threat) admitsSizes(sizes []float32) error {
	g := t.Geometry
	for _, s := range sizes {
		if float64(s) > g.Size()*(1+1e-6) {
			return fmt.Errorf("sizes: want at most %g %s, all of %s, got %g: write a larger threat", g.Size(), g.Unit(), g, s)
		}
		if g.Whole && s < 1 {
			return fmt.Errorf("sizes: want at least 1 px where moves are whole, got %g", s)
		}
	}
	return nil
}

// UsualSizes are the sizes of a threat at which it is evaluated where none are
// given: fifths of a geometric one, of whole moves every pixel.
func (t Threat) UsualSizes() []float32 {
	n, g := 5, t.Geometry
	if g.Whole {
		n = int(g.Size())
		g.Translate = float64(n)
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(g.Size() * float64(i+1) / float64(n))
	}
	return out
}

// Transform is one change of an image that a geometric threat allows.
type Transform struct {
	Parameters []float64 // in the order of [geometry.Threat.Parameters]
	Field      []float32 // [H,W,2], of fields
}

// Apply writes to x the transform of the problem's image: the reference, by which
// an example is judged.
func (p *Problem) Apply(x []float32, f Transform) {
	if f.Field != nil {
		p.Threat.Geometry.ApplyField(x, p.Image, f.Field, p.H, p.W, p.C)
		return
	}
	p.Threat.Geometry.Apply(x, p.Image, f.Parameters, p.H, p.W, p.C)
}

// Size is the least size of the problem's threat that allows f; +Inf for none.
func (p *Problem) Size(f Transform) float64 {
	if p.Threat.Geometry.IsField() {
		return geometry.MeasureField(f.Field)
	}
	return p.Threat.Geometry.Measure(f.Parameters)
}

// Allows tells whether f is within the problem's threat at its size: parameters
// and fields beyond it are no example.
func (p *Problem) Allows(f Transform) bool {
	g := p.Threat.GeometryAt(p.Eps)
	if g.IsField() {
		return f.Parameters == nil && g.ContainsField(f.Field, p.H, p.W)
	}
	return f.Field == nil && g.Contains(f.Parameters)
}

// ThreatChecker is an attack that is not defined for every threat that its
// catalogue entry names.
type ThreatChecker interface {
	// CheckThreat says what the attack wants where t does not do.
	CheckThreat(t Threat) error
}

// CheckThreat refuses an attack that is not defined for a threat.
func CheckThreat(a Attack, t Threat) error {
	e := About(a)
	if !e.Defined(t) {
		switch {
		case t.IsGeometric() && e.Terms == nil:
			return fmt.Errorf("want an attack on %s, one of %s, got one on norms", t, strings.Join(GeometricNames(), ", "))
		case t.IsGeometric():
			return fmt.Errorf("want a threat of %s, got %s", strings.Join(e.Terms, ", "), t)
		case e.Terms != nil:
			return fmt.Errorf("want a geometric threat, got %s: give it one (--threat %q)", t, e.UsualThreat)
		}
		return fmt.Errorf("want a threat in one of %v, got %s: leave it out, or change the threat", e.Norms, t)
	}
	if c, ok := a.(ThreatChecker); ok && t.IsGeometric() {
		return c.CheckThreat(t)
	}
	return nil
}

// GeometricNames are the names of the attacks on geometric threats.
func GeometricNames() (names []string) {
	for _, e := range Catalogue() {
		if e.Terms != nil {
			names = append(names, e.Name)
		}
	}
	return names
}

// definedFor tells whether an entry is one for all terms of a geometric threat.
func (e Entry) definedFor(g geometry.Threat) bool {
	if e.Terms == nil {
		return false
	}
	name, _, _ := strings.Cut(g.String(), "(")
	for term := range strings.SplitSeq(name, "+") {
		if !slices.Contains(e.Terms, term) {
			return false
		}
	}
	return true
}
