package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// perturbation holds the inputs of an adversary's steps: shared by all passes
// that make them.
type perturbation struct {
	iterate    graphs.Input // [B,H,W,C], where the step starts; the plan's Images are the origins
	eps, alpha graphs.Input // scalars
	reference  graphs.Input // [B,K], logits of the clean images: trades
}

func (p *Plan) declarePerturbation(b *graphs.Builder) {
	h, w, c := int64(p.Shape.H), int64(p.Shape.W), int64(p.Shape.C)
	p.perturb.iterate = b.Input("adversary_iterate", tf.Float, -1, h, w, c)
	p.perturb.eps = b.Input("adversary_eps", tf.Float)
	p.perturb.alpha = b.Input("adversary_alpha", tf.Float)
}

// ascent is one step of an adversary in the graph.
type ascent struct {
	logits tf.Output // of the iterate
	next   tf.Output // the next iterate
}

// declareStep writes one step of a in the given pass, which must be of
// inference: next = projection of iterate + alpha·(steepest ascent of the loss
// that a follows) onto the ball of radius eps round the fed image, and the box.
func (p *Plan) declareStep(s *graphs.Scope, a Adversary) ascent {
	in := p.perturb
	x := in.iterate.Value
	f := p.Model.Apply(s, x)
	if a.Rebuilds == CleanImage {
		f.Images = p.Images.Value
	}
	var loss tf.Output
	switch {
	case a.Method == "trades":
		// With the clean side constant the gradient of the divergence is that
		// of the cross-entropy between the two.
		target := op.Softmax(s.Op("reference"), in.reference.Value)
		loss, _ = op.SoftmaxCrossEntropyWithLogits(s.Op("divergence"), f.Logits, target)
	case a.Follows == WholeLoss:
		loss = p.Config.Objective.PerImage(s.In("objective"), f, p.Labels.Value).Total
	default:
		loss = graphs.CrossEntropy(s.In("classification"), f.Logits, p.Labels.Value)
	}
	g := graphs.Gradients(s, loss, x)[0]
	if !s.OK() {
		return ascent{}
	}
	moved := op.AddV2(s.Op("moved"), x, op.Mul(s.Op("step"), steepest(s, a.Norm, g), in.alpha.Value))
	d := inBall(s, a.Norm, op.Sub(s.Op("change"), moved, p.Images.Value), in.eps.Value)
	return ascent{logits: f.Logits, next: inBox(s, p.Images.Value, d)}
}

// steepest is the direction of unit norm in which a loss with gradient g
// [B,H,W,C] grows fastest: its sign, or g/|g|; zero where g is.
func steepest(s *graphs.Scope, norm string, g tf.Output) tf.Output {
	if norm == linf {
		return op.Sign(s.Op("sign"), g)
	}
	// Gradients of 1e-20 are common where a classifier is sure; their squares
	// are 0 in float32. The largest element becomes 1 first.
	top := op.Max(s.Op("top"), op.Abs(s.Op("abs"), g), perImage(s), op.MaxKeepDims(true))
	g = op.DivNoNan(s.Op("scaled"), g, top)
	return op.DivNoNan(s.Op("unit"), g, length(s, g))
}

// inBall shortens each image of d [B,H,W,C] to at most eps in the norm.
func inBall(s *graphs.Scope, norm string, d, eps tf.Output) tf.Output {
	if norm == linf {
		return op.Maximum(s.Op("above"), op.Minimum(s.Op("below"), d, eps), op.Neg(s.Op("minus"), eps))
	}
	// eps/max(|d|, eps) is 1 inside the ball.
	return op.Mul(s.Op("shortened"), d, op.Div(s.Op("factor"), eps, op.Maximum(s.Op("longest"), length(s, d), eps)))
}

// inBox is origin + d with values in [0,1]. A pixel that augmentation has
// brought outside may stay where it is: the box reaches to it.
func inBox(s *graphs.Scope, origin, d tf.Output) tf.Output {
	zero, one := op.Const(s.Op("zero"), float32(0)), op.Const(s.Op("one"), float32(1))
	x := op.AddV2(s.Op("perturbed"), origin, d)
	x = op.Minimum(s.Op("under"), x, op.Maximum(s.Op("top"), origin, one))
	return op.Maximum(s.Op("over"), x, op.Minimum(s.Op("bottom"), origin, zero))
}

// length is the L2 norm of each image, [B,1,1,1].
func length(s *graphs.Scope, x tf.Output) tf.Output {
	return op.Sqrt(s.Op("length"), op.Sum(s.Op("sum"), op.Square(s.Op("square"), x), perImage(s), op.SumKeepDims(true)))
}

func perImage(s *graphs.Scope) tf.Output { return op.Const(s.Op("axes"), []int32{1, 2, 3}) }

// declareAttacks writes the steps of the adversary and of the attack of
// evaluation during training. Both see inference: the adversary with the
// weights that are trained, the attack with those that are evaluated.
func (p *Plan) declareAttacks(b *graphs.Builder) {
	a := p.Config.Adversary
	if !a.Off() && a.Method != "free" {
		if a.Method == "trades" {
			p.perturb.reference = b.Input("adversary_reference", tf.Float, -1, int64(p.Model.Classes))
		}
		p.adverse = p.declareStep(b.Pass("adversary", graphs.Inference), a)
	}
	if p.attack.On() {
		p.probe = p.declareStep(b.Pass("attacked", graphs.Inference, graphs.Averaged()), p.attack.adversary())
	}
}

// declareTargets returns what the training pass is to see of the fed images,
// and what it is to reconstruct, none where that is the same.
func (p *Plan) declareTargets(b *graphs.Builder, free *free) (images, targets tf.Output) {
	a := p.Config.Adversary
	images = p.Images.Value
	if free != nil {
		images = free.images
	}
	switch {
	case a.Off() || a.Rebuilds != CleanImage || !p.Model.Decode:
	case free != nil:
		targets = p.Images.Value
	default:
		p.targets = b.Input("targets", tf.Float, -1, int64(p.Shape.H), int64(p.Shape.W), int64(p.Shape.C))
		targets = p.targets.Value
	}
	return images, targets
}

// free is the adversary of Shafahi et al. 2019, which lives in the training
// pass: the gradient of the step that moves the weights moves the perturbation.
type free struct {
	plan   *Plan
	delta  *graphs.Variable // [B,H,W,C], goes on from batch to batch and is saved with the weights
	images tf.Output        // fed images, perturbed
	whole  bool             // it follows the loss that the weights descend
}

func (p *Plan) declareFree(b *graphs.Builder, s *graphs.Scope) *free {
	a := p.Config.Adversary
	if a.Method != "free" {
		return nil
	}
	f := &free{plan: p, whole: a.Follows == WholeLoss || !p.Model.Decode}
	f.delta = b.Declare("adversary/perturbation", graphs.Slot, graphs.Zeros, int64(p.Config.Batch), int64(p.Shape.H), int64(p.Shape.W), int64(p.Shape.C))
	if f.delta != nil {
		f.images = inBox(s, p.Images.Value, f.delta.Read)
	}
	return f
}

// gradients are those of the total loss with respect to the weights, and that
// of the loss that f follows with respect to the perturbed images.
func (f *free) gradients(s *graphs.Scope, t Terms, reads []tf.Output) (grads []tf.Output, climb tf.Output) {
	switch {
	case f == nil:
		return graphs.Gradients(s, t.Total, reads...), climb
	case f.whole:
		all := graphs.Gradients(s, t.Total, append(reads[:len(reads):len(reads)], f.images)...)
		return all[:len(reads)], all[len(reads)]
	}
	return graphs.Gradients(s, t.Total, reads...), graphs.Gradients(s, t.Classification, f.images)[0]
}

// climb moves the perturbation along gradient g of the images.
func (f *free) climb(s *graphs.Scope, g tf.Output) *tf.Operation {
	norm, in := f.plan.Config.Adversary.Norm, f.plan.perturb
	moved := op.AddV2(s.Op("climbed"), f.delta.Read, op.Mul(s.Op("climb"), steepest(s, norm, g), in.alpha.Value))
	return op.AssignVariableOp(s.Op("perturbation"), f.delta.Handle, inBall(s, norm, moved, in.eps.Value))
}
