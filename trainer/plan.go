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
	// Logits of the teacher, [B,K], or [2B,K] with twins; not declared without one.
	teacher graphs.Input
	// What adversarial images are to be reconstructed as, in place of
	// themselves; not declared where nothing is.
	targets graphs.Input
	rate    graphs.Input
	lambda  graphs.Input // scalar; not declared where it stays the same
	step    graphs.Input

	losses tf.Output     // one for each field of [Losses], in their order
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
	if err := c.Fits(m); err != nil {
		return nil, err
	}
	p := &Plan{Config: c, Model: m, Shape: shape, Twins: c.Augment.Twin()}
	p.inputs(b)
	p.rate = b.Input("rate", tf.Float)
	if !c.Objective.LambdaRamp.Zero() {
		p.lambda = b.Input("lambda", tf.Float)
	}
	if c.Teacher != "" {
		p.teacher = b.Input("teacher_logits", tf.Float, -1, int64(m.Classes))
	}
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
