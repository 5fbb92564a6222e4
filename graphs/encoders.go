package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs/spec"
)

// Encoder maps images [B,H,W,C], in [0,1] before any normalisation, to an
// embedding [B,D].
type Encoder interface {
	Encode(s *Scope, images tf.Output) tf.Output
}

// encoderSpec is an encoder as model.encoder writes it: a struct whose fields
// with the tag `key` are its options (see [spec]).
type encoderSpec interface {
	// fit returns the encoder with the embedding that m needs.
	fit(m Model) Encoder
	// ownDropout is the dropout rate that [OwnDropout] means for it.
	ownDropout() float32
}

// encoders are the encoders that model.encoder can name. A new one is a file
// with its struct, and its row here.
var encoders = []spec.Kind[encoderSpec]{
	{Name: "hinton", New: func() encoderSpec { return new(Hinton) }},
	{Name: "conv4", New: func() encoderSpec { return new(Conv4) }},
	{Name: "resnet", New: func() encoderSpec { return new(ResNet) }, Shorthand: "depth",
		Examples: []string{"resnet20", "resnet32", "resnet44", "resnet56", "resnet110"}},
	{Name: "photo-resnet", New: func() encoderSpec { return new(PhotoResNet) }},
	{Name: "photo-cnn", New: func() encoderSpec { return new(PhotoCNN) }},
	{Name: "capsules", New: func() encoderSpec { return new(CapsuleNet) }},
	{Name: "dm-small", New: newDMSmall},
	{Name: "dm-medium", New: newDMMedium},
	{Name: "dm-large", New: newDMLarge},
	{Name: "cnn7", New: newCNN7},
}

// Encoders lists values of model.encoder to offer: a name, or for encoders with
// a short form the published ones.
func Encoders() []string { return spec.Names(encoders) }

// parseEncoder reads model.encoder. An unknown name is a [spec.UnknownError].
func (m Model) parseEncoder() (encoderSpec, error) {
	e, err := spec.Parse(m.Encoder, encoders)
	if err != nil {
		return nil, fmt.Errorf("model.encoder: %w", err)
	}
	return e, nil
}
