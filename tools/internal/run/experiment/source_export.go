package experiment

import (
	"fmt"
	"path/filepath"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// exportSource is a SavedModel that unwarp wrote.
type exportSource struct {
	dir, checkpoint string
	config          config.Config
}

// isExport reports whether dir holds a SavedModel.
func isExport(dir string) bool { return exists(filepath.Join(dir, "saved_model.pb")) }

// openExport takes model and objective from the export. Data and all else come
// from the run folder around it, or where there is none are the defaults.
func openExport(dir, checkpoint string) (Source, error) {
	info, err := trainer.ReadExport(dir)
	if err != nil {
		return nil, err
	}
	c, err := ReadFolder(filepath.Dir(filepath.Clean(dir)))
	if err != nil {
		c = config.Default()
	}
	// The exported weights are the averages, where there are any.
	c.Model, c.Train.Objective, c.Train.Average = info.Model, info.Objective, 0
	if c.Train.Augment, err = pipelines.ParseAugment(info.Prepare); err != nil {
		return nil, fmt.Errorf("export %s: %w", dir, err)
	}
	return &exportSource{dir, checkpoint, c}, nil
}

func (s *exportSource) Path() string          { return s.dir }
func (s *exportSource) Checkpoint() string    { return s.checkpoint }
func (s *exportSource) Config() config.Config { return s.config }
func (s *exportSource) Results() string       { return "" }

func (s *exportSource) WeightsHash() (string, error) {
	return hashFile(filepath.Join(s.dir, "variables", weightsFile))
}

func (s *exportSource) Model(c config.Config, shape pipelines.Shape, classes int) (Model, error) {
	return newTrained(c, shape, classes, func(p *trainer.TrainGraph, net *graphs.Net) (trainer.State, error) {
		return trainer.State{}, p.RestoreExport(net, s.dir)
	})
}
