package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/spec"
)

// Transform changes images in [0,1] before anything else sees them, in training
// and in inference: a defence by transforming the input. None of them has a
// gradient: attacks meet 0, unless they take a straight-through one (package
// bpda), which is how these defences were broken (Athalye, Carlini and Wagner
// 2018).
type Transform interface {
	// Apply maps images [B,H,W,C] to images, of other channels for some.
	Apply(s *Scope, images tf.Output) tf.Output
}

// transforms are those that model.transform can name. A new one is a file with its
// struct, and its row here; one that keeps the shape of images can also lie around
// a finished model (package attacks/defences).
var transforms = []spec.Kind[Transform]{
	{Name: noTransform, New: func() Transform { return new(identityTransform) }},
	{Name: "bits", New: func() Transform { return new(BitDepth) }},
	{Name: "jpeg", New: func() Transform { return new(JPEG) }},
	{Name: "tv", New: func() Transform { return new(TotalVariation) }},
	{Name: "thermometer", New: func() Transform { return new(Thermometer) }},
}

// noTransform is what an empty model.transform means.
const noTransform = "none"

// identityTransform leaves images as they are.
type identityTransform struct{}

func (identityTransform) Apply(_ *Scope, images tf.Output) tf.Output { return images }

// HasTransform reports whether m changes images by a [Transform].
func (m Model) HasTransform() bool { return m.Transform != "" && m.Transform != noTransform }

// DrawsAtRandom reports whether passes over the same images differ, in inference too:
// where the transform drops pixels.
func (m Model) DrawsAtRandom() bool {
	t, err := m.parseTransform()
	tv, ok := t.(*TotalVariation)
	return err == nil && ok && tv.Drop > 0
}

// parseTransform reads model.transform. An unknown name is a [spec.UnknownError].
func (m Model) parseTransform() (Transform, error) {
	if m.Transform == "" {
		return identityTransform{}, nil
	}
	t, err := spec.Parse(m.Transform, transforms)
	if err != nil {
		return nil, fmt.Errorf("model.transform: %w", err)
	}
	if _, ok := t.(*Thermometer); ok && m.Normalise != "" && m.Normalise != NoNormalise {
		return nil, fmt.Errorf("model.transform: want model.normalise=none with thermometer, whose channels are 0 or 1, got %s", m.Normalise)
	}
	return t, nil
}
