package footprint

import (
	"fmt"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
	"unwarp/trainer"
)

// OfSource describes the trained model of src under c, without its data: with what
// its training takes where src is a run.
func OfSource(src experiment.Source, c config.Config) (*Model, error) {
	recorded := src.Known().Data
	if recorded == nil {
		return nil, fmt.Errorf("%s: want a model that records what images it was trained on, got one of a version before 0.2, which does not: describe its configuration, with -c", src.Path())
	}
	train := recorded.Parts["train"]
	shape, err := c.Train.Augment.ForEvaluation().OutputShape(experiment.ImageShape(train))
	if err != nil {
		return nil, experiment.NewConfigError(fmt.Errorf("train.augment: %w", err))
	}
	_, validates := recorded.Parts["validation"]
	m, err := describe(src.Path(), c, shape, train.Classes, validates)
	if err == nil && src.Results() == "" {
		m.Training = nil // an export is not trained on
	}
	return m, err
}

// OfConfig describes what a training under c would train, on these data.
func OfConfig(c config.Config, data pipelines.Splits) (*Model, error) {
	shape, err := c.Train.Augment.ForEvaluation().OutputShape(data.Train.Shape())
	if err != nil {
		return nil, experiment.NewConfigError(fmt.Errorf("train.augment: %w", err))
	}
	m, err := describe("a training on "+c.Data.Set, c, shape, data.Train.Classes(), data.Validation != nil)
	if err != nil {
		return nil, err
	}
	m.Training.Steps = c.Train.Steps(data.Train.Len())
	return m, nil
}

// describe outlines the training graph, without a session.
func describe(name string, c config.Config, shape pipelines.Shape, classes int, validates bool) (*Model, error) {
	if c.Model.Normalise == graphs.BySet && len(c.Model.Mean) == 0 { // as many as there are channels; their values change no size
		c.Model.Mean, c.Model.Std = make([]float32, shape.C), make([]float32, shape.C)
		for i := range c.Model.Std {
			c.Model.Std[i] = 1
		}
	}
	model, err := c.Model.Build(classes)
	if err != nil {
		return nil, experiment.NewConfigError(err)
	}
	c.Train.Replicas = max(1, c.Train.Replicas)
	o, err := graphs.Describe(func(b *graphs.Builder) error {
		_, err := trainer.Declare(b, c.Train, model, shape)
		return err
	})
	if err != nil {
		return nil, err
	}
	return newModel(name, c, shape, classes, validates, o), nil
}

func newModel(name string, c config.Config, shape pipelines.Shape, classes int, validates bool, o *graphs.Outline) *Model {
	m := &Model{Name: name, Kind: c.Model.Kind, Encoder: c.Model.Encoder, Image: shape.String(), Classes: classes}
	m.addLayers(o)
	m.Training = NewTraining(o, c.Train, validates)
	return m
}

// OfExperiment describes a training whose graph is written.
func OfExperiment(x *experiment.Experiment, o *graphs.Outline) *Model {
	m := newModel("a training on "+x.Config.Data.Set, x.Config, x.Graph.Shape, x.Graph.Model.Classes, x.Data.Validation != nil, o)
	m.Training.Steps = x.Config.Train.Steps(x.Data.Train.Len())
	return m
}
