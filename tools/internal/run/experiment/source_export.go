package experiment

import (
	"errors"
	"fmt"
	"path/filepath"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// exportSource is a SavedModel that unwarp wrote.
type exportSource struct {
	dir, checkpoint string
	config          config.Config
	known           Known
	export          *trainer.OpenedExport
}

// isExport reports whether dir holds a SavedModel.
func isExport(dir string) bool { return exists(filepath.Join(dir, "saved_model.pb")) }

// openExport takes the model, the objective and the data from the export. What
// else there is to configure comes from the run folder around it, or where there
// is none is the default. Exports of versions before 0.2 do not say what data
// they were made with: then those of the run folder are taken, or none.
func openExport(dir, checkpoint string) (Source, error) {
	x, err := trainer.OpenExport(dir)
	if err != nil {
		if exists(filepath.Join(dir, trainer.ExportInfoFile)) {
			err = &DamagedError{err}
		}
		return nil, err
	}
	around := filepath.Dir(filepath.Clean(dir))
	c, known, err := readRun(around)
	var none *noRunError
	switch {
	case errors.As(err, &none):
		c, known = config.Default(), Known{}
		c.Data = pipelines.Data{}
	case err != nil && x.Info.Data == nil:
		return nil, err // the data would be those of a folder that cannot be trusted
	case err != nil:
		c, known = config.Default(), Known{}
	}
	if x.Info.Data != nil {
		c.Data, known = x.Info.Data.Settings, Known{Data: x.Info.Data}
	}
	c.Workers = cluster.Addresses{} // as of a run
	known.ClassNames = x.Info.ClassNames
	if known.Images, err = readTrainedImages(dir); err != nil {
		return nil, &DamagedError{err}
	}
	// The exported weights are the averages, where there are any.
	c.Model, c.Train.Objective, c.Train.Average = x.Info.Model, x.Info.Objective, 0
	if c.Train.Augment, err = pipelines.ParseAugment(x.Info.Prepare); err != nil {
		return nil, &DamagedError{fmt.Errorf("export %s: %w", dir, err)}
	}
	c.Attack.Attacks = possible(c.Attack.Attacks, x)
	return &exportSource{dir, checkpoint, c, known, x}, nil
}

// possible leaves out attacks along the training loss, which an inference-only
// export of a model with decoders lacks: nobody has asked for them by name.
func possible(list []string, x *trainer.OpenedExport) (out []string) {
	v := attacks.Victim{Classes: x.Info.Classes, CodeNames: []attacks.Loss{attacks.Embedding, attacks.Appearance, attacks.Geometry}}
	for _, text := range list {
		a, err := attacks.Parse(text)
		if x.HasTrainingLoss() || err != nil || v.OffersAll(a) {
			out = append(out, text)
		}
	}
	return out
}

func (s *exportSource) Path() string          { return s.dir }
func (s *exportSource) Checkpoint() string    { return s.checkpoint }
func (s *exportSource) Config() config.Config { return s.config }
func (s *exportSource) Results() string       { return "" }
func (s *exportSource) Known() Known          { return s.known }
func (s *exportSource) GraphHash() string     { return s.export.GraphHash }

// WeightsHash is that of the graph where the weights are in the graph.
func (s *exportSource) WeightsHash() (string, error) {
	if !s.export.HasVariables() {
		return s.export.GraphHash, nil
	}
	return hashFile(filepath.Join(s.dir, "variables", weightsFile))
}

func (s *exportSource) Model(c config.Config, shape pipelines.Shape, classes int) (Model, error) {
	info := s.export.Info
	if shape != info.Shape() || classes > info.Classes {
		return nil, &ConfigError{fmt.Errorf("export %s: want images of %v in at most %d classes, got images of %v in %d: name the data set of its training", s.dir, info.Shape(), info.Classes, shape, classes)}
	}
	model, err := info.Model.Build(info.Classes)
	if err != nil {
		return nil, fmt.Errorf("export %s: unwarp.json: %w", s.dir, err)
	}
	return &trained{model, shape,
		func(b *graphs.Builder) (*trainer.TrainGraph, error) {
			return trainer.DeclareExport(b, c.Train, model, s.export)
		},
		func(p *trainer.TrainGraph, net *graphs.Net) (trainer.State, error) {
			if err := p.RestoreExport(net); err != nil {
				return trainer.State{}, &DamagedError{err}
			}
			return trainer.State{}, nil
		},
	}, nil
}
