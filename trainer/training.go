package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// declareTraining writes one training step: a tower on the batch that is fed,
// and the update of the weights by its gradients.
func (g *TrainGraph) declareTraining(b *graphs.Builder) {
	s, out, p := g.declareTower(b, replicaShare{}, tf.Output{})
	norm := g.declareUpdate(b, out, p)
	if !s.OK() {
		return
	}
	g.weightNorm = globalNorm(s.In("weights"), readsOf(out.weights))
	g.terms = packTerms(s, out.terms.list(norm))
}

// declareTower writes a tower on what is fed; p is nil without an adversary inside
// the pass. With a share that is a part of a batch, seen is the part of the
// perturbation that belongs to it.
func (g *TrainGraph) declareTower(b *graphs.Builder, share replicaShare, seen tf.Output) (s *graphs.Scope, out towerOutputs, p *perturbation) {
	t := tower{model: g.Model, objective: g.Config.stepObjective(), adversary: g.Config.Adversary, certified: boundLoss{g.Config.Certified.settings(), g.bound, share}}
	s = b.Pass("train", graphs.Training, t.passOptions()...)
	in := towerInputs{
		images: g.Images.Value, labels: g.Labels.Value, views: g.views.Value, teacher: g.teacher.Value, lambda: g.lambda.Value, margin: g.margin.Value, share: share,
		mixed: mixedLabels{g.partners.Value, g.shares.Value},
	}
	if m, ok := g.Config.Adversary.Method.(inPassAttack); ok {
		p = m.perturb(s, g.Images.Value, seen, g.imageDims(int64(g.Config.Batch)))
		in.images, in.raised = p.images, p.loss
	}
	in.originals = g.declareOriginals(b, p != nil)
	if t.certified.centred {
		g.originals = b.Input("originals", tf.Float, g.imageDims(-1)...)
		in.centers = g.originals.Value
	}
	out = t.declare(s, in)
	if g.awp.Value.Op != nil && s.OK() {
		first := out
		moved := g.declareMoved(b, share, first)
		s = b.Pass("train_moved", graphs.Training, append(t.passOptions(), graphs.Shifted(moved))...)
		out = t.declare(s, in)
		out.first = first.gradients
	}
	return s, out, p
}

// declareUpdate writes the update of the weights, and of a perturbation inside the
// pass. It returns the norm of the gradients.
func (g *TrainGraph) declareUpdate(b *graphs.Builder, out towerOutputs, p *perturbation) (norm tf.Output) {
	u := b.Pass("update", graphs.Training)
	updates, norm := g.applyGradients(u, out)
	if !u.OK() {
		return tf.Output{}
	}
	if p != nil {
		updates = append(updates, p.move(u, out.images, g.ascent.eps.Value, g.ascent.alpha.Value))
	}
	g.update = op.NoOp(u.Op("step").WithControlDependencies(updates...))
	return norm
}

// declareOriginals returns what the images are to be reconstructed as, none
// where that is themselves: with a perturbation inside the pass, the images
// that are fed.
func (g *TrainGraph) declareOriginals(b *graphs.Builder, inPass bool) tf.Output {
	switch {
	case g.Config.Adversary.settings().Target != CleanImage || !g.Model.Decode:
		return tf.Output{}
	case inPass:
		return g.Images.Value
	}
	g.originals = b.Input("originals", tf.Float, g.imageDims(-1)...)
	return g.originals.Value
}

// applyGradients declares the update of the weights and of what follows them:
// batch norm's statistics and the moving averages. It returns the ops, and the
// norm of the gradients before clipping.
func (g *TrainGraph) applyGradients(s *graphs.Scope, t towerOutputs) (updates []*tf.Operation, norm tf.Output) {
	updates, norm = g.Config.Optimizer.apply(s, t.weights, t.gradients, g.rate.Value, g.step.Value)
	updates = append(updates, t.updates...)
	if g.Config.Average > 0 {
		updates = append(updates, updateAverages(s.In("average"), g.Config.Average, g.step.Value, updates)...)
	}
	return updates, norm
}
