package attacks

import (
	"fmt"
	"strings"

	"unwarp/graphs/spec"
)

// Radii is a list of eps, each positive, in units of images in [0,1].
type Radii []float32

// MarshalText writes the list as ParseRadii reads it.
func (r Radii) MarshalText() ([]byte, error) { return []byte(FormatRadii(r)), nil }

// UnmarshalText reads the list like ParseRadii.
func (r *Radii) UnmarshalText(text []byte) (err error) {
	*r, err = parseRadii(string(text)) // whoever reads the key eps names it
	return err
}

// ParseRadii reads a list of eps, separated by spaces, each positive, in any
// order.
func ParseRadii(text string) ([]float32, error) {
	out, err := parseRadii(text)
	if err != nil {
		return nil, fmt.Errorf("eps: %w", err)
	}
	return out, nil
}

// ParseSizes reads a list of sizes of a geometric threat, as ParseRadii reads
// radii.
func ParseSizes(text string) ([]float32, error) {
	out, err := parseRadii(text)
	if err != nil {
		return nil, fmt.Errorf("sizes: %w", err)
	}
	return out, nil
}

func parseRadii(text string) ([]float32, error) {
	var out []float32
	for _, t := range strings.Fields(text) {
		v, err := spec.ParseNumber(t)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, checkRadii(out)
}

// Bounds of radii: their number, and their size, above that of an image of a
// million values in [0,1] in any norm.
const (
	mostRadii  = 100
	mostRadius = 1e6
)

func checkRadii(eps []float32) error {
	switch {
	case len(eps) == 0:
		return fmt.Errorf("want at least one radius, got none")
	case len(eps) > mostRadii:
		return fmt.Errorf("want at most %d radii, got %d", mostRadii, len(eps))
	}
	for _, e := range eps {
		switch {
		case !(e > 0):
			return fmt.Errorf("want positive radii, got %g: the accuracy without attack is always reported", e)
		case e > mostRadius:
			return fmt.Errorf("want radii of at most %g, got %g", float64(mostRadius), e)
		}
	}
	return nil
}

// Admits refuses radii that no change of an image in [Lo,Hi] can have.
func (t Threat) Admits(eps []float32) error {
	if err := checkRadii(eps); err != nil {
		return fmt.Errorf("eps: %w", err)
	}
	if t.IsGeometric() {
		return t.admitsSizes(eps)
	}
	for _, e := range eps {
		if step := 1 / float64(max(1, t.Lattice)); t.Lattice > 0 && float64(e) < step*(1-1e-6) {
			return fmt.Errorf("eps: want at least 1/%d, a step of the lattice, got %g: a smaller change is none", t.Lattice, e)
		}
		if t.Norm == Linf && e > t.Hi-t.Lo {
			return fmt.Errorf("eps: want radii in (0,%g], in units of images in [%g,%g], got %g: write 8/255 for 8 of 255 steps", t.Hi-t.Lo, t.Lo, t.Hi, e)
		}
	}
	return nil
}

// FormatRadii writes a list as ParseRadii reads it.
func FormatRadii(eps []float32) string {
	s := make([]string, len(eps))
	for i, e := range eps {
		s[i] = spec.FormatNumber(e)
	}
	return strings.Join(s, " ")
}
