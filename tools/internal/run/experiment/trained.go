package experiment

import (
	"errors"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// weightsFile is the file with the weights in a checkpoint and in an export.
const weightsFile = "variables.data-00000-of-00001"

// trained is a [Model] that unwarp trained.
type trained struct {
	model graphs.Disentangled
	shape pipelines.Shape
	// declare writes the inference pass into a builder.
	declare func(b *graphs.Builder) (*trainer.TrainGraph, error)
	load    loadWeights
}

// loadWeights gives a net, in whose graph p was declared, the weights of a source.
type loadWeights func(p *trainer.TrainGraph, net *graphs.Net) (trainer.State, error)

func (m *trained) Shape() pipelines.Shape { return m.shape }
func (m *trained) asTrained() *trained    { return m }
func (m *trained) Classes() int           { return m.model.Classes }

func (m *trained) Declare(b *graphs.Builder) (Declared, error) {
	p, err := m.declare(b)
	if err != nil {
		return Declared{}, err
	}
	return Declared{
		Victim:  newVictim(p),
		Restore: func(net *graphs.Net) error { _, err := m.restore(p, net); return err },
	}, nil
}

// restore reads the weights. Where they do not fit it says what images the
// model was built for, since sizes of weights follow from them.
func (m *trained) restore(p *trainer.TrainGraph, net *graphs.Net) (trainer.State, error) {
	st, err := m.load(p, net)
	var mismatch *trainer.MismatchError
	if errors.As(err, &mismatch) {
		err = fmt.Errorf("%w (the images are %v, of %d classes)", err, m.shape, m.model.Classes)
	}
	return st, err
}

// newVictim shows a trained model to the attacks: its logits, and where it has
// them its training loss (eq. 5 on the attacked image) and its codes.
func newVictim(p *trainer.TrainGraph) attacks.Victim {
	v := attacks.Victim{
		H: p.Shape.H, W: p.Shape.W, C: p.Shape.C, Classes: p.Model.Classes,
		Logits: func(s *graphs.Scope, images tf.Output) tf.Output {
			return p.Classify(s, images).Logits
		},
		Codes: func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[attacks.Loss]tf.Output) {
			f := p.Classify(s, images)
			return f.Logits, codesOf(p, f)
		},
		Pass: []graphs.PassOption{graphs.Averaged()},
	}
	if p.HasTrainingLoss() {
		v.TrainingLoss = func(s *graphs.Scope, images, labels tf.Output) (loss, logits tf.Output) {
			f := p.Apply(s, images)
			return p.Config.Objective.PerImage(s.In("objective"), f, labels).Total, f.Logits
		}
	}
	for _, code := range []attacks.Loss{attacks.Embedding, attacks.Appearance, attacks.Geometry} {
		if codesOf(p, p.Inference)[code].Op != nil {
			v.CodeNames = append(v.CodeNames, code)
		}
	}
	return v
}

// codesOf are the codes of a pass, of those that the model has a name for.
func codesOf(p *trainer.TrainGraph, f graphs.Forward) map[attacks.Loss]tf.Output {
	codes := map[attacks.Loss]tf.Output{attacks.Embedding: f.Embedding}
	if p.Model.Warp {
		codes[attacks.Appearance], codes[attacks.Geometry] = f.Appearance, f.Geometry
	}
	return codes
}
