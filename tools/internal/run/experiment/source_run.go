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
	known           Known
	// loaded is the folder of the weights that were restored: a training may move
	// the pointer afterwards.
	loaded string
}

func openRun(dir, checkpoint string) (Source, error) {
	c, known, err := readRun(dir)
	if err != nil {
		return nil, err
	}
	return &runSource{dir: dir, checkpoint: checkpoint, config: c, known: known}, nil
}

func (s *runSource) Path() string          { return s.dir }
func (s *runSource) Checkpoint() string    { return s.checkpoint }
func (s *runSource) Config() config.Config { return s.config }
func (s *runSource) Results() string       { return filepath.Clean(s.dir) }

func (s *runSource) Known() Known      { return s.known }
func (s *runSource) GraphHash() string { return "" }

func (s *runSource) checkpoints() trainer.Checkpoints {
	return trainer.Checkpoints{Dir: filepath.Join(s.dir, trainer.CheckpointsDir)}
}

func (s *runSource) WeightsHash() (string, error) {
	step, err := s.loaded, error(nil)
	if step == "" {
		step, err = s.checkpoints().Path(s.checkpoint)
	}
	if err != nil {
		return "", err
	}
	return hashFile(filepath.Join(step, weightsFile))
}

func (s *runSource) Model(c config.Config, shape pipelines.Shape, classes int) (Model, error) {
	model, err := c.Model.Build(classes)
	if err != nil {
		return nil, &ConfigError{err}
	}
	return &trained{model, shape,
		func(b *graphs.Builder) (*trainer.TrainGraph, error) {
			return trainer.DeclareInference(b, c.Train, model, shape)
		},
		func(p *trainer.TrainGraph, net *graphs.Net) (trainer.State, error) {
			st, err := s.checkpoints().Load(p, net, s.checkpoint)
			if st.Name != "" {
				s.loaded = filepath.Join(s.dir, trainer.CheckpointsDir, st.Name)
			}
			return st, err
		},
	}, nil
}
