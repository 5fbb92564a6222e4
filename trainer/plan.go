package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// Plan holds the ends of everything that was declared: what to feed, what to
// fetch, what to run.
type Plan struct {
	Config Config
	Model  graphs.Disentangled
	Shape  pipelines.Shape // of the images that enter the graph
	Twins  bool            // eq. 8: each image comes with its deformed twin

	Images graphs.Input // float32 [B,H,W,C]
	Labels graphs.Input // int32 [B]
	twins  graphs.Input
	// What adversarial images are to be reconstructed as, in place of
	// themselves; not declared where nothing is.
	targets graphs.Input
	rate    graphs.Input
	step    graphs.Input

	losses tf.Output     // [6]: total, classification, reconstruction, code change, gradient norm, divergence
	update *tf.Operation // one training step
	size   tf.Output     // norm of all weights

	// Eval is the inference pass: what evaluation, pictures and export read.
	Eval graphs.Forward

	perturb perturbation
	adverse ascent // the adversary that makes images to train on
	probe   ascent // the attack of evaluation during training
	attack  Probe  // resolved; off where there is none

	each  Terms     // per image, inference
	best  tf.Output // int32 [B], the predicted class
	Saver Saver
	board board
}

// Declare writes the training pass, the update, the inference pass, the
// checkpoint ops and the summaries into b.
func Declare(b *graphs.Builder, c Config, m graphs.Disentangled, shape pipelines.Shape) (*Plan, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p := &Plan{Config: c, Model: m, Shape: shape, Twins: c.Augment.Twin()}
	p.inputs(b)
	p.rate = b.Input("rate", tf.Float)
	p.step = b.Step()
	p.attack = c.Attacked.resolve(c.Adversary)
	if !c.Adversary.Off() || p.attack.On() {
		p.declarePerturbation(b)
	}
	p.declareTraining(b)
	p.declareEvaluation(b)
	p.declareAttacks(b)
	p.Saver = declareSaver(b)
	p.board = declareBoard(b)
	return p, b.Err()
}

// DeclareInference writes the inference pass and the checkpoint's restore into
// b: what is needed to evaluate, attack or export a trained model.
func DeclareInference(b *graphs.Builder, c Config, m graphs.Disentangled, shape pipelines.Shape) (*Plan, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p := &Plan{Config: c, Model: m, Shape: shape}
	p.inputs(b)
	if c.Average > 0 {
		// The first pass declares the weights, Average their averages, and the
		// pass that is used reads those.
		m.Apply(b.Pass("declare", graphs.Inference), p.Images.Value)
		b.Average()
	}
	p.declareEvaluation(b)
	p.Saver = declareSaver(b)
	return p, b.Err()
}

func (p *Plan) inputs(b *graphs.Builder) {
	h, w, c := int64(p.Shape.H), int64(p.Shape.W), int64(p.Shape.C)
	p.Images = b.Input("images", tf.Float, -1, h, w, c)
	p.Labels = b.Input("labels", tf.Int32, -1)
	if p.Twins {
		p.twins = b.Input("twins", tf.Float, -1, h, w, c)
	}
}

func (p *Plan) declareTraining(b *graphs.Builder) {
	s := b.Pass("train", graphs.Training)
	o, a := p.Config.Objective, p.Config.Adversary
	labels := p.Labels.Value
	free := p.declareFree(b, s)
	images, targets := p.declareTargets(b, free)
	if p.Twins {
		first := op.Const(s.Op("axis"), int32(0))
		join := func(x tf.Output) tf.Output {
			return op.ConcatV2(s.Op("images"), []tf.Output{x, p.twins.Value}, first)
		}
		if targets.Op != nil {
			targets = join(targets)
		}
		images = join(images)
		labels = op.ConcatV2(s.Op("labels"), []tf.Output{labels, labels}, first)
	}
	f := p.Model.Apply(s, images)
	if targets.Op != nil {
		f.Images = targets // the objective compares the reconstruction with them
	}
	var t Terms
	if a.Method == "trades" {
		t = o.Trades(s.In("objective"), f, labels, a.Beta)
	} else {
		t = o.Batch(s.In("objective"), f, labels, p.Twins)
	}
	vars := b.Variables().All(graphs.Trainable)
	reads := make([]tf.Output, len(vars))
	for i, v := range vars {
		reads[i] = v.Read
	}
	grads, climb := free.gradients(s, t, reads)

	u := b.Pass("update", graphs.Training)
	updates, norm := p.Config.Optimizer.apply(u, vars, grads, p.rate.Value, p.step.Value)
	updates = append(updates, s.Updates()...)
	if p.Config.Average > 0 {
		updates = append(updates, average(u.In("average"), p.Config.Average, p.step.Value, updates)...)
	}
	if !s.OK() {
		return
	}
	if free != nil {
		updates = append(updates, free.climb(u, climb))
	}
	p.update = op.NoOp(u.Op("step").WithControlDependencies(updates...))
	p.size = globalNorm(s.In("weights"), reads)
	zero := op.Const(s.Op("none"), float32(0))
	all := []tf.Output{t.Total, t.Classification, t.Reconstruction, t.CodeChange, norm, t.Divergence}
	for i := range all {
		if all[i].Op == nil {
			all[i] = zero
		}
	}
	p.losses = op.Pack(s.Op("losses"), all)
}

func (p *Plan) declareEvaluation(b *graphs.Builder) {
	s := b.Pass("eval", graphs.Inference, graphs.Averaged())
	p.Eval = p.Model.Apply(s, p.Images.Value)
	p.each = p.Config.Objective.PerImage(s.In("objective"), p.Eval, p.Labels.Value)
	p.best = op.ArgMax(s.Op("class"), p.Eval.Logits, op.Const(s.Op("axis"), int32(1)), op.ArgMaxOutputType(tf.Int32))
}

// Check compares a source with the model: image size after the augmentation
// and number of classes.
func (p *Plan) Check(src pipelines.Source) error {
	out, err := p.Config.Augment.Eval().Out(src.Shape())
	if err != nil {
		return err
	}
	if out != p.Shape {
		return fmt.Errorf("trainer: %s: want images of %v for this model, got %v (%v before the augmentation %q)", src.Name(), p.Shape, out, src.Shape(), p.Config.Augment.Eval())
	}
	if src.Classes() > p.Model.Classes {
		return fmt.Errorf("trainer: %s: want labels of at most %d classes for this model, got %d classes", src.Name(), p.Model.Classes, src.Classes())
	}
	return nil
}
