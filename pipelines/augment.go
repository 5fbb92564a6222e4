package pipelines

import (
	"math/rand/v2"
	"strings"
)

// Augment is a parsed sentence of augmentation steps; its zero value changes nothing. See
// [ParseAugment] for the words.
//
// All geometric steps are axis-aligned, so they are composed before any pixel is touched, and every
// output pixel, the twin's too, is one bilinear interpolation of the 8-bit source. Coordinates are
// held within each step's image, so that padding repeats its edge pixels and nothing outside a crop
// is seen.
//
// What this changes: a sentence with one interpolating step gives the step-by-step result, and of
// several one interpolation at the composed place where step by step would interpolate what was
// interpolated before. Both are averages of the same few neighbours; ours is the sharper one.
// Interpolating steps are resize, stretch and deform; crop, centre, flip and shift are not.
type Augment struct{ ops []op }

// String is the canonical sentence: ParseAugment(a.String()) gives a again.
func (a Augment) String() string {
	parts := make([]string, len(a.ops))
	for i, o := range a.ops {
		parts[i] = o.String()
	}
	return strings.Join(parts, "|")
}

// MarshalText is String, for configuration files.
func (a Augment) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is ParseAugment, for configuration files.
func (a *Augment) UnmarshalText(text []byte) error {
	b, err := ParseAugment(string(text))
	if err == nil {
		*a = b
	}
	return err
}

// Eval is what evaluation uses in place of a: crop becomes centre, resize and centre stay, all that
// is random is left out.
func (a Augment) Eval() Augment {
	var e Augment
	for _, o := range a.ops {
		if o = o.eval(); o != nil {
			e.ops = append(e.ops, o)
		}
	}
	return e
}

// Out is the shape of what a makes of images of shape in. An error says which step does not fit.
func (a Augment) Out(in Shape) (Shape, error) {
	var err error
	for _, o := range a.ops {
		if in, err = o.out(in); err != nil {
			return Shape{}, err
		}
	}
	return in, nil
}

// Twin says whether a makes deformed twins.
func (a Augment) Twin() bool {
	_, ok := a.deform()
	return ok
}

// deform is the sentence's deform, which only ever is its last step.
func (a Augment) deform() (deform, bool) {
	if len(a.ops) == 0 {
		return deform{}, false
	}
	d, ok := a.ops[len(a.ops)-1].(deform)
	return d, ok
}

// augmenter applies a sentence to one image after another. It belongs to one goroutine.
type augmenter struct {
	in      Shape
	moves   []mover
	tints   []tinter
	deform  deform
	deforms bool
	means   bool // some tint reads the image's means
	gen     *generator
	tint    tint
	bias    []float32 // the tint's bias for each element of a row
	zero    []float32
	image   *resampler
	twin    *resampler
}

// newAugmenter prepares a sentence for images of shape in.
func newAugmenter(a Augment, in Shape) (*augmenter, error) {
	out, err := a.Out(in)
	if err != nil {
		return nil, err
	}
	m := &augmenter{
		in: in, gen: newGenerator(),
		tint: tint{bias: make([]float64, in.C), mean: make([]float64, in.C)},
		bias: make([]float32, out.W*out.C), zero: make([]float32, out.W*out.C),
		image: newResampler(in, out), twin: newResampler(in, out),
	}
	m.deform, m.deforms = a.deform()
	for _, o := range a.ops {
		switch o := o.(type) {
		case deform: // a mover too, but of the twin alone
		case mover:
			m.moves = append(m.moves, o)
		case tinter:
			m.tints = append(m.tints, o)
			m.means = m.means || o.needsMean()
		}
	}
	return m, nil
}

// apply draws the augmentation of src that seed stands for into image, and its deformation into twin
// if the sentence has one.
func (m *augmenter) apply(seed Seed, src []uint8, image, twin []float32) {
	if len(m.moves) == 0 && len(m.tints) == 0 && !m.deforms {
		for i, v := range src[:len(image)] {
			image[i] = unit[v]
		}
		return
	}
	r := m.gen.at(seed)
	v := view{identity(m.in.H), identity(m.in.W)}
	for _, o := range m.moves {
		v = o.move(v, r)
	}
	gain := m.draw(image, src, v, r)
	if m.deforms {
		m.twin.draw(twin, src, m.deform.move(v, r), gain, m.bias)
	}
}

// draw draws view v, tinted, into image; it returns the tint's gain and leaves its bias in m.bias.
func (m *augmenter) draw(image []float32, src []uint8, v view, r *rand.Rand) (gain float32) {
	m.tint.reset()
	if m.means {
		// The means are known only once the image is drawn: a second pass over it cannot be spared.
		m.image.draw(image, src, v, 1, m.zero)
		m.tint.means(image)
	}
	for _, o := range m.tints {
		o.tint(&m.tint, r)
	}
	gain = float32(m.tint.gain)
	for i := range m.bias {
		m.bias[i] = float32(m.tint.bias[i%m.in.C])
	}
	if m.means {
		applyTint(image, gain, m.bias)
	} else {
		m.image.draw(image, src, v, gain, m.bias)
	}
	return gain
}
