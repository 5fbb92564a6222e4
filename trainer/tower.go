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
	certified boundLoss // of no eps where there is no certified training
}

// towerInputs are a batch in the graph. Values that a configuration does not
// need are zero Outputs.
type towerInputs struct {
	images    tf.Output // float32 [B,H,W,C]
	labels    tf.Output // int32 [B]
	views     tf.Output // float32 [B,H,W,C], the deformed view of each image
	originals tf.Output // float32 [B,H,W,C], what to reconstruct in place of images
	centers   tf.Output // float32 [B,H,W,C], of the balls of certified training, in place of images
	teacher   tf.Output // float32 [B,K], a teacher's logits in place of labels; [2B,K] with views
	mixed     mixedLabels
	lambda    tf.Output // scalar; none where it is Objective.Lambda throughout
	margin    tf.Output // scalar, of the spread loss; none with the cross-entropy
	share     replicaShare
	raised    string // Classification or TrainingLoss: whose gradient with respect to images is wanted; "" is none
}

// replicaShare says which rows of a batch a replica sees. The zero value is all.
type replicaShare struct {
	rows, all tf.Output // int32 [B], their positions in the batch; int32 [], its number of rows
	weight    tf.Output // float32 [], the share of rows in all
	// Where the regularisers of certified training need means of the whole batch:
	means   tf.Output // float32 [N,boundMeanCount,L], those of each replica
	weights tf.Output // float32 [N], their shares
	place   tf.Output // int32 [], of the replica among them
}

// towerOutputs are what one replica contributes to a step.
type towerOutputs struct {
	terms     Terms              // scalars
	weights   []*graphs.Variable // trainable
	gradients []tf.Output        // of the total loss, one for each of weights
	first     []tf.Output        // with awp, those before the weights were moved
	images    tf.Output          // [B,H,W,C], gradient with respect to images of the loss that is raised
	updates   []*tf.Operation    // of batch norm's statistics
	// statistics are what updates moves. With a share, they and all gradients are
	// weighted by it: those of all replicas add up to those of the batch.
	statistics []graphs.StatisticUpdate
}

// passOptions are what the pass of a tower needs.
func (t tower) passOptions() []graphs.PassOption {
	options := t.certified.passOptions()
	if t.objective.InputGradient > 0 {
		options = append(options, graphs.TwiceDifferentiable())
	}
	if t.certified.eps > 0 {
		options = append(options, graphs.PlainForms())
	}
	return options
}

// declare writes the forward pass, the loss and its gradients into a training
// pass.
func (t tower) declare(s *graphs.Scope, in towerInputs) towerOutputs {
	images, originals, target := in.joinViews(s)
	in.drawForShare(s)
	f := t.objective.apply(s, t.model, images)
	if originals.Op != nil {
		f.Target = t.model.TargetOf(s.In("originals"), t.objective.pick(s, originals))
	}
	out := towerOutputs{terms: t.loss(s.In("objective"), f, images, target)}
	out.terms = t.objective.Swap.join(s, t.model, t.objective, f, target, out.terms)
	out.terms = t.objective.Independence.join(s, f, out.terms)
	out.terms.EmbeddingSpread = embeddingSpread(s.In("embedding_spread"), f.Embedding)
	out.terms.Accuracy = batchAccuracy(s.In("accuracy"), f.Logits, target.labels, target.mixed)
	out.weights = s.Builder().Variables().All(graphs.Trainable)
	out.gradients, out.images = t.gradients(s, out.terms, s.ValuesOf(out.weights), in)
	out.updates, out.statistics = s.Updates(), s.Statistics()
	for i := range out.statistics {
		out.statistics[i].Value = in.share.of(s, out.statistics[i].Value)
	}
	return out
}

// drawForShare gives the pass the random numbers of the replica's rows. Those of
// deformed views follow those of all images.
func (in towerInputs) drawForShare(s *graphs.Scope) {
	rows, all := in.share.rows, in.share.all
	if rows.Op == nil || !s.OK() {
		return
	}
	if in.views.Op != nil {
		first := op.Const(s.Op("axis"), int32(0))
		rows = op.ConcatV2(s.Op("rows"), []tf.Output{rows, op.AddV2(s.Op("rows_of_views"), rows, all)}, first)
		all = op.AddV2(s.Op("all_rows"), all, all)
	}
	s.DrawFor(rows, all)
}

// of is x weighted by the share.
func (r replicaShare) of(s *graphs.Scope, x tf.Output) tf.Output {
	if r.weight.Op == nil || !s.OK() {
		return x
	}
	return op.Mul(s.Op("share"), x, r.weight)
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
	t = targets{labels: in.labels, teacher: in.teacher, mixed: in.mixed, lambda: in.lambda, margin: in.margin, centers: in.centers, views: in.views.Op != nil}
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
	if in.centers.Op != nil {
		t.centers = join(in.centers)
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
	if t.certified.eps > 0 && s.OK() {
		centers := target.centers
		if centers.Op == nil {
			centers = images
		}
		terms = t.certified.join(s.In("certified"), o, terms, f, images, centers, target)
	}
	if o.L1 > 0 && s.OK() {
		terms.WeightSize = weightSize(s.In("l1"))
		terms.Total = op.AddV2(s.Op("sparse"), terms.Total, graphs.Weighted(s, o.L1, terms.WeightSize))
	}
	return terms
}

// weightSize is the sum of the absolute values of all kernels.
func weightSize(s *graphs.Scope) tf.Output {
	var sums []tf.Output
	for _, v := range s.Builder().Variables().All(graphs.Trainable) {
		if len(v.Shape) > 1 {
			flat := op.Reshape(s.Op("flat"), v.Read, op.Const(s.Op("all"), []int32{-1}))
			sums = append(sums, op.Sum(s.Op("sum"), op.Abs(s.Op("abs"), flat), op.Const(s.Op("axis"), int32(0))))
		}
	}
	return op.AddN(s.Op("total"), sums)
}

// gradients are those of the total loss with respect to the weights, and that
// of the raised loss with respect to the images that were fed. One backward
// pass serves both where the losses are the same.
func (t tower) gradients(s *graphs.Scope, terms Terms, weights []tf.Output, in towerInputs) (ofWeights []tf.Output, ofImages tf.Output) {
	total := in.share.of(s, terms.Total)
	switch {
	case in.raised == "":
		return graphs.Gradients(s, total, weights...), tf.Output{}
	case in.raised == TrainingLoss || !t.model.Decode:
		all := graphs.Gradients(s, total, append(weights[:len(weights):len(weights)], in.images)...)
		return all[:len(weights)], all[len(weights)]
	}
	return graphs.Gradients(s, total, weights...), graphs.Gradients(s, in.share.of(s, terms.Classification), in.images)[0]
}
