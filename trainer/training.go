package trainer

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// declareTraining writes the forward pass on what is fed, the objective, its
// gradients and the update.
func (p *Plan) declareTraining(b *graphs.Builder) {
	var opts []graphs.PassOption
	if p.Config.Objective.InputGradient > 0 {
		opts = append(opts, graphs.TwiceDifferentiable())
	}
	s := b.Pass("train", graphs.Training, opts...)
	free := p.declareFree(b, s)
	images, targets := p.declareTargets(b, free)
	images, targets, l := p.lesson(s, images, targets)
	f := p.Model.Apply(s, images)
	if targets.Op != nil {
		f.Images = targets // the objective compares the reconstruction with them
	}
	t := p.objective(s, f, images, l)
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
	p.losses = t.pack(s, norm)
}

// lesson returns what the training pass sees, what it is to reconstruct (none
// where that is the same) and what it learns from: with twins, the fed images
// and then the twins, the labels of both.
func (p *Plan) lesson(s *graphs.Scope, images, targets tf.Output) (seen, drawn tf.Output, l lesson) {
	l = lesson{labels: p.Labels.Value, teacher: p.teacher.Value, lambda: p.lambda.Value, twins: p.Twins}
	if !p.Twins {
		return images, targets, l
	}
	first := op.Const(s.Op("axis"), int32(0))
	join := func(x tf.Output) tf.Output {
		return op.ConcatV2(s.Op("images"), []tf.Output{x, p.twins.Value}, first)
	}
	if targets.Op != nil {
		targets = join(targets)
	}
	l.labels = op.ConcatV2(s.Op("labels"), []tf.Output{l.labels, l.labels}, first)
	return join(images), targets, l
}

// objective is the configured loss of what a pass made of images.
func (p *Plan) objective(s *graphs.Scope, f graphs.Forward, images tf.Output, l lesson) Terms {
	o, a := p.Config.Objective, p.Config.Adversary
	in := s.In("objective")
	var t Terms
	if a.Method == "trades" {
		t = o.trades(in, f, l, a.Beta)
	} else {
		t = o.batch(in, f, l)
	}
	if a.Codes > 0 && s.OK() {
		t.CodeShift = a.codeShift(in.In("code_shift"), f, l.twins)
		t.Total = op.AddV2(in.Op("steady"), t.Total, graphs.Weighted(in, a.Codes, t.CodeShift))
	}
	if o.InputGradient > 0 && s.OK() {
		// Each branch of eq. 8 has a penalty of its own, as it has a cross-entropy.
		t.InputGradient = graphs.Weighted(in, l.branches(), inputGradient(in.In("input_gradient"), t.entropies, images))
		t.Total = op.AddV2(in.Op("smoothed"), t.Total, graphs.Weighted(in, o.InputGradient, t.InputGradient))
	}
	return t
}

// pack is the terms as a vector, 0 for those that there are not, and the norm of
// the gradient of all weights, in the order of the fields of [Losses].
func (t Terms) pack(s *graphs.Scope, norm tf.Output) tf.Output {
	zero := op.Const(s.Op("none"), float32(0))
	all := []tf.Output{t.Total, t.Classification, t.Reconstruction, t.CodeChange, norm, t.Divergence, t.InputGradient, t.CodeShift}
	for i := range all {
		if all[i].Op == nil {
			all[i] = zero
		}
	}
	return op.Pack(s.Op("losses"), all)
}
