package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Objective is the training loss of Duan et al., eq. 5 and eq. 8, and what may
// join it. The five settings of their Table 11 are
//
//	                        model.kind     train.augment  gamma
//	base                    base           –              –
//	base with AT            base           deform(...)    –
//	ours                    disentangled   –              –
//	ours with AT            disentangled   deform(...)    0
//	ours with AT and CR     disentangled   deform(...)    1
//
// AT, augmented training, is the deformed view of each image: a second branch
// in the same pass, whose losses are added. CR, code regularisation, is gamma.
type Objective struct {
	// Lambda is the weight of the reconstruction error (1 in the paper).
	Lambda float32 `mapstructure:"lambda" yaml:"lambda" json:"lambda" in:"[0,1e9]"`
	// LambdaRamp is the duration in which lambda rises linearly from 0 to its
	// value. 0st: it has its value from the start.
	LambdaRamp Duration `mapstructure:"lambda_ramp" yaml:"lambda_ramp" json:"lambda_ramp"`
	// Every is N where only every Nth image of a batch is reconstructed in training,
	// which takes less time. The error is averaged over these, so that lambda means the same.
	// Each replica takes every Nth image of its own part. 0 and 1: every image, and so with
	// swap, an adversary or certified training.
	Every int `mapstructure:"every" yaml:"every,omitempty" json:"every,omitempty" in:"[0,64]"`
	// Gamma is the weight of the change of the appearance code under
	// deformation (1 in the paper). It has no effect without deform(...) in
	// train.augment.
	Gamma float32 `mapstructure:"gamma" yaml:"gamma" json:"gamma" in:"[0,1e9]"`
	// CodeNorm is how that change is measured: relative (divided by the mean
	// length of the two codes), rms (divided by the root of their size) or
	// literal (the paper's norm, at gamma 1 of which all codes become equal).
	CodeNorm CodeNorm `mapstructure:"code_norm" yaml:"code_norm" json:"code_norm,omitempty"`
	// Norm is the norm of the reconstruction error: frobenius (the root of the
	// sum of squares), sse (the sum of squares), mse (their mean) or l1 (the
	// sum of absolute values).
	Norm graphs.Norm `mapstructure:"norm" yaml:"norm" json:"norm"`
	// Loss is the classification loss of training: cross-entropy, or for capsules
	// spread(start=.2,end=.9,ramp=50%), whose margin between the activations of the
	// classes rises. Evaluation and attacks see the cross-entropy. "": cross-entropy.
	Loss ClassLoss `mapstructure:"loss" yaml:"loss" json:"loss"`
	// Swap draws each image with the geometry of another and encodes it again:
	// swap(class=1,geometry=1,appearance=1) are the weights of its class, that of
	// the donor of appearance, and of how far its codes are from the donors'. "": none.
	Swap Swap `mapstructure:"swap" yaml:"swap" json:"swap"`
	// Independence penalises what the appearance and the geometric code tell of
	// each other: hsic(weight=1,kernel=linear), or kernel=correlation or rbf. "": none.
	Independence Independence `mapstructure:"independence" yaml:"independence" json:"independence"`
	// InputGradient is the weight of the squared norm of the gradient of each
	// image's cross-entropy with respect to its pixels. 0: none.
	InputGradient float32 `mapstructure:"input_gradient" yaml:"input_gradient" json:"input_gradient" in:"[0,1e9]"`
	// L1 is the weight of the sum of the absolute values of all kernels (1e-6 in
	// De Palma et al. 2024). 0: none.
	L1 float32 `mapstructure:"l1" yaml:"l1" json:"l1,omitempty" in:"[0,1e9]"`
	// Temperature divides the logits in the cross-entropy that is trained, and
	// those of the teacher (Papernot et al. 2016, section IV). Evaluation,
	// attacks and exports do not divide.
	Temperature float32 `mapstructure:"temperature" yaml:"temperature" json:"temperature" in:"[1e-6,1e6]"`
	// Smoothing is label smoothing: the share of the target that is spread evenly
	// over all classes (Szegedy et al. 2016; .1 is usual). Evaluation and attacks
	// do not smooth. 0: none.
	Smoothing float64 `mapstructure:"smoothing" yaml:"smoothing,omitempty" json:"smoothing,omitempty" in:"[0,1)"`
	// ClassWeights are the factors of the cross-entropy of each class, in
	// training alone: balanced (all classes count alike, however many images they
	// have), or a number for each class, separated by spaces. "": all 1.
	ClassWeights ClassWeights `mapstructure:"class_weights" yaml:"class_weights,omitempty" json:"class_weights,omitempty"`
}

func (o Objective) check() error {
	if err := o.CodeNorm.check(); err != nil {
		return err
	}
	if _, err := o.ClassWeights.values(); err != nil {
		return err
	}
	switch o.Norm {
	case graphs.Frobenius, graphs.SSE, graphs.MSE, graphs.L1:
		return nil
	}
	return fmt.Errorf("train.objective.norm: want frobenius, sse, mse or l1, got %q", o.Norm)
}

// targets are what a training pass compares its outputs with.
type targets struct {
	labels  tf.Output // int32 [B]
	teacher tf.Output // float32 [B,K], a teacher's logits in place of labels; none without a teacher
	mixed   mixedLabels
	lambda  tf.Output // scalar; none where it is Objective.Lambda throughout
	margin  tf.Output // scalar, of the spread loss; none with the cross-entropy
	centers tf.Output // float32 [B,H,W,C], of the balls of certified training; none: the images
	views   bool      // the second half of the batch are the deformed views of the first
}

// PerImage is eq. 5 for each image of f: cross-entropy plus Lambda times the
// reconstruction error, each [B]. For a base CNN it is the cross-entropy.
func (o Objective) PerImage(s *graphs.Scope, f graphs.Forward, labels tf.Output) Terms {
	o.Temperature, o.Smoothing, o.ClassWeights, o.Loss, o.Every = 1, 0, "", ClassLoss{}, 1
	return o.termsPerImage(s, f, targets{labels: labels})
}

// termsPerImage is PerImage as a training pass computes it: against the
// teacher's probabilities where there is a teacher, at the temperature and the
// present lambda.
func (o Objective) termsPerImage(s *graphs.Scope, f graphs.Forward, in targets) Terms {
	t := Terms{Classification: o.classification(s.In("classification"), f.Logits, in)}
	t.Total = t.Classification
	if f.Reconstruction.Op != nil {
		r := s.In("reconstruction")
		t.Reconstruction = o.spread(r, graphs.Distance(r, f.Rebuilt, f.Target, o.Norm), f.Logits)
		t.Total = op.AddV2(s.Op("total"), t.Total, o.weighted(s, in, t.Reconstruction))
	}
	return t
}

// weighted is lambda·x.
func (o Objective) weighted(s *graphs.Scope, in targets, x tf.Output) tf.Output {
	if in.lambda.Op == nil || !s.OK() {
		return graphs.Weighted(s, o.Lambda, x)
	}
	return op.Mul(s.Op("weighted"), in.lambda, x)
}

// batchTerms is the scalar training loss: eq. 5 averaged over the batch. With
// deformed views, f holds the images and then their views, labels their labels
// twice, and it is eq. 8: the sum of both halves' averages plus Gamma times the
// average distance of their appearance codes.
func (o Objective) batchTerms(s *graphs.Scope, f graphs.Forward, in targets) Terms {
	each, branches := o.termsPerImage(s, f, in), in.branches()
	mean := func(x tf.Output) tf.Output {
		if x.Op == nil {
			return x
		}
		return graphs.Weighted(s, branches, graphs.Mean(s, x))
	}
	t := Terms{Total: mean(each.Total), Classification: mean(each.Classification), Reconstruction: mean(each.Reconstruction), entropies: each.Classification}
	if in.views && f.Appearance.Op != nil && o.Gamma > 0 {
		halves := op.Split(s.Op("halves"), op.Const(s.Op("axis"), int32(0)), f.Appearance, 2)
		if len(halves) != 2 {
			return t
		}
		t.CodeChange = graphs.Mean(s, o.CodeNorm.change(s.In("code_change"), halves[0], halves[1]))
		t.Total = op.AddV2(s.Op("regularised"), t.Total, graphs.Weighted(s, o.Gamma, t.CodeChange))
	}
	return t
}

// branches is how many averages over images eq. 8 adds up.
func (in targets) branches() float32 {
	if in.views {
		return 2
	}
	return 1
}

// lambdas returns lambda at each step of a run.
func (o Objective) lambdas(batch, perEpoch, total int) func(step int) float32 {
	ramp := o.LambdaRamp.Steps(batch, perEpoch, total)
	return func(step int) float32 { return rampShare(step, ramp) * o.Lambda }
}

// classification is the classification loss of each image, with its label or
// with the teacher's probabilities: logits [B,K] -> [B], in nats.
func (o Objective) classification(s *graphs.Scope, logits tf.Output, in targets) tf.Output {
	if in.teacher.Op != nil {
		return graphs.SoftmaxCrossEntropy{Temperature: o.Temperature}.FromTeacher(s, logits, in.teacher)
	}
	return in.mixed.join(s, o.entropy(s, logits, in.labels, in.margin), func(s *graphs.Scope, partners tf.Output) tf.Output {
		return o.entropy(s, logits, partners, in.margin)
	})
}

// entropy is the cross-entropy of each image with its label, smoothed, or the
// spread loss, weighed.
func (o Objective) entropy(s *graphs.Scope, logits, labels, margin tf.Output) tf.Output {
	if !o.Loss.Off() {
		return o.ClassWeights.weigh(s, o.Loss.perImage(s, logits, labels, margin), labels)
	}
	loss := graphs.SoftmaxCrossEntropy{Temperature: o.Temperature, Smoothing: float32(o.Smoothing)}
	return o.ClassWeights.weigh(s, loss.PerImage(s, logits, labels), labels)
}

// checkSoftLabels refuses what has targets of its own beside smoothing, class weights
// and mixup.
func (c Config) checkSoftLabels() error {
	asked := ""
	switch o := c.Objective; {
	case o.Smoothing > 0:
		asked = "train.objective.smoothing"
	case !o.Loss.Off():
		asked = "train.objective.loss"
	case o.ClassWeights != "":
		asked = "train.objective.class_weights"
	case c.Augment.Mixes():
		asked = "mixup in train.augment"
	}
	mixes := c.Augment.Mixes()
	if o := c.Objective; !o.Loss.Off() {
		switch {
		case o.Smoothing > 0 || o.Temperature != 1:
			return fmt.Errorf("train.objective.loss: want no smoothing and a temperature of 1 beside %s, which has no targets to soften", o.Loss)
		case o.InputGradient > 0:
			return fmt.Errorf("train.objective.loss: want no input_gradient beside %s, whose gradient has none: leave one out", o.Loss)
		}
	}
	switch {
	case asked == "":
	case c.Teacher != "":
		return fmt.Errorf("train.teacher: want labels for %s, got a teacher in place of them: leave one out", asked)
	case !c.Certified.Off():
		return fmt.Errorf("train.certified: want no %s beside it, whose bounds are of one label each: leave one out", asked)
	case mixes && !c.Adversary.Off():
		return fmt.Errorf("train.adversary: want no mixup in train.augment beside it, which attacks images of one label each: leave one out")
	}
	return nil
}
