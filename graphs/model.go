package graphs

import "fmt"

// Model is a model in a configuration; [Model.Build] makes the value that
// writes itself into a graph.
type Model struct {
	// Kind is base, reconstruction or disentangled.
	Kind string `mapstructure:"kind" yaml:"kind" json:"kind"`
	// Encoder is hinton, or resnet20, resnet110 or any depth of 6n+2.
	Encoder string `mapstructure:"encoder" yaml:"encoder" json:"encoder"`
	// Appearance and Geometry are the sizes of the two codes; their sum is the
	// size of the embedding, for every kind but a base ResNet, whose embedding
	// is its 64 pooled features.
	Appearance int `mapstructure:"appearance" yaml:"appearance" json:"appearance"`
	Geometry   int `mapstructure:"geometry" yaml:"geometry" json:"geometry"`
	// Dropout is the rate on the classifier's input, in [0,1); OwnDropout is
	// the encoder's own: .5 for hinton, 0 for resnet.
	Dropout float32 `mapstructure:"dropout" yaml:"dropout" json:"dropout"`
	// Normalise is none, image, channel or set.
	Normalise Normalise `mapstructure:"normalise" yaml:"normalise" json:"normalise"`
	// Mean and Std are the training set's moments, a number for each channel;
	// they belong to set, and training fills them in where they are empty.
	Mean []float32 `mapstructure:"mean" yaml:"mean" json:"mean,omitempty"`
	Std  []float32 `mapstructure:"std" yaml:"std" json:"std,omitempty"`
	// Width is the number of channels before the decoders' last layer.
	Width int `mapstructure:"width" yaml:"width" json:"width"`
	// Field is smooth or pixel.
	Field Field `mapstructure:"field" yaml:"field" json:"field"`
	// Border is clamp or zero.
	Border Border `mapstructure:"border" yaml:"border" json:"border"`
	// Reach bounds displacements, as a share of the image's side.
	Reach float32 `mapstructure:"reach" yaml:"reach" json:"reach"`
}

// OwnDropout stands for the rate that belongs to the encoder.
const OwnDropout = -1

// DefaultModel is the disentangled classifier around Hinton's CNN.
func DefaultModel() Model {
	return Model{
		Kind: "disentangled", Encoder: "hinton",
		Appearance: 512, Geometry: 512, Dropout: OwnDropout, Normalise: NoNormalise,
		Width: 32, Field: Smooth, Border: Clamp, Reach: .3125,
	}
}

// Build checks the configuration and returns the model for classes classes.
func (m Model) Build(classes int) (Disentangled, error) {
	d := Disentangled{
		Normalise: Normalisation{By: m.Normalise, Mean: m.Mean, Std: m.Std},
		Classes:   classes, Appearance: m.Appearance, Geometry: m.Geometry, Dropout: m.Dropout,
		Width: m.Width, Field: m.Field, Border: m.Border, Reach: m.Reach,
		Config: m,
	}
	switch m.Kind {
	case "base":
	case "reconstruction":
		d.Decode = true
	case "disentangled":
		d.Decode, d.Warp = true, true
	default:
		return d, fmt.Errorf("model.kind: want base, reconstruction or disentangled, got %q", m.Kind)
	}
	var kind encoderKind
	var err error
	if d.Encoder, kind, err = m.encoder(); err != nil {
		return d, err
	}
	if m.Dropout == OwnDropout {
		d.Dropout = kind.dropout
	}
	if err := d.Normalise.check(); err != nil {
		return d, err
	}
	switch {
	case m.Appearance < 1 || m.Geometry < 1:
		return d, fmt.Errorf("model.appearance, model.geometry: want at least 1 each, got %d and %d", m.Appearance, m.Geometry)
	case !(d.Dropout >= 0 && d.Dropout < 1): // NaN too
		return d, fmt.Errorf("model.dropout: want a rate in [0,1), or %d for the encoder's own, got %g", OwnDropout, m.Dropout)
	case m.Width < 1:
		return d, fmt.Errorf("model.width: want at least 1, got %d", m.Width)
	case !(m.Reach > 0 && m.Reach <= 1):
		return d, fmt.Errorf("model.reach: want a share in (0,1], got %g", m.Reach)
	case m.Field != Smooth && m.Field != Pixel:
		return d, fmt.Errorf("model.field: want smooth or pixel, got %q", m.Field)
	case m.Border != Clamp && m.Border != Zero:
		return d, fmt.Errorf("model.border: want clamp or zero, got %q", m.Border)
	case classes < 2:
		return d, fmt.Errorf("model: want at least 2 classes, got %d", classes)
	}
	return d, nil
}
