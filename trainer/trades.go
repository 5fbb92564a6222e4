package trainer

import (
	"errors"
	"fmt"
	"math/rand/v2"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// TRADES trains on the cross-entropy of the clean images plus beta times the
// divergence from their class probabilities to those of their adversarial
// versions, which raise that divergence (Zhang, Yu, Jiao, Xing, El Ghaoui and
// Jordan 2019, algorithm 1). The steps start at a normal point near the image.
type TRADES struct {
	Eps   float32  `key:"eps" required:".3" in:"(0,1e6]" help:"largest change of an image, in units of images in [0,1]"`
	Steps int      `key:"steps" in:"[1,1000]" default:"10" help:"gradients per image"`
	Alpha Positive `key:"alpha" help:"size of a step; 2.5·eps/steps unless given, at most eps"`
	Beta  float32  `key:"beta" in:"(0,1e6]" default:"6" help:"weight of the divergence"`
	Noise float32  `key:"noise" in:"(0,1]" default:".001" help:"standard deviation of the start"`
	WeightPerturbation
	CodePenalty
	Common
}

func (*TRADES) name() string { return "trades" }

// Validate fills in alpha.
func (m *TRADES) Validate() error {
	m.normalise()
	if m.Alpha == 0 {
		m.Alpha = crossingStep(m.Eps, m.Steps)
	}
	if err := m.completeAWP(); err != nil {
		return err
	}
	return m.complete()
}

func (m *TRADES) settings() settings {
	return settings{Common: m.Common, eps: m.Eps, alpha: float32(m.Alpha), replays: 1, codes: m.CodePenalty, weights: m.WeightPerturbation}
}

func (m *TRADES) check(c Config) error {
	if c.Augment.Deforms() {
		return errors.New("train.adversary: want no trades beside deform(...) in train.augment, got both: their losses both pair images; take pgd, or leave deform out")
	}
	if t := c.Objective.Temperature; t != 1 {
		return fmt.Errorf("train.objective.temperature: want 1 beside trades, whose divergence has no temperature, got %g: take pgd, or leave the temperature out", t)
	}
	return refuseInputGradient(c.Objective, m)
}

func (m *TRADES) steps() int { return m.Steps }

func (m *TRADES) start(x []float32, _ float32, r *rand.Rand) {
	for i := range x {
		x[i] += m.Noise * float32(r.NormFloat64())
	}
}

// rows are all images clean and then all of them attacked, in the same order.
func (*TRADES) rows(n int) (clean, attacked int) { return n, n }

func (*TRADES) comparesClean() bool { return true }

// ascentLoss is the cross-entropy from the clean class probabilities: with the
// clean side constant its gradient is that of the divergence.
func (*TRADES) ascentLoss(s *graphs.Scope, _ Objective, f graphs.Forward, in ascentTargets) tf.Output {
	target := op.Softmax(s.Op("reference"), in.clean)
	loss, _ := op.SoftmaxCrossEntropyWithLogits(s.Op("divergence"), f.Logits, target)
	return loss
}

// loss is eq. 5 with the cross-entropy replaced by that of the clean images
// plus beta times the Kullback-Leibler divergence from their class
// probabilities to those of their adversarial versions, each averaged over the
// images. The reconstruction error is averaged over both.
func (m *TRADES) loss(s *graphs.Scope, o Objective, f graphs.Forward, t targets) Terms {
	each := o.termsPerImage(s, f, t)
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
	out := Terms{Classification: graphs.Mean(s, entropies[0]), Divergence: graphs.Mean(s, kl)}
	out.Total = op.AddV2(s.Op("robust"), out.Classification, graphs.Weighted(s, m.Beta, out.Divergence))
	if each.Reconstruction.Op != nil {
		out.Reconstruction = graphs.Mean(s, each.Reconstruction)
		out.Total = op.AddV2(s.Op("joint"), out.Total, o.weighted(s, t, out.Reconstruction))
	}
	return out
}
