package experiment

import (
	"path/filepath"

	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// runSource is a checkpoint of a run folder.
type runSource struct {
	dir, checkpoint string
	config          config.Config
}

func openRun(dir, checkpoint string) (Source, error) {
	c, err := ReadFolder(dir)
	if err != nil {
		return nil, err
	}
	return &runSource{dir, checkpoint, c}, nil
}

func (s *runSource) Path() string          { return s.dir }
func (s *runSource) Checkpoint() string    { return s.checkpoint }
func (s *runSource) Config() config.Config { return s.config }
func (s *runSource) Results() string       { return filepath.Clean(s.dir) }

func (s *runSource) checkpoints() trainer.Checkpoints {
	return trainer.Checkpoints{Dir: filepath.Join(s.dir, trainer.CheckpointsDir)}
}

func (s *runSource) WeightsHash() (string, error) {
	step, err := s.checkpoints().Path(s.checkpoint)
	if err != nil {
		return "", err
	}
	return hashFile(filepath.Join(step, weightsFile))
}

func (s *runSource) Model(c config.Config, shape pipelines.Shape, classes int) (Model, error) {
	return newTrained(c, shape, classes, func(p *trainer.TrainGraph, net *graphs.Net) (trainer.State, error) {
		return s.checkpoints().Load(p, net, s.checkpoint)
	})
}
