package library

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// substituteNet is the graph of a substitute.
type substituteNet struct {
	a         *Substitute
	victim    attacks.Victim // the attacked model
	images    graphs.Input   // [B,H,W,C], of training
	labels    graphs.Input   // int32 [B]
	trainStep *tf.Operation
}

// Options implements [attacks.SourceModel].
func (s *substituteNet) Options() graphs.Options {
	return graphs.Options{Seed: s.a.Seed, Device: graphs.CPU}
}

// Declare implements [attacks.SourceModel]: the model and its training step.
func (s *substituteNet) Declare(b *graphs.Builder) attacks.Victim {
	v := s.victim
	model := attacks.Victim{H: v.H, W: v.W, C: v.C, Classes: v.Classes, Logits: s.logits}
	s.images = b.Input("images", tf.Float, -1, int64(v.H), int64(v.W), int64(v.C))
	s.labels = b.Input("labels", tf.Int32, -1)
	scope := b.Pass("train", graphs.Training)
	logits := model.Logits(scope, s.images.Value)
	loss := graphs.Mean(scope, graphs.CrossEntropy(scope.In("loss"), logits, s.labels.Value))
	vars := b.Variables().All(graphs.Trainable)
	reads := make([]tf.Output, len(vars))
	for i, w := range vars {
		reads[i] = w.Read
	}
	gradients := graphs.Gradients(scope, loss, reads...)
	update := b.Pass("update", graphs.Training)
	if !update.OK() {
		return model
	}
	var ops []*tf.Operation
	for i, w := range vars {
		ops = append(ops, s.declareAdam(update, w, gradients[i]))
	}
	s.trainStep = op.NoOp(update.Op("step").WithControlDependencies(ops...))
	return model
}

// logits are those of two hidden layers with ReLU and an output layer.
func (s *substituteNet) logits(p *graphs.Scope, x tf.Output) tf.Output {
	x = p.Flatten(x)
	for _, name := range []string{"hidden1", "hidden2"} {
		x = op.Relu(p.Op("relu"), graphs.Dense{Out: s.a.Hidden}.Apply(p.In(name), x))
	}
	return graphs.Dense{Out: s.victim.Classes, Init: graphs.GlorotUniform}.Apply(p.In("out"), x)
}

// declareAdam updates v along its gradient g by Adam without bias correction,
// which only shortens the first steps.
func (s *substituteNet) declareAdam(scope *graphs.Scope, v *graphs.Variable, g tf.Output) *tf.Operation {
	m := scope.Builder().Declare("adam/m/"+v.Path, graphs.Slot, graphs.Zeros, v.Shape...)
	sq := scope.Builder().Declare("adam/v/"+v.Path, graphs.Slot, graphs.Zeros, v.Shape...)
	zero := op.Const(scope.Op("power"), float32(0))
	c := func(name string, x float32) tf.Output { return op.Const(scope.Op(name), x) }
	return op.ResourceApplyAdam(scope.Op("adam"), v.Handle, m.Handle, sq.Handle, zero, zero, c("rate", s.a.Rate), c("beta1", .9), c("beta2", .999), c("epsilon", 1e-7), g)
}
