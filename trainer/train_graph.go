package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// TrainGraph holds the graph's feeds, fetches and targets.
type TrainGraph struct {
	Config Config
	Model  graphs.Disentangled
	Shape  pipelines.Shape // of the images that enter the graph
	Views  bool            // eq. 8: each image comes with its deformed view
	// TrainedOn and ClassNames are written into exports; nil where they are not known.
	TrainedOn  *pipelines.SetIdentity
	ClassNames []string
	// TrainedImages are hashes of the images that were trained on, for exports too.
	TrainedImages pipelines.ImageHashes

	// Feeds. Those that a configuration does not need are not declared.
	Images    graphs.Input // float32 [B,H,W,C]
	Labels    graphs.Input // int32 [B]
	views     graphs.Input // float32 [B,H,W,C]
	teacher   graphs.Input // float32 [B,K], logits of the teacher; [2B,K] with views
	originals graphs.Input // float32 [B,H,W,C], what to reconstruct in place of images
	partners  graphs.Input // int32 [B], labels of what mixup mixed in
	shares    graphs.Input // float32 [B], of the image itself
	rate      graphs.Input // scalar, learning rate
	lambda    graphs.Input // scalar
	margin    graphs.Input // scalar, of the spread loss
	step      graphs.Input // int64 scalar
	awp       graphs.Input // scalar, size of the perturbation of weights
	bound     boundInputs
	ascent    ascentInputs
	replicas  replicaGraph // where replicas compute a step, see [Config.splits]

	// One training step.
	update     *tf.Operation
	terms      termVector
	weightNorm tf.Output // scalar, norm of all weights

	// Inference is what evaluation, pictures and export read.
	Inference graphs.Forward
	perImage  Terms     // [B]
	predicted tf.Output // int32 [B], the predicted class
	judged    tf.Output // int32 [B], the same by the rule of graphs.Predict, for images with labels
	tied      tf.Output // bool [B], the label shares the largest logit

	adversaryStep    ascentStep       // of images to train on
	validationStep   ascentStep       // of the attack of evaluation during training
	validationAttack ValidationAttack // resolved; off where there is none
	verification     Verification     // resolved; off where there is none
	verifier         verifier

	Saver     Saver
	summaries summaryWriter

	file *filePass // the graph of an export, computed in place of Model's
}

// Declare writes the training pass, the update, the inference pass, the
// checkpoint ops and the summaries into b. Devices compute the replicas, as
// TensorFlow names them, or [OnWorkers] alone; none where the first device does.
func Declare(b *graphs.Builder, c Config, m graphs.Disentangled, shape pipelines.Shape, devices ...string) (*TrainGraph, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := c.CheckModel(m); err != nil {
		return nil, err
	}
	if err := c.Objective.ClassWeights.CheckClasses(m.Classes); err != nil {
		return nil, err
	}
	m.Noise, m.Jitter = c.Noise.Noise, c.Jitter.Jitter
	g := &TrainGraph{Config: c, Model: m, Shape: shape, Views: c.Augment.Deforms()}
	g.validationAttack = c.Attacked.resolve(c.Adversary)
	g.verification = c.Verified.resolve(c.Certified)
	g.declareInputs(b)
	g.declareTrainingInputs(b)
	if c.splits(devices) {
		g.declareReplicas(b, devices)
	} else {
		g.declareTraining(b)
	}
	g.declareInference(b)
	g.declareAscents(b)
	if g.verification.On() {
		g.declareVerifier(b)
	}
	g.Saver = declareSaver(b)
	g.summaries = declareSummaryWriter(b)
	return g, unbounded(b.Err())
}

// DeclareInference writes the inference pass and the checkpoint's restore into
// b: what is needed to evaluate, attack or export a trained model.
func DeclareInference(b *graphs.Builder, c Config, m graphs.Disentangled, shape pipelines.Shape) (*TrainGraph, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	g := &TrainGraph{Config: c, Model: m, Shape: shape}
	g.declareInputs(b)
	if c.Average > 0 {
		// The first pass declares the weights, Average their averages, and the
		// pass that is used reads those.
		m.Apply(b.Pass("declare", graphs.Inference), g.Images.Value)
		b.DeclareAverages()
	}
	g.declareInference(b)
	g.Saver = declareSaver(b)
	return g, b.Err()
}

// imageDims is the shape of n images, -1 for any number.
func (g *TrainGraph) imageDims(n int64) []int64 {
	return []int64{n, int64(g.Shape.H), int64(g.Shape.W), int64(g.Shape.C)}
}

func (g *TrainGraph) declareInputs(b *graphs.Builder) {
	g.Images = b.Input("images", tf.Float, g.imageDims(-1)...)
	g.Labels = b.Input("labels", tf.Int32, -1)
}

// declareTrainingInputs declares what is fed for training steps alone.
func (g *TrainGraph) declareTrainingInputs(b *graphs.Builder) {
	if g.Views {
		g.views = b.Input("views", tf.Float, g.imageDims(-1)...)
	}
	g.rate = b.Input("rate", tf.Float)
	if !g.Config.Objective.LambdaRamp.Zero() {
		g.lambda = b.Input("lambda", tf.Float)
	}
	if !g.Config.Objective.Loss.Off() {
		g.margin = b.Input("margin", tf.Float)
	}
	if g.Config.Teacher != "" {
		g.teacher = b.Input("teacher_logits", tf.Float, -1, int64(g.Model.Classes))
	}
	if g.Config.Augment.Mixes() {
		g.partners, g.shares = b.Input("partners", tf.Int32, -1), b.Input("shares", tf.Float, -1)
	}
	g.step = b.Step()
	if g.Config.Adversary.settings().weights.Gamma > 0 {
		g.awp = b.Input("awp", tf.Float)
	}
	g.declareBoundInputs(b)
	if !g.Config.Adversary.Off() || g.Config.Certified.attack() != nil || g.validationAttack.On() {
		g.declareAscentInputs(b)
	}
}

func (g *TrainGraph) declareInference(b *graphs.Builder) {
	s := b.Pass("eval", graphs.Inference, graphs.Averaged())
	g.Inference = g.Apply(s, g.Images.Value)
	g.perImage = g.Config.Objective.PerImage(s.In("objective"), g.Inference, g.Labels.Value)
	g.judged, g.tied = graphs.Predict(s.In("judged"), g.Inference.Logits, g.Labels.Value)
	g.predicted = op.ArgMax(s.Op("class"), g.Inference.Logits, op.Const(s.Op("axis"), int32(1)), op.ArgMaxOutputType(tf.Int32))
}

// CheckSource compares a source with the model: image size after the augmentation
// and number of classes.
func (g *TrainGraph) CheckSource(src pipelines.Source) error {
	out, err := g.Config.Augment.ForEvaluation().OutputShape(src.Shape())
	if err != nil {
		return err
	}
	if out != g.Shape {
		return fmt.Errorf("trainer: %s: want images of %v for this model, got %v (%v before the augmentation %q)", src.Name(), g.Shape, out, src.Shape(), g.Config.Augment.ForEvaluation())
	}
	if src.Classes() > g.Model.Classes {
		return fmt.Errorf("trainer: %s: want labels of at most %d classes for this model, got %d classes", src.Name(), g.Model.Classes, src.Classes())
	}
	return nil
}
