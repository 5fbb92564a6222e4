package graphs

import (
	"fmt"

	"unwarp/graphs/spec"
)

// Model is a model in a configuration; [Model.Build] makes the value that
// writes itself into a graph.
type Model struct {
	// Kind is the kind of model: base (encoder and classifier), reconstruction
	// (also a decoder) or disentangled (also an appearance code, a geometric
	// code and a warp).
	Kind string `mapstructure:"kind" yaml:"kind" json:"kind"`
	// Encoder is the encoder: hinton (two convolutions and a dense layer, Hinton et
	// al. 2018), conv4 (four convolutions, as the paper says of its benchmark CNN),
	// resnet(depth=20), for short resnet20, of any depth 6n+2,
	// photo-cnn and photo-resnet (for images of 32 to 224 pixels), capsules (matrix
	// capsules), or dm-small, dm-medium, dm-large, cnn7. Options stand in brackets,
	// such as hinton(embedding=linear).
	// savedmodel(path=DIR) and onnx(path=FILE) take a network that another program
	// trained, up to output=LAYER; freeze=all or first:N keeps weights as they are.
	Encoder string `mapstructure:"encoder" yaml:"encoder" json:"encoder"`
	// Head is the classifier on the embedding: linear, which "" means too, capsules
	// (a capsule for each class, by EM routing, or with routing=self), or none, where
	// the embedding is the scores of an encoder from a file.
	Head string `mapstructure:"head" yaml:"head,omitempty" json:"head,omitempty"`
	// Appearance is the size of the appearance code. The embedding has the size
	// of both codes together; a base network whose encoder has embedding=features
	// (resnet, conv4) has its features instead.
	Appearance int `mapstructure:"appearance" yaml:"appearance" json:"appearance" in:"[1,65536]"`
	// Geometry is the size of the geometric code. See appearance.
	Geometry int `mapstructure:"geometry" yaml:"geometry" json:"geometry" in:"[1,65536]"`
	// Dropout is the dropout rate on the head's input, in [0,1). -1 is the
	// encoder's own: .5 for hinton, 0 for the others.
	Dropout float32 `mapstructure:"dropout" yaml:"dropout" json:"dropout" in:"[-1,1)"`
	// Transform changes images before the encoder sees them, in training and in
	// inference, without a gradient: bits(depth=3), jpeg(quality=75),
	// tv(weight=.03,drop=.5) or thermometer(levels=16), defences that fail against
	// attacks with gradient=straight-through. "", none: no change.
	Transform string `mapstructure:"transform" yaml:"transform,omitempty" json:"transform,omitempty"`
	// SpatialTransformer warps each image, by a map that a small network predicts from
	// it, before the encoder sees it (Jaderberg et al. 2015): affine(channels=20,units=50),
	// similarity (rotation, scale and shifts) or translation. "", none: no warp.
	SpatialTransformer string `mapstructure:"spatial_transformer" yaml:"spatial_transformer,omitempty" json:"spatial_transformer,omitempty"`
	// Normalise is how the model standardises images: none, image (by each
	// image's mean and deviation), channel (by those of each channel of each
	// image) or set (by those of each channel over the training set).
	Normalise Normalise `mapstructure:"normalise" yaml:"normalise" json:"normalise"`
	// Mean is the training set's mean of each channel, of pixels in [0,1], for
	// normalise: set. Training computes it where it is empty.
	Mean []float32 `mapstructure:"mean" yaml:"mean" json:"mean,omitempty" in:"[0,1]"`
	// Std is the training set's standard deviation of each channel, for
	// normalise: set. Training computes it where it is empty.
	Std []float32 `mapstructure:"std" yaml:"std" json:"std,omitempty" in:"(0,1e6]"`
	// Range is the range in which the encoder takes pixels, lo..hi: -1..1, 0..255. "":
	// 0..1. Of a model from a file "" also means what its file and its accuracy on the
	// first images tell.
	Range Range `mapstructure:"range" yaml:"range,omitempty" json:"range,omitempty"`
	// Target is what the reconstruction is compared with: image (the image, in
	// [0,1]; the decoder ends in a sigmoid) or normalised (the image after
	// normalise; the decoder ends linearly).
	Target Target `mapstructure:"target" yaml:"target" json:"target,omitempty"`
	// Width is the number of channels before the decoders' last layer.
	Width int `mapstructure:"width" yaml:"width" json:"width" in:"[1,4096]"`
	// Field is the deformation field of a disentangled model: smooth
	// (interpolated from a grid of a quarter of the image's size) or pixel (one
	// displacement for each pixel, as in the paper).
	Field Field `mapstructure:"field" yaml:"field" json:"field"`
	// Border is what the warp reads outside the image: clamp (the nearest edge
	// pixel) or zero (eq. 7 of the paper).
	Border Border `mapstructure:"border" yaml:"border" json:"border"`
	// Reach is the largest displacement, as a share of the image's side, in
	// (0,1].
	Reach float32 `mapstructure:"reach" yaml:"reach" json:"reach" in:"(0,1]"`
}

// OwnDropout stands for the rate that belongs to the encoder.
const OwnDropout = -1

// DefaultModel is the disentangled classifier around Hinton's CNN.
func DefaultModel() Model {
	return Model{
		Kind: "disentangled", Encoder: "hinton",
		Appearance: 512, Geometry: 512, Dropout: OwnDropout, Normalise: NoNormalise, Target: ImageTarget,
		Width: 32, Field: Smooth, Border: Clamp, Reach: .3125,
	}
}

// Identity is a text that two configurations share only where they are the same
// model. Run folders hold hashes of it, so the keys that it began with are
// written as ever, and a later one only where it is set.
func (m Model) Identity() string {
	later := ""
	if m.Head != "" {
		later = " Head:" + m.Head
	}
	if m.Target != "" && m.Target != ImageTarget {
		later += " Target:" + string(m.Target)
	}
	if m.Range != "" {
		later += " Range:" + string(m.Range)
	}
	if m.HasTransform() {
		later += " Transform:" + m.Transform
	}
	if m.hasSpatialTransformer() {
		later += " SpatialTransformer:" + m.SpatialTransformer
	}
	return fmt.Sprintf("{Kind:%s Encoder:%s Appearance:%d Geometry:%d Dropout:%v Normalise:%s Mean:%v Std:%v Width:%d Field:%s Border:%s Reach:%v%s}",
		m.Kind, m.Encoder, m.Appearance, m.Geometry, m.Dropout, m.Normalise, m.Mean, m.Std, m.Width, m.Field, m.Border, m.Reach, later)
}

// Build checks the configuration and returns the model for images of so many
// classes. Errors name the key.
func (m Model) Build(classes int) (Disentangled, error) {
	d := Disentangled{
		Normalise: Normalisation{By: m.Normalise, Mean: m.Mean, Std: m.Std}, Range: m.Range,
		Classes: classes, Appearance: m.Appearance, Geometry: m.Geometry,
		Target: m.Target, Width: m.Width, Field: m.Field, Border: m.Border, Reach: m.Reach,
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
	encoder, err := m.parseEncoder()
	if err != nil {
		return d, err
	}
	head, err := m.parseHead()
	if err != nil {
		return d, err
	}
	if d.Transform, err = m.parseTransform(); err != nil {
		return d, err
	}
	if d.SpatialTransformer, err = m.parseSpatialTransformer(); err != nil {
		return d, err
	}
	dropout := m.Dropout
	if dropout == OwnDropout {
		dropout = encoder.ownDropout()
	}
	d.Encoder, d.Head = encoder.fit(m), head.fit(dropout)
	if err := d.Normalise.validate(); err != nil {
		return d, err
	}
	if _, _, err := m.Range.Bounds(); err != nil {
		return d, err
	}
	return d, m.checkNumbers(dropout, classes)
}

// checkNumbers refuses sizes, rates and words out of range. dropout is the
// resolved rate.
func (m Model) checkNumbers(dropout float32, classes int) error {
	if err := spec.CheckRanges("model", m); err != nil {
		return err
	}
	switch {
	case !(dropout >= 0 && dropout < 1): // NaN too
		return fmt.Errorf("model.dropout: want a rate in [0,1), or %d for the encoder's own, got %g", OwnDropout, m.Dropout)
	case m.Target != "" && m.Target != ImageTarget && m.Target != NormalisedTarget:
		return fmt.Errorf("model.target: want image or normalised, got %q", m.Target)
	case m.Target == NormalisedTarget && (m.Normalise == "" || m.Normalise == NoNormalise):
		return fmt.Errorf("model.target: normalised wants model.normalise to be image, channel or set, got %q", m.Normalise)
	case m.Range != "" && m.Target == NormalisedTarget:
		return fmt.Errorf("model.range: want none with model.target: normalised, got %q", string(m.Range))
	case m.Range != "" && m.Normalise != "" && m.Normalise != NoNormalise:
		return fmt.Errorf("model.range: want none beside model.normalise, got %q: model.mean and model.std are of pixels in [0,1]: set model.normalise=none, which a preset may have changed", string(m.Range))
	case m.Field != Smooth && m.Field != Pixel:
		return fmt.Errorf("model.field: want smooth or pixel, got %q", m.Field)
	case m.Border != Clamp && m.Border != Zero:
		return fmt.Errorf("model.border: want clamp or zero, got %q", m.Border)
	case classes < 2:
		return fmt.Errorf("model: want at least 2 classes, got %d", classes)
	}
	return nil
}
