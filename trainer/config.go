package trainer

import (
	"fmt"

	"unwarp/graphs"
	"unwarp/graphs/spec"
	"unwarp/pipelines"
)

// Config says how to train.
type Config struct {
	// Batch is the number of images in a step.
	Batch int `mapstructure:"batch" yaml:"batch" in:"[1,65536]"`
	// Duration is the length of the training: 30ep (epochs), 500st (steps) or
	// 50000ex (examples).
	Duration Duration `mapstructure:"duration" yaml:"duration"`
	// Evaluate is how often the validation images are evaluated: a duration as
	// above, or 5% of the run. 0st: never.
	Evaluate Duration `mapstructure:"evaluate" yaml:"evaluate"`
	// Patience is after how many evaluations in a row without a better one the
	// training ends (early stopping). It needs validation images. 0: never.
	Patience int `mapstructure:"patience" yaml:"patience,omitempty" json:"patience,omitempty" in:"[0,1e6]"`
	// Checkpoint is how often a checkpoint is saved, written as evaluate is.
	// The end of the run is always saved.
	Checkpoint Duration `mapstructure:"checkpoint" yaml:"checkpoint"`
	// Log is how often a line goes to metrics.jsonl and to TensorBoard, written
	// as evaluate is.
	Log Duration `mapstructure:"log" yaml:"log"`
	// Augment is what is done to an image before training: steps separated by
	// |, such as pad(4,reflect)|crop(32)|flip. With deform(...) each image
	// comes with a deformed view, and the objective is eq. 8 of the paper. "":
	// nothing.
	Augment pipelines.Augment `mapstructure:"augment" yaml:"augment"`
	// Sampling is which images an epoch has: balanced, of each class as many, those of small classes
	// several times and those of large ones not all; its length stays. "": every image once.
	Sampling string `mapstructure:"sampling" yaml:"sampling,omitempty" json:"sampling,omitempty"`
	// Jitter changes brightness and contrast after model.normalise, which would
	// remove a jitter before it: jitter(brightness=63/255,low=.2,high=1.8). The
	// encoder alone sees it. "": none.
	Jitter Jitter `mapstructure:"jitter" yaml:"jitter"`
	// Noise adds normal noise to images before model.normalise, as the training
	// for randomised smoothing does: gaussian(sigma=.25). The encoder alone sees
	// it; evaluation has none. "": none.
	Noise Noise `mapstructure:"noise" yaml:"noise"`
	// Workers is the number of threads that prepare batches. 0: one per core.
	Workers int `mapstructure:"workers" yaml:"workers" in:"[0,1024]"`

	// Replicas is the number of parts into which each batch is split: each replica of
	// the model computes the gradients of its part, and they are added. Batch norm
	// takes the statistics of each part. 0: as many as there are devices or workers.
	Replicas int `mapstructure:"replicas" yaml:"replicas" json:"replicas,omitempty" in:"[0,64]"`
	// Gradients is the precision in which replicas hand over their gradients:
	// float32, or bfloat16, which halves what workers send.
	Gradients graphs.Precision `mapstructure:"gradients" yaml:"gradients" json:"gradients,omitempty"`

	Objective Objective `mapstructure:"objective" yaml:"objective"`
	Optimizer Optimizer `mapstructure:"optimizer" yaml:"optimizer"`
	Schedule  Schedule  `mapstructure:"schedule" yaml:"schedule"`
	// Average is the decay of the moving average of weights, in [0,1), which
	// evaluation, attacks and export then use. 0: no average.
	Average float32 `mapstructure:"average" yaml:"average" in:"[0,1)"`

	// Adversary is the method that makes adversarial images to train on, such
	// as pgd(eps=.1,steps=10): fgsm, pgd, trades, fast or free. "": none.
	Adversary Adversary `mapstructure:"adversary" yaml:"adversary"`
	// Certified is the method that trains on bounds of the margins over a ball,
	// such as ibp(eps=.4,kappa=.5), in place of an adversary: ibp, crown-ibp,
	// mtl-ibp or sabr. The certificate is of the classifier. "": none.
	Certified Certified `mapstructure:"certified" yaml:"certified"`
	// Verified is how evaluation during training and of the trained model counts
	// images for which it is proven that no change up to eps alters their class:
	// auto (ibp at the eps of certified; off without it), off, ibp(eps=.3) or
	// crown-ibp(eps=.3). With certified the accuracy so verified chooses the best
	// checkpoint.
	Verified Verification `mapstructure:"verified" yaml:"verified"`
	// Teacher is the folder of a finished run whose softened class
	// probabilities are trained on in place of labels (distillation). "": none.
	Teacher string `mapstructure:"teacher" yaml:"teacher"`
	// Attacked is the attack under which evaluation during training measures
	// the accuracy once more: auto (with the norm and eps of adversary; off
	// without one), off, or pgd(eps=.1,steps=10).
	Attacked ValidationAttack `mapstructure:"attacked" yaml:"attacked"`
}

// BalancedSampling is the value of [Config.Sampling] that gives each class the same share.
const BalancedSampling = "balanced"

// DefaultConfig trains with Adam at a rate of 1e-3 that falls by a cosine, in
// batches of 128, for 10 epochs: enough for data of the size of MNIST.
func DefaultConfig() Config {
	return Config{
		Batch:      128,
		Duration:   Epochs(10),
		Evaluate:   Epochs(1),
		Checkpoint: Epochs(1),
		Log:        Duration{50, "st"},
		Gradients:  graphs.Float32,
		Objective:  Objective{Lambda: 1, LambdaRamp: Duration{0, "st"}, Gamma: 1, CodeNorm: LiteralChange, Norm: graphs.Frobenius, Temperature: 1},
		Optimizer:  Optimizer{Name: "adam", Beta1: .9, Beta2: .999, Epsilon: 1e-8, Momentum: .9},
		Schedule:   Schedule{Name: "cosine", Rate: 1e-3, Factor: .1},
	}
}

// Rows is the largest number of images in one pass of a training step: a batch,
// beside it its deformed views, and beside these their adversarial versions.
func (c Config) Rows() int {
	rows := c.Batch
	if c.Augment.Deforms() {
		rows *= 2
	}
	if !c.Adversary.Off() || c.Certified.attack() != nil {
		rows *= 2
	}
	return rows
}

// Check refuses values that cannot work, naming the key.
func (c Config) Check() error {
	if err := spec.CheckRanges("train", c); err != nil {
		return err
	}
	if c.Duration.Zero() || c.Duration.Relative() {
		return fmt.Errorf("train.duration: want epochs, steps or examples such as 10ep, got %s", c.Duration)
	}
	if c.Replicas > c.Batch {
		return fmt.Errorf("train.replicas: want at most train.batch, an image for each, got %d replicas for batches of %d", c.Replicas, c.Batch)
	}
	if s := c.Sampling; s != "" && s != BalancedSampling {
		return fmt.Errorf("train.sampling: want %s, or nothing for every image once, got %q", BalancedSampling, s)
	}
	if c.Sampling != "" && c.Objective.ClassWeights != "" {
		return fmt.Errorf("train.sampling: want it or train.objective.class_weights, got both, %s and %s: small classes would count twice", c.Sampling, c.Objective.ClassWeights)
	}
	if g := c.Gradients; g != "" && g != graphs.Float32 && g != graphs.Bfloat16 {
		return fmt.Errorf("train.gradients: want float32 or bfloat16, got %q", g)
	}
	if err := c.Objective.check(); err != nil {
		return err
	}
	if err := c.checkSoftLabels(); err != nil {
		return err
	}
	if err := c.checkSeparation(); err != nil {
		return err
	}
	if err := c.Optimizer.check(); err != nil {
		return err
	}
	if err := c.Schedule.check(); err != nil {
		return err
	}
	if err := c.Adversary.check(c); err != nil {
		return err
	}
	if err := c.Certified.check(c); err != nil {
		return err
	}
	if err := c.Verified.check(); err != nil {
		return err
	}
	return c.Attacked.check()
}

// CheckModel refuses what a model cannot be trained with, naming the key.
func (c Config) CheckModel(m graphs.Disentangled) error {
	if err := c.checkTransform(m); err != nil {
		return err
	}
	if err := c.checkSpatialTransformer(m); err != nil {
		return err
	}
	if err := c.Certified.checkModel(m); err != nil {
		return err
	}
	if err := c.Objective.checkModel(m); err != nil {
		return err
	}
	return c.Adversary.settings().codes.checkModel(m)
}

// imageAttack makes the images that a step is trained on, nil where no method
// makes any before the step.
func (c Config) imageAttack() imageAttack {
	if m, ok := c.Adversary.Method.(imageAttack); ok {
		return m
	}
	return c.Certified.attack()
}
