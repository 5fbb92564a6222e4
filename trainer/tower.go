package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// tower is the part of a training step that every replica computes: weights
// and a batch in; terms of the loss, gradients and batch norm's updates out. It
// does not know where it runs, nor what its gradients are used for. The weights
// are the variables that the scope of its pass finds.
type tower struct {
	model     graphs.Disentangled
	objective Objective
	adversary Adversary
}

// towerInputs are a batch in the graph. Values that a configuration does not
// need are zero Outputs.
type towerInputs struct {
	images    tf.Output // float32 [B,H,W,C]
	labels    tf.Output // int32 [B]
	views     tf.Output // float32 [B,H,W,C], the deformed view of each image
	originals tf.Output // float32 [B,H,W,C], what to reconstruct in place of images
	teacher   tf.Output // float32 [B,K], a teacher's logits in place of labels; [2B,K] with views
	lambda    tf.Output // scalar; none where it is Objective.Lambda throughout
	raised    string    // Classification or TrainingLoss: whose gradient with respect to images is wanted; "" is none
}

// towerOutputs are what one replica contributes to a step.
type towerOutputs struct {
	terms     Terms              // scalars
	weights   []*graphs.Variable // trainable
	gradients []tf.Output        // of the total loss, one for each of weights
	images    tf.Output          // [B,H,W,C], gradient with respect to images of the loss that is raised
	updates   []*tf.Operation    // of batch norm's statistics
}

// passOptions are what the pass of a tower needs.
func (t tower) passOptions() []graphs.PassOption {
	if t.objective.InputGradient > 0 {
		return []graphs.PassOption{graphs.TwiceDifferentiable()}
	}
	return nil
}

// declare writes the forward pass, the loss and its gradients into a training
// pass.
func (t tower) declare(s *graphs.Scope, in towerInputs) towerOutputs {
	images, originals, target := in.joinViews(s)
	f := t.model.Apply(s, images)
	if originals.Op != nil {
		f.Target = t.model.TargetOf(s.In("originals"), originals)
	}
	out := towerOutputs{terms: t.loss(s.In("objective"), f, images, target)}
	out.terms.EmbeddingSpread = embeddingSpread(s.In("embedding_spread"), f.Embedding)
	out.weights = s.Builder().Variables().All(graphs.Trainable)
	out.gradients, out.images = t.gradients(s, out.terms, readsOf(out.weights), in)
	out.updates = s.Updates()
	return out
}

// readsOf are the values of variables.
func readsOf(vars []*graphs.Variable) []tf.Output {
	reads := make([]tf.Output, len(vars))
	for i, v := range vars {
		reads[i] = v.Read
	}
	return reads
}

// joinViews returns the images that the model sees, what it is to reconstruct
// (none where that is the same) and its targets: with deformed views, the
// images and then their views, the labels of both.
func (in towerInputs) joinViews(s *graphs.Scope) (images, originals tf.Output, t targets) {
	images, originals = in.images, in.originals
	t = targets{labels: in.labels, teacher: in.teacher, lambda: in.lambda, views: in.views.Op != nil}
	if !t.views {
		return images, originals, t
	}
	first := op.Const(s.Op("axis"), int32(0))
	join := func(x tf.Output) tf.Output {
		return op.ConcatV2(s.Op("images"), []tf.Output{x, in.views}, first)
	}
	if originals.Op != nil {
		originals = join(originals)
	}
	t.labels = op.ConcatV2(s.Op("labels"), []tf.Output{t.labels, t.labels}, first)
	return join(images), originals, t
}

// loss is that of the adversary or of the plain objective, and the penalties
// that join it.
func (t tower) loss(s *graphs.Scope, f graphs.Forward, images tf.Output, target targets) Terms {
	o, codes := t.objective, t.adversary.settings().codes
	terms := t.adversary.loss(s, o, f, target)
	if codes.Weight > 0 && s.OK() {
		terms.CodeShift = codes.shift(s.In("code_shift"), f, target.views)
		terms.Total = op.AddV2(s.Op("steady"), terms.Total, graphs.Weighted(s, float32(codes.Weight), terms.CodeShift))
	}
	if o.InputGradient > 0 && s.OK() {
		// Each branch of eq. 8 has a penalty of its own, as it has a cross-entropy.
		terms.InputGradient = graphs.Weighted(s, target.branches(), inputGradient(s.In("input_gradient"), terms.entropies, images))
		terms.Total = op.AddV2(s.Op("smoothed"), terms.Total, graphs.Weighted(s, o.InputGradient, terms.InputGradient))
	}
	return terms
}

// gradients are those of the total loss with respect to the weights, and that
// of the raised loss with respect to the images that were fed. One backward
// pass serves both where the losses are the same.
func (t tower) gradients(s *graphs.Scope, terms Terms, weights []tf.Output, in towerInputs) (ofWeights []tf.Output, ofImages tf.Output) {
	switch {
	case in.raised == "":
		return graphs.Gradients(s, terms.Total, weights...), tf.Output{}
	case in.raised == TrainingLoss || !t.model.Decode:
		all := graphs.Gradients(s, terms.Total, append(weights[:len(weights):len(weights)], in.images)...)
		return all[:len(weights)], all[len(weights)]
	}
	return graphs.Gradients(s, terms.Total, weights...), graphs.Gradients(s, terms.Classification, in.images)[0]
}
