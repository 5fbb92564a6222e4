package experiment

import (
	"fmt"
	"path/filepath"

	"unwarp/graphs"
	"unwarp/graphs/cluster"
	"unwarp/pipelines"
	"unwarp/pipelines/files"
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
	known.Workers, c.Workers = c.Workers, cluster.Addresses{} // they may be gone
	s := &runSource{dir: dir, checkpoint: checkpoint, config: c, known: known}
	if checkpoint == "" {
		s.chooseCheckpoint()
	}
	return s, nil
}

// chooseCheckpoint takes best where validation images have chosen one, else last.
func (s *runSource) chooseCheckpoint() {
	if s.checkpoint = trainer.Last; !s.checkpoints().Exists(trainer.Best) {
		return
	}
	s.checkpoint = trainer.Best
	best, err := s.checkpoints().State(trainer.Best)
	if err != nil {
		return // whoever loads it says so
	}
	if last, err := s.checkpoints().State(trainer.Last); err == nil && last.Step != best.Step {
		s.known.Remarks = append(s.known.Remarks, fmt.Sprintf("%s: taking its checkpoint best, of step %d, which validation images chose; --checkpoint last takes that of step %d", files.ShortPath(s.dir), best.Step, last.Step))
	}
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
