package experiment

import (
	"fmt"

	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// OpenModel builds the graph of src for evaluation and restores its weights, without its data: their shape and number of
// classes are those that the source recorded.
func OpenModel(src Source, c config.Config) (*Experiment, trainer.State, error) {
	recorded, err := recordedPart(src)
	if err != nil {
		return nil, trainer.State{}, err
	}
	shape, err := c.Train.Augment.ForEvaluation().OutputShape(ImageShape(recorded))
	if err != nil {
		return nil, trainer.State{}, &ConfigError{fmt.Errorf("train.augment: %w", err)}
	}
	model, err := src.Model(c, shape, recorded.Classes)
	if err != nil {
		return nil, trainer.State{}, err
	}
	s := &Subject{Source: src, Config: c, Model: model, Known: src.Known()}
	return s.Open()
}

// recordedPart is what src tells of the images that it was trained on.
func recordedPart(src Source) (pipelines.Fingerprint, error) {
	if known := src.Known().Data; known != nil {
		if f, ok := known.Parts["train"]; ok {
			return f, nil
		}
	}
	return pipelines.Fingerprint{}, fmt.Errorf("%s: want a model that records what images it was trained on, got one of a version before 0.2, which does not: train it again", src.Path())
}

// ImageShape is the shape of the recorded images, before the augmentation.
func ImageShape(f pipelines.Fingerprint) pipelines.Shape {
	return pipelines.Shape{H: f.Shape[0], W: f.Shape[1], C: f.Shape[2]}
}
