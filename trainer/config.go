package trainer

import (
	"errors"
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
	// Augment is the augmentation sentence; with deform(...) each image comes with
	// its deformed twin, and the objective is eq. 8.
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
	// Teacher is a finished run whose softened class probabilities are learned in
	// place of labels; "" is none. See [Teacher].
	Teacher string `mapstructure:"teacher" yaml:"teacher"`
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
		Objective:  Objective{Lambda: 1, LambdaRamp: Span{0, "st"}, Gamma: 1, Norm: graphs.Frobenius, Temperature: 1},
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
	if err := c.joint(); err != nil {
		return err
	}
	return c.Attacked.check()
}

// joint refuses objectives and adversaries that do not go together.
func (c Config) joint() error {
	o, a := c.Objective, c.Adversary
	switch {
	case o.InputGradient > 0 && (a.Method == "trades" || a.Method == "free"):
		return fmt.Errorf("train.objective.input_gradient: want fgsm, pgd, fast or nothing as train.adversary beside it, got %s: its loss or its perturbation is a gradient of its own", a.Method)
	case o.Temperature != 1 && a.Method == "trades":
		return fmt.Errorf("train.objective.temperature: want 1 beside trades, whose divergence has no temperature, got %g: take pgd, or leave the temperature out", o.Temperature)
	case !o.LambdaRamp.Zero() && a.Follows == WholeLoss && a.Method != "free":
		return errors.New("train.objective.lambda_ramp: want an adversary that follows the classification loss, or free, got loss=training: leave that out, or the ramp")
	}
	return nil
}

// Fits refuses what a model cannot be trained with, naming the key.
func (c Config) Fits(m graphs.Disentangled) error {
	if of := c.Adversary.Of; (of == ofAppearance || of == ofGeometry) && !(m.Decode && m.Warp) {
		return fmt.Errorf("train.adversary: want a disentangled model for of=%s, got one whose embedding is not split: write of=both, or set model.kind to disentangled", of)
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
