package vnnlib

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"unwarp/attacks"
	"unwarp/attacks/certify"
)

// Property says that no image of a box is classified otherwise than as Label.
type Property struct {
	Name         string    // of the file, without its ending
	Lower, Upper []float64 // [H,W,C], the smallest and the largest values of pixels
	H, W, C      int
	Classes      int
	Label        int
}

// Open are the properties of images whose results at eps, the radius of an L∞ ball,
// are open.
func Open(v attacks.Victim, images attacks.Images, results []certify.Result, eps float32) []Property {
	var all []Property
	size := v.Size()
	for i, r := range results {
		if r.Status != certify.Open {
			continue
		}
		p := Property{
			Name: fmt.Sprintf("image-%d-eps-%s", images.Index[i], strconv.FormatFloat(float64(eps), 'f', -1, 32)),
			H:    v.H, W: v.W, C: v.C, Classes: v.Classes, Label: int(images.Labels[i]),
		}
		p.Lower, p.Upper = Ball(images.Pixels[i*size:(i+1)*size], float64(eps))
		all = append(all, p)
	}
	return all
}

// Ball is the L∞ ball of radius eps around an image, cut by [0,1].
func Ball(image []float32, eps float64) (lower, upper []float64) {
	for _, v := range image {
		lower, upper = append(lower, max(0, float64(v)-eps)), append(upper, min(1, float64(v)+eps))
	}
	return lower, upper
}

// check refuses what is no box, and names that are no file names.
func (p Property) check() error {
	n := p.H * p.W * p.C
	switch {
	case len(p.Lower) != n || len(p.Upper) != n || n == 0:
		return fmt.Errorf("vnnlib: %s: want bounds of %dx%dx%d values, got %d and %d", p.Name, p.H, p.W, p.C, len(p.Lower), len(p.Upper))
	case p.Classes < 2 || p.Label < 0 || p.Label >= p.Classes:
		return fmt.Errorf("vnnlib: %s: want a label of at least 2 classes, got %d of %d", p.Name, p.Label, p.Classes)
	case p.Name == "" || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-") != "":
		return fmt.Errorf("vnnlib: want a name of letters, digits and ._+-, got %q", p.Name)
	}
	for i, l := range p.Lower {
		if !(l <= p.Upper[i]) {
			return fmt.Errorf("vnnlib: %s: value %d: want a lower bound of at most the upper, got %g and %g: the box is empty", p.Name, i, l, p.Upper[i])
		}
	}
	return nil
}

// Text is the property in VNN-LIB 1.0.
func (p Property) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "; %s: no image of the box is classified otherwise than as %d.\n; X: pixels [1,%d,%d,%d], Y: logits.\n\n", p.Name, p.Label, p.C, p.H, p.W)
	for i := range p.Lower {
		fmt.Fprintf(&b, "(declare-const X_%d Real)\n", i)
	}
	for k := range p.Classes {
		fmt.Fprintf(&b, "(declare-const Y_%d Real)\n", k)
	}
	b.WriteByte('\n')
	pixels := p.H * p.W
	for i := range p.Lower {
		from := i%pixels*p.C + i/pixels // of [H,W,C]
		fmt.Fprintf(&b, "(assert (>= X_%d %s))\n(assert (<= X_%d %s))\n", i, decimal(p.Lower[from]), i, decimal(p.Upper[from]))
	}
	b.WriteString("\n(assert (or\n")
	for k := range p.Classes {
		if k != p.Label {
			fmt.Fprintf(&b, "    (and (>= Y_%d Y_%d))\n", k, p.Label)
		}
	}
	b.WriteString("))\n")
	return b.Bytes()
}

// decimal writes a number without an exponent, which some readers do not know.
func decimal(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
