package pipelines

import (
	"math/rand/v2"
	"strings"
)

// Augment is a list of augmentation steps; its zero value changes nothing. [ParseAugment] lists the
// steps.
//
// All geometric steps are axis-aligned. They are composed before any pixel is touched, and every
// output pixel, of the deformed view too, is one bilinear interpolation of the 8-bit source.
// Coordinates are clamped to each step's image, so padding repeats its edge pixels and nothing
// outside a crop is used.
//
// With one interpolating step the result is that of applying the steps one by one. With several it
// is one interpolation at the composed place, where one by one would interpolate interpolated
// values. Both are averages of the same few neighbours; one interpolation blurs less. The
// interpolating steps are resize, stretch and deform; crop, centre, flip and shift are not.
type Augment struct{ steps []step }

// String is the text of a in its shortest form: ParseAugment(a.String()) gives a again.
func (a Augment) String() string {
	parts := make([]string, len(a.steps))
	for i, o := range a.steps {
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

// ForEvaluation is what evaluation applies in place of a: crop becomes centre, resize and centre
// stay, random steps are left out.
func (a Augment) ForEvaluation() Augment {
	var e Augment
	for _, o := range a.steps {
		if o = o.forEvaluation(); o != nil {
			e.steps = append(e.steps, o)
		}
	}
	return e
}

// OutputShape is the shape of what a makes of images of shape in. An error says which step does not fit.
func (a Augment) OutputShape(in Shape) (Shape, error) {
	var err error
	for _, o := range a.steps {
		if in, err = o.outputShape(in); err != nil {
			return Shape{}, err
		}
	}
	return in, nil
}

// Deforms reports whether a makes a deformed view of each image.
func (a Augment) Deforms() bool {
	_, ok := a.deform()
	return ok
}

// deform is the deform step of a. It can only be the last step.
func (a Augment) deform() (deform, bool) {
	if len(a.steps) == 0 {
		return deform{}, false
	}
	d, ok := a.steps[len(a.steps)-1].(deform)
	return d, ok
}

// augmenter applies an [Augment] to one image after another. It belongs to one goroutine.
type augmenter struct {
	in           Shape
	geometric    []geometricStep
	values       []valueStep
	erases       []erase
	deform       deform
	deforms      bool
	needMeans    bool // some step reads the image's means
	gen          *generator
	affine       affine
	bias         []float32 // of affine, for each element of a row
	image        *resampler
	deformedView *resampler
}

// newAugmenter prepares a for images of shape in.
func newAugmenter(a Augment, in Shape) (*augmenter, error) {
	out, err := a.OutputShape(in)
	if err != nil {
		return nil, err
	}
	m := &augmenter{
		in: in, gen: newGenerator(),
		affine: affine{bias: make([]float64, in.C), mean: make([]float64, in.C)},
		bias:   make([]float32, out.W*out.C),
		image:  newResampler(in, out), deformedView: newResampler(in, out),
	}
	m.deform, m.deforms = a.deform()
	for _, o := range a.steps {
		switch o := o.(type) {
		case deform: // geometric too, but of the deformed view alone
		case geometricStep:
			m.geometric = append(m.geometric, o)
		case valueStep:
			m.values = append(m.values, o)
			m.needMeans = m.needMeans || o.needsMean()
		case erase:
			m.erases = append(m.erases, o)
		}
	}
	return m, nil
}

// apply draws the augmentation of src that belongs to seed into image, and the deformed view into
// view if there is a deform step.
func (m *augmenter) apply(seed Seed, src []uint8, image, view []float32) {
	if len(m.geometric) == 0 && len(m.values) == 0 && len(m.erases) == 0 && !m.deforms {
		for i, v := range src[:len(image)] {
			image[i] = unitValues[v]
		}
		return
	}
	r := m.gen.reseed(seed)
	v := sampleGrid{identityAxis(m.in.H), identityAxis(m.in.W)}
	for _, o := range m.geometric {
		v = o.move(v, r)
	}
	gain := m.draw(image, src, v, r)
	for _, o := range m.erases {
		o.apply(image, m.image.out, r)
	}
	if m.deforms {
		m.deformedView.draw(view, src, m.deform.move(v, r), gain, m.bias)
	}
}

// draw samples src at v into image and changes its values; it returns their gain and leaves their
// bias in m.bias.
func (m *augmenter) draw(image []float32, src []uint8, v sampleGrid, r *rand.Rand) (gain float32) {
	if len(m.values) == 0 { // m.bias is zero
		m.image.draw(image, src, v, 1, nil)
		return 1
	}
	m.affine.reset()
	if m.needMeans {
		// The means are known only once the image is drawn: it is drawn first and changed afterwards.
		m.image.draw(image, src, v, 1, nil)
		m.affine.setMeans(image)
	}
	for _, o := range m.values {
		o.change(&m.affine, r)
	}
	gain = float32(m.affine.gain)
	for i := range m.bias {
		m.bias[i] = float32(m.affine.bias[i%m.in.C])
	}
	if m.needMeans {
		applyAffine(image, gain, m.bias)
	} else {
		m.image.draw(image, src, v, gain, m.bias)
	}
	return gain
}
