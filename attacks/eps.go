package attacks

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseEps reads a number that is not negative, as it is written in papers:
// ".1", "0.03" or a fraction such as "8/255".
func ParseEps(text string) (float32, error) {
	num, den, fraction := strings.Cut(text, "/")
	v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if err == nil && fraction {
		var d float64
		if d, err = strconv.ParseFloat(strings.TrimSpace(den), 64); err == nil {
			v /= d
		}
	}
	if err != nil || !(v >= 0 && v <= math.MaxFloat32) {
		return 0, fmt.Errorf("want a number that is not negative, such as .1 or 8/255, got %q", text)
	}
	return float32(v), nil
}

// ParseRadii reads a list of eps, separated by spaces, each positive, in any
// order.
func ParseRadii(text string) ([]float32, error) {
	var out []float32
	for _, t := range strings.Fields(text) {
		v, err := ParseEps(t)
		if err != nil {
			return nil, fmt.Errorf("eps: %w", err)
		}
		out = append(out, v)
	}
	return out, checkRadii(out)
}

func checkRadii(eps []float32) error {
	if len(eps) == 0 {
		return fmt.Errorf("eps: want at least one radius, got none")
	}
	for _, e := range eps {
		if !(e > 0) {
			return fmt.Errorf("eps: want positive radii, got %g: the accuracy without attack is always reported", e)
		}
	}
	return nil
}

// Admits refuses radii that no change of an image in [Lo,Hi] can have.
func (t Threat) Admits(eps []float32) error {
	if err := checkRadii(eps); err != nil {
		return err
	}
	for _, e := range eps {
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
		s[i] = strconv.FormatFloat(float64(e), 'g', -1, 32)
	}
	return strings.Join(s, " ")
}
