// Package experiment puts the libraries together as a configuration says: data,
// trained models from where they lie, the graph, the run folder. It may import
// graphs, pipelines, attacks, trainer and the configuration.
package experiment

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/quiet"
	"unwarp/trainer"
)

// Experiment is a model of unwarp with the graph that trains or evaluates it.
type Experiment struct {
	Subject // Source and Model are nil before the end of a training, see [Experiment.Trained]
	Graph   *trainer.TrainGraph
	Net     *graphs.Net
	// Teacher is what train.teacher names, of an experiment that trains.
	Teacher *trainer.Teacher
	teacher *Experiment // that Teacher computes with
	before  []func(x *Experiment, o *graphs.Outline) error
	seen    pipelines.Shape
}

// Train builds the graph for training and evaluation. The experiment's
// configuration is c with what the training set and the devices determine:
// model.mean, model.std, train.replicas and balanced class weights. before is called
// with the graph before the memory for it is asked for; its error is that of Train.
func Train(ctx context.Context, c config.Config, before ...func(x *Experiment, o *graphs.Outline) error) (*Experiment, error) {
	if err := CheckEncoderFile(c); err != nil {
		return nil, err
	}
	data, err := OpenData(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	if data.EvaluationOnly {
		return nil, &ConfigError{fmt.Errorf("data: want images to train on, got %s, of which all are tested on: lower data.holdout", data.Test.Name())}
	}
	if c.Model, err = withMoments(ctx, c.Model, data.Train); err != nil {
		return nil, err
	}
	if err := fitObjective(&c.Train.Objective, data.Train); err != nil {
		return nil, &ConfigError{err}
	}
	x := &Experiment{Subject: Subject{Config: c, Data: data}, before: before}
	if err := x.buildTraining(); err != nil {
		return nil, err
	}
	if err = x.beginFromFile(); err == nil {
		err = x.identify(ctx)
	}
	if err == nil && c.Train.Teacher != "" {
		err = x.openTeacher(ctx)
	}
	if err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// fitObjective resolves balanced class weights.
func fitObjective(o *trainer.Objective, train pipelines.Source) (err error) {
	if o.ClassWeights, err = o.ClassWeights.Resolve(pipelines.CountClasses(train)); err != nil {
		return err
	}
	return o.ClassWeights.CheckClasses(train.Classes())
}

func (x *Experiment) buildTraining() error {
	train := x.Data.Train
	model, err := x.Config.Model.Build(train.Classes())
	if err != nil {
		return &ConfigError{err}
	}
	shape, err := seenShape(x.Config, train)
	if err != nil {
		return err
	}
	if err := checkFileImages(x.Config.Model, shape); err != nil {
		return err
	}
	devices := x.countReplicas()
	return x.build(x.Config.Train.Rows(), x.Config.Devices, func(b *graphs.Builder) (*trainer.TrainGraph, error) {
		return trainer.Declare(b, x.Config.Train, model, shape, devices...)
	})
}

// countReplicas resolves train.replicas, so that the run folder says how many there
// are, and returns what computes them: none for the first device.
func (x *Experiment) countReplicas() (devices []string) {
	n := max(x.Config.Devices.Len(), x.Config.Workers.Len())
	if x.Config.Train.Replicas == 0 {
		x.Config.Train.Replicas = n
	}
	switch devices = x.Config.Devices.Names(); {
	case x.Config.Workers.Len() > 0:
		return []string{trainer.OnWorkers}
	case len(devices) == 1 && strings.HasSuffix(devices[0], ":0"):
		return nil
	}
	return devices
}

// build makes the net of what declare writes.
func (x *Experiment) build(rows int, devices graphs.Devices, declare func(b *graphs.Builder) (*trainer.TrainGraph, error)) (err error) {
	c := x.Config
	o := graphs.Options{Seed: c.Seed, Device: c.Device, Threads: c.Threads, Precision: c.Precision, Rows: rows, RowsKey: "train.batch", First: quiet.During}
	if err := devices.Configure(&o); err != nil {
		return &ConfigError{err}
	}
	o.Before = func(o *graphs.Outline) error {
		for _, f := range x.before {
			if err := f(x, o); err != nil {
				return err
			}
		}
		return nil
	}
	x.Net, err = graphs.Build(o, func(b *graphs.Builder) (err error) {
		x.Graph, err = declare(b)
		return err
	})
	var large *graphs.MemoryError
	if errors.As(err, &large) || errors.As(err, new(trainer.UnboundedError)) {
		err = &ConfigError{err}
	}
	return err
}

// Trained is the model of the run in dir, in which x was trained, as later commands
// find it: with the weights of the checkpoint best where there is one. It is x itself
// where those are the last; else the caller closes it.
func (x *Experiment) Trained(dir string) (*Experiment, trainer.State, error) {
	src, err := OpenSource(dir, "")
	if err != nil {
		return nil, trainer.State{}, err
	}
	x.Source = src
	if x.Model, err = src.Model(x.Config, x.Graph.Shape, x.Graph.Model.Classes); err != nil {
		return nil, trainer.State{}, err
	}
	if src.Checkpoint() == trainer.Last {
		return x, trainer.State{}, nil
	}
	return x.Subject.Open()
}

// Open opens the model of src under c as [OpenSubject] does, builds its graph
// for evaluation and restores its weights.
func Open(ctx context.Context, src Source, c config.Config) (*Experiment, trainer.State, error) {
	s, err := OpenSubject(ctx, src, c)
	if err != nil {
		return nil, trainer.State{}, err
	}
	return s.Open()
}

// Open builds the model's graph for evaluation and restores its weights.
func (s *Subject) Open() (*Experiment, trainer.State, error) {
	holder, ok := s.Model.(interface{ asTrained() *trained })
	if !ok {
		return nil, trainer.State{}, &ConfigError{fmt.Errorf("%s: want a model that unwarp trained, got another, which can only be attacked", s.Source.Path())}
	}
	m := holder.asTrained()
	x := &Experiment{Subject: *s}
	declare := func(b *graphs.Builder) (*trainer.TrainGraph, error) {
		g, err := m.declare(b)
		if err == nil {
			err = g.DeclareVerification(b, s.Config.Train)
		}
		return g, err
	}
	if err := x.build(trainer.EvaluationRows, graphs.Devices{}, declare); err != nil {
		return nil, trainer.State{}, err
	}
	st, err := m.restore(x.Graph, x.Net)
	if err != nil {
		x.Close()
		return nil, trainer.State{}, err
	}
	x.Graph.TrainedOn, x.Graph.ClassNames, x.Graph.TrainedImages = x.Known.Data, x.Known.ClassNames, x.Known.Images
	return x, st, nil
}

// Close releases the session, and that of the teacher.
func (x *Experiment) Close() error {
	err := x.Net.Close()
	if x.teacher != nil {
		err = errors.Join(err, x.teacher.Close())
	}
	return err
}
