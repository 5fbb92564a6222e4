package defences

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/spec"
)

// Defence is put around a model.
type Defence interface {
	// Wrap is v behind the defence. Training loss and codes are left out.
	Wrap(v attacks.Victim) attacks.Victim
}

// None names no defence; "" means it too.
const None = "none"

// kinds are the defences that attack.defence can name. A new one is a file with its
// struct, and its row here.
var kinds = []spec.Kind[Defence]{
	{Name: None, New: func() Defence { return new(noDefence) }},
	{Name: "quantise", New: func() Defence { return new(Quantise) }},
	{Name: "scale", New: func() Defence { return new(Scale) }},
	{Name: "noise", New: func() Defence { return new(Noise) }},
	{Name: "bits", New: func() Defence { return new(Bits) }},
	{Name: "jpeg", New: func() Defence { return new(JPEG) }},
	{Name: "tv", New: func() Defence { return new(TotalVariation) }},
	{Name: "sap", New: func() Defence { return new(Pruning) }},
}

// Names lists the defences.
func Names() []string { return spec.Names(kinds) }

// Parse reads a defence with its parameters, such as jpeg(quality=75). An unknown
// name is a [spec.UnknownError].
func Parse(text string) (Defence, error) {
	if text == "" {
		text = None
	}
	return spec.Parse(text, kinds)
}

type noDefence struct{}

func (noDefence) Wrap(v attacks.Victim) attacks.Victim { return v }

// before is v with a transform of its images.
func before(v attacks.Victim, t graphs.Transform) attacks.Victim {
	inner := v.Logits
	v = v.LogitsAlone()
	v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output { return inner(s, t.Apply(s.In("defence"), images)) }
	return v
}
