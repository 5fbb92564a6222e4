package trainer

import (
	"math/rand/v2"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// imageAttack is a method that makes adversarial images before each training
// step, by projected gradient ascent in a pass of inference.
type imageAttack interface {
	Method
	// steps is the number of gradients per image.
	steps() int
	// start moves x, a copy of an image, to where the first step begins. The
	// caller brings it back into the box.
	start(x []float32, eps float32, r *rand.Rand)
	// rows is how many of n images a training step sees clean, and how many
	// attacked: the first ones of the batch.
	rows(n int) (clean, attacked int)
	// ascentLoss is the loss that the steps raise, [B].
	ascentLoss(s *graphs.Scope, o Objective, f graphs.Forward, in ascentTargets) tf.Output
	// comparesClean reports whether ascentLoss reads the clean images' logits.
	comparesClean() bool
}

// ascentTargets are what a loss compares the forward pass on an iterate with.
type ascentTargets struct {
	labels tf.Output // int32 [B]
	clean  tf.Output // float32 [B,K], logits of the clean images; none unless the method compares with them
}

// ascentInputs are fed to all passes that make adversarial images.
type ascentInputs struct {
	iterate    graphs.Input // [B,H,W,C], where the step starts; the graph's Images are the clean images
	eps, alpha graphs.Input // scalars
	clean      graphs.Input // [B,K], logits of the clean images; see [imageAttack]
}

func (g *TrainGraph) declareAscentInputs(b *graphs.Builder) {
	g.ascent.iterate = b.Input("adversary_iterate", tf.Float, g.imageDims(-1)...)
	g.ascent.eps = b.Input("adversary_eps", tf.Float)
	g.ascent.alpha = b.Input("adversary_alpha", tf.Float)
}

// ascentStep is one step of an [imageAttack] in the graph.
type ascentStep struct {
	logits tf.Output // of the iterate
	next   tf.Output // the next iterate
}

// declareAscentStep writes one step of m in the given pass, which must be of
// inference: next = projection of iterate + alpha·(steepest ascent of the loss
// of m) onto the ball of radius eps round the fed image, and the box.
func (g *TrainGraph) declareAscentStep(s *graphs.Scope, m imageAttack) ascentStep {
	in, c := g.ascent, m.settings()
	x := in.iterate.Value
	f := g.Model.Apply(s, x)
	if c.Target == CleanImage {
		f.Target = g.Model.TargetOf(s.In("target"), g.Images.Value)
	}
	loss := m.ascentLoss(s, g.Config.Objective, f, ascentTargets{g.Labels.Value, in.clean.Value})
	slope := graphs.Gradients(s, loss, x)[0]
	if !s.OK() {
		return ascentStep{}
	}
	moved := op.AddV2(s.Op("moved"), x, op.Mul(s.Op("step"), steepest(s, c.Norm, slope), in.alpha.Value))
	change := inBall(s, c.Norm, op.Sub(s.Op("change"), moved, g.Images.Value), in.eps.Value)
	return ascentStep{logits: f.Logits, next: inBox(s, g.Images.Value, change)}
}

// declareAscents writes the steps of the adversary and of the attack of
// evaluation during training. Both see inference: the adversary with the
// weights that are trained, the attack with those that are evaluated.
func (g *TrainGraph) declareAscents(b *graphs.Builder) {
	g.declareAdversary(b)
	if g.validationAttack.On() {
		g.validationStep = g.declareAscentStep(b.Pass("attacked", graphs.Inference, graphs.Averaged()), g.validationAttack.pgd())
	}
}

// declareAdversary declares the step of the adversary, once: replicas have a copy of
// it.
func (g *TrainGraph) declareAdversary(b *graphs.Builder) {
	m := g.Config.imageAttack()
	if m == nil || g.adversaryStep.next.Op != nil {
		return
	}
	if m.comparesClean() {
		g.ascent.clean = b.Input("adversary_reference", tf.Float, -1, int64(g.Model.Classes))
	}
	g.adversaryStep = g.declareAscentStep(b.Pass("adversary", graphs.Inference), m)
}
