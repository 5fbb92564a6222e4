package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Objective is the training loss of Duan et al., eq. 5 and eq. 8.
type Objective struct {
	// Lambda weighs the reconstruction error (1 in the paper).
	Lambda float32 `mapstructure:"lambda" yaml:"lambda" json:"lambda"`
	// Gamma weighs the change of the appearance code under deformation (1).
	Gamma float32 `mapstructure:"gamma" yaml:"gamma" json:"gamma"`
	// Norm of the reconstruction error: frobenius, sse, mse or l1.
	Norm graphs.Norm `mapstructure:"norm" yaml:"norm" json:"norm"`
}

func (o Objective) check() error {
	switch {
	case !(o.Lambda >= 0) || !finite(float64(o.Lambda)):
		return fmt.Errorf("train.objective.lambda: want a finite weight that is not negative, got %g", o.Lambda)
	case !(o.Gamma >= 0) || !finite(float64(o.Gamma)):
		return fmt.Errorf("train.objective.gamma: want a finite weight that is not negative, got %g", o.Gamma)
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
}

// PerImage is eq. 5 for each image of f: cross-entropy plus Lambda times the
// reconstruction error, each [B]. For a base CNN it is the cross-entropy.
func (o Objective) PerImage(s *graphs.Scope, f graphs.Forward, labels tf.Output) Terms {
	t := Terms{Classification: graphs.CrossEntropy(s.In("classification"), f.Logits, labels)}
	t.Total = t.Classification
	if f.Reconstruction.Op != nil {
		t.Reconstruction = graphs.Distance(s.In("reconstruction"), f.Reconstruction, f.Images, o.Norm)
		t.Total = op.AddV2(s.Op("total"), t.Total, graphs.Weighted(s, o.Lambda, t.Reconstruction))
	}
	return t
}

// Batch is the scalar training loss: eq. 5 averaged over the batch. With
// twins, f holds the images and then their deformed twins, labels their
// labels twice, and it is eq. 8: the sum of both halves' averages plus Gamma
// times the average distance of their appearance codes.
func (o Objective) Batch(s *graphs.Scope, f graphs.Forward, labels tf.Output, twins bool) Terms {
	each := o.PerImage(s, f, labels)
	branches := float32(1)
	if twins {
		branches = 2
	}
	mean := func(x tf.Output) tf.Output {
		if x.Op == nil {
			return x
		}
		return graphs.Weighted(s, branches, graphs.Mean(s, x))
	}
	t := Terms{Total: mean(each.Total), Classification: mean(each.Classification), Reconstruction: mean(each.Reconstruction)}
	if twins && f.Appearance.Op != nil && o.Gamma > 0 {
		halves := op.Split(s.Op("halves"), op.Const(s.Op("axis"), int32(0)), f.Appearance, 2)
		if len(halves) != 2 {
			return t
		}
		t.CodeChange = graphs.Mean(s, graphs.Distance(s.In("code_change"), halves[0], halves[1], graphs.Frobenius))
		t.Total = op.AddV2(s.Op("regularised"), t.Total, graphs.Weighted(s, o.Gamma, t.CodeChange))
	}
	return t
}

// Trades is eq. 5 with the cross-entropy replaced by the loss of TRADES (Zhang
// et al. 2019, algorithm 1): the cross-entropy of the clean images plus beta
// times the Kullback-Leibler divergence from their class probabilities to those
// of their adversarial versions, each averaged over the images. f and labels
// hold the clean images and then, in the same order, their adversarial
// versions; the reconstruction error is averaged over both.
func (o Objective) Trades(s *graphs.Scope, f graphs.Forward, labels tf.Output, beta float32) Terms {
	each := o.PerImage(s, f, labels)
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
		t.Total = op.AddV2(s.Op("joint"), t.Total, graphs.Weighted(s, o.Lambda, t.Reconstruction))
	}
	return t
}
