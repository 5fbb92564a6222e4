package experiment

import (
	"errors"
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// weightsFile is the file with the weights in a checkpoint and in an export.
const weightsFile = "variables.data-00000-of-00001"

// trained is a [Model] that unwarp trained.
type trained struct {
	config trainer.Config
	model  graphs.Disentangled
	shape  pipelines.Shape
	load   loadWeights
}

// loadWeights gives a net, in whose graph p was declared, the weights of a source.
type loadWeights func(p *trainer.TrainGraph, net *graphs.Net) (trainer.State, error)

func newTrained(c config.Config, shape pipelines.Shape, classes int, load loadWeights) (Model, error) {
	model, err := c.Model.Build(classes)
	if err != nil {
		return nil, &ConfigError{err}
	}
	return &trained{c.Train, model, shape, load}, nil
}

func (m *trained) Shape() pipelines.Shape { return m.shape }
func (m *trained) Classes() int           { return m.model.Classes }

func (m *trained) Declare(b *graphs.Builder) (Declared, error) {
	p, err := m.declareInference(b)
	if err != nil {
		return Declared{}, err
	}
	return Declared{
		Victim:  newVictim(p),
		Restore: func(net *graphs.Net) error { _, err := m.restore(p, net); return err },
	}, nil
}

// declareInference writes the inference pass into b.
func (m *trained) declareInference(b *graphs.Builder) (*trainer.TrainGraph, error) {
	return trainer.DeclareInference(b, m.config, m.model, m.shape)
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

// newVictim shows a trained model to the attacks: its logits, its training loss
// (eq. 5 on the attacked image) and its codes.
func newVictim(p *trainer.TrainGraph) attacks.Victim {
	v := attacks.Victim{
		H: p.Shape.H, W: p.Shape.W, C: p.Shape.C, Classes: p.Model.Classes,
		Logits: func(s *graphs.Scope, images tf.Output) tf.Output {
			return p.Model.Classify(s, images).Logits
		},
		TrainingLoss: func(s *graphs.Scope, images, labels tf.Output) (loss, logits tf.Output) {
			f := p.Model.Apply(s, images)
			return p.Config.Objective.PerImage(s.In("objective"), f, labels).Total, f.Logits
		},
		CodeNames: []attacks.Loss{attacks.Embedding},
		Codes: func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[attacks.Loss]tf.Output) {
			f := p.Model.Classify(s, images)
			codes = map[attacks.Loss]tf.Output{attacks.Embedding: f.Embedding}
			if p.Model.Warp {
				codes[attacks.Appearance], codes[attacks.Geometry] = f.Appearance, f.Geometry
			}
			return f.Logits, codes
		},
		Pass: []graphs.PassOption{graphs.Averaged()},
	}
	if p.Model.Warp {
		v.CodeNames = append(v.CodeNames, attacks.Appearance, attacks.Geometry)
	}
	return v
}
