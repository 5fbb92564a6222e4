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
// AT, augmented training, is the deformed twin of each image: a second branch
// in the same pass, whose losses are added. CR, code regularisation, is gamma.
type Objective struct {
	// Lambda weighs the reconstruction error (1 in the paper).
	Lambda float32 `mapstructure:"lambda" yaml:"lambda" json:"lambda"`
	// LambdaRamp is the span in which lambda rises linearly from 0 to its
	// value: the classifier comes first.
	LambdaRamp Span `mapstructure:"lambda_ramp" yaml:"lambda_ramp" json:"lambda_ramp"`
	// Gamma weighs the change of the appearance code under deformation (1 in
	// the paper); 0 leaves the deformed twins without it. It has no effect
	// without deform(...) in train.augment.
	Gamma float32 `mapstructure:"gamma" yaml:"gamma" json:"gamma"`
	// Norm of the reconstruction error: frobenius, sse, mse or l1.
	Norm graphs.Norm `mapstructure:"norm" yaml:"norm" json:"norm"`
	// InputGradient weighs the squared norm of the gradient of each image's
	// cross-entropy with respect to its pixels; 0 is off. See [inputGradient].
	InputGradient float32 `mapstructure:"input_gradient" yaml:"input_gradient" json:"input_gradient"`
	// Temperature divides the logits in the cross-entropy that is trained, and
	// those of the teacher (Papernot et al. 2016, section IV). Evaluation,
	// attacks and exports divide by nothing; 1 is neither.
	Temperature float32 `mapstructure:"temperature" yaml:"temperature" json:"temperature"`
}

func (o Objective) check() error {
	switch {
	case !(o.Lambda >= 0) || !finite(float64(o.Lambda)):
		return fmt.Errorf("train.objective.lambda: want a finite weight that is not negative, got %g", o.Lambda)
	case !(o.Gamma >= 0) || !finite(float64(o.Gamma)):
		return fmt.Errorf("train.objective.gamma: want a finite weight that is not negative, got %g", o.Gamma)
	case !(o.InputGradient >= 0) || !finite(float64(o.InputGradient)):
		return fmt.Errorf("train.objective.input_gradient: want a finite weight that is not negative, got %g", o.InputGradient)
	case !(o.Temperature > 0) || !finite(float64(o.Temperature)):
		return fmt.Errorf("train.objective.temperature: want a finite number above 0, got %g: 1 is the plain cross-entropy", o.Temperature)
	}
	switch o.Norm {
	case graphs.Frobenius, graphs.SSE, graphs.MSE, graphs.L1:
		return nil
	}
	return fmt.Errorf("train.objective.norm: want frobenius, sse, mse or l1, got %q", o.Norm)
}

// Terms are the parts of the loss, scalars or one value per image.
// Parts that a model does not have are zero Outputs.
type Terms struct {
	Total, Classification, Reconstruction, CodeChange tf.Output
	Divergence                                        tf.Output // trades: KL(clean ‖ adversarial), nats
	InputGradient                                     tf.Output // squared norm, see [inputGradient]
	CodeShift                                         tf.Output // of the codes under attack, see [Adversary]

	entropies tf.Output // [B], what Classification averages
}

// lesson is what a training pass learns from, besides images.
type lesson struct {
	labels  tf.Output // int32 [B]
	teacher tf.Output // float32 [B,K], a teacher's logits in place of labels; none without a teacher
	lambda  tf.Output // scalar; none where it is Objective.Lambda throughout
	twins   bool      // the second half of the batch are the deformed twins of the first
}

// PerImage is eq. 5 for each image of f: cross-entropy plus Lambda times the
// reconstruction error, each [B]. For a base CNN it is the cross-entropy.
func (o Objective) PerImage(s *graphs.Scope, f graphs.Forward, labels tf.Output) Terms {
	o.Temperature = 1
	return o.each(s, f, lesson{labels: labels})
}

// each is PerImage as a training pass computes it: against the teacher where
// there is one, at the temperature and the present lambda.
func (o Objective) each(s *graphs.Scope, f graphs.Forward, l lesson) Terms {
	t := Terms{Classification: o.classification(s.In("classification"), f.Logits, l)}
	t.Total = t.Classification
	if f.Reconstruction.Op != nil {
		t.Reconstruction = graphs.Distance(s.In("reconstruction"), f.Reconstruction, f.Images, o.Norm)
		t.Total = op.AddV2(s.Op("total"), t.Total, o.weighted(s, l, t.Reconstruction))
	}
	return t
}

// weighted is lambda·x.
func (o Objective) weighted(s *graphs.Scope, l lesson, x tf.Output) tf.Output {
	if l.lambda.Op == nil || !s.OK() {
		return graphs.Weighted(s, o.Lambda, x)
	}
	return op.Mul(s.Op("weighted"), l.lambda, x)
}

// batch is the scalar training loss: eq. 5 averaged over the batch. With
// twins, f holds the images and then their deformed twins, labels their
// labels twice, and it is eq. 8: the sum of both halves' averages plus Gamma
// times the average distance of their appearance codes.
func (o Objective) batch(s *graphs.Scope, f graphs.Forward, l lesson) Terms {
	each, branches := o.each(s, f, l), l.branches()
	mean := func(x tf.Output) tf.Output {
		if x.Op == nil {
			return x
		}
		return graphs.Weighted(s, branches, graphs.Mean(s, x))
	}
	t := Terms{Total: mean(each.Total), Classification: mean(each.Classification), Reconstruction: mean(each.Reconstruction), entropies: each.Classification}
	if l.twins && f.Appearance.Op != nil && o.Gamma > 0 {
		halves := op.Split(s.Op("halves"), op.Const(s.Op("axis"), int32(0)), f.Appearance, 2)
		if len(halves) != 2 {
			return t
		}
		t.CodeChange = graphs.Mean(s, graphs.Distance(s.In("code_change"), halves[0], halves[1], graphs.Frobenius))
		t.Total = op.AddV2(s.Op("regularised"), t.Total, graphs.Weighted(s, o.Gamma, t.CodeChange))
	}
	return t
}

// branches is how many averages over images eq. 8 adds up.
func (l lesson) branches() float32 {
	if l.twins {
		return 2
	}
	return 1
}

// trades is eq. 5 with the cross-entropy replaced by the loss of TRADES (Zhang
// et al. 2019, algorithm 1): the cross-entropy of the clean images plus beta
// times the Kullback-Leibler divergence from their class probabilities to those
// of their adversarial versions, each averaged over the images. f and labels
// hold the clean images and then, in the same order, their adversarial
// versions; the reconstruction error is averaged over both.
func (o Objective) trades(s *graphs.Scope, f graphs.Forward, l lesson, beta float32) Terms {
	each := o.each(s, f, l)
	if !s.OK() {
		return Terms{}
	}
	axis := op.Const(s.Op("axis"), int32(0))
	entropies := op.Split(s.Op("entropies"), axis, each.Classification, 2)
	logs := op.Split(s.Op("halves"), axis, op.LogSoftmax(s.Op("log"), f.Logits), 2)
	if !s.OK() {
		return Terms{}
	}
	ratio := op.Sub(s.Op("ratio"), logs[0], logs[1])
	kl := op.Sum(s.Op("divergence"), op.Mul(s.Op("expected"), op.Exp(s.Op("clean"), logs[0]), ratio), op.Const(s.Op("classes"), int32(1)))
	t := Terms{Classification: graphs.Mean(s, entropies[0]), Divergence: graphs.Mean(s, kl)}
	t.Total = op.AddV2(s.Op("robust"), t.Classification, graphs.Weighted(s, beta, t.Divergence))
	if each.Reconstruction.Op != nil {
		t.Reconstruction = graphs.Mean(s, each.Reconstruction)
		t.Total = op.AddV2(s.Op("joint"), t.Total, o.weighted(s, l, t.Reconstruction))
	}
	return t
}

// lambdas returns lambda at each step of a run.
func (o Objective) lambdas(batch, perEpoch, total int) func(step int) float32 {
	ramp := o.LambdaRamp.Steps(batch, perEpoch, total)
	return func(step int) float32 { return risen(step, ramp) * o.Lambda }
}
