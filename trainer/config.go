package trainer

import (
	"fmt"
	"math"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Config says how to train.
type Config struct {
	// Batch is the number of images in a step.
	Batch int `mapstructure:"batch" yaml:"batch"`
	// Duration is the length of the run.
	Duration Span `mapstructure:"duration" yaml:"duration"`
	// Evaluate is the cadence of evaluation on the validation images.
	Evaluate Span `mapstructure:"evaluate" yaml:"evaluate"`
	// Checkpoint is the cadence of saving; the end of the run is always saved.
	Checkpoint Span `mapstructure:"checkpoint" yaml:"checkpoint"`
	// Log is the cadence of lines in metrics.jsonl and TensorBoard.
	Log Span `mapstructure:"log" yaml:"log"`
	// Augment is the augmentation sentence; with deform(...) the objective is eq. 8.
	Augment pipelines.Augment `mapstructure:"augment" yaml:"augment"`
	// Workers prepare batches; 0 means one per core.
	Workers int `mapstructure:"workers" yaml:"workers"`

	Objective Objective `mapstructure:"objective" yaml:"objective"`
	Optimizer Optimizer `mapstructure:"optimizer" yaml:"optimizer"`
	Schedule  Schedule  `mapstructure:"schedule" yaml:"schedule"`
	// Average is the decay of the moving average of weights, which evaluation,
	// attacks and export then use; 0 turns it off.
	Average float32 `mapstructure:"average" yaml:"average"`

	// Adversary makes adversarial images to train on; "" is none.
	Adversary Adversary `mapstructure:"adversary" yaml:"adversary"`
	// Attacked is the attack under which evaluation during training measures
	// the accuracy once more: auto, off, or pgd(...).
	Attacked Probe `mapstructure:"attacked" yaml:"attacked"`
}

// DefaultConfig trains on MNIST-sized data as method.md chose: Adam 1e-3,
// batch 128, cosine.
func DefaultConfig() Config {
	return Config{
		Batch:      128,
		Duration:   Epochs(10),
		Evaluate:   Epochs(1),
		Checkpoint: Epochs(1),
		Log:        Span{50, "st"},
		Objective:  Objective{Lambda: 1, Gamma: 1, Norm: graphs.Frobenius},
		Optimizer:  Optimizer{Name: "adam", Beta1: .9, Beta2: .999, Epsilon: 1e-8, Momentum: .9},
		Schedule:   Schedule{Name: "cosine", Rate: 1e-3, Factor: .1},
	}
}

// Check refuses values that cannot work, naming the key.
func (c Config) Check() error {
	switch {
	case c.Batch < 1:
		return fmt.Errorf("train.batch: want at least 1, got %d", c.Batch)
	case c.Duration.Zero() || c.Duration.Relative():
		return fmt.Errorf("train.duration: want epochs, steps or examples such as 10ep, got %s", c.Duration)
	case c.Workers < 0:
		return fmt.Errorf("train.workers: want 0 (one per core) or more, got %d", c.Workers)
	case !(c.Average >= 0 && c.Average < 1):
		return fmt.Errorf("train.average: want a decay in [0,1), got %g", c.Average)
	}
	if err := c.Objective.check(); err != nil {
		return err
	}
	if err := c.Optimizer.check(); err != nil {
		return err
	}
	if err := c.Schedule.check(); err != nil {
		return err
	}
	if err := c.Adversary.check(c.Augment.Twin()); err != nil {
		return err
	}
	return c.Attacked.check()
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
