package engine

import (
	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// perImage builds the loss of each image, [B], and the logits [B,K]. Both are
// those of centred logits, but for the training loss, which is the victim's own:
// g is one that followed returns.
func (g *AttackGraph) perImage(s *graphs.Scope, l attacks.Loss) (loss, logits tf.Output) {
	v := g.Victim
	switch {
	case l == attacks.Training:
		if v.TrainingLoss == nil {
			s.Errorf("loss training: this victim offers no training loss; use classification or margin")
			return loss, logits
		}
		return v.TrainingLoss(s, g.images.Value, g.labels.Value)
	case l.IsCode():
		if !v.Offers(l) {
			s.Errorf("loss %s: this victim has no such code; attack its logits", l)
			return loss, logits
		}
		logits, codes := v.Codes(s, g.images.Value)
		return g.codeDistance(s, l, codes[l]), logits
	}
	logits = v.Logits(s, g.images.Value)
	return g.ofLogits(s, l, logits), logits
}

// ofLogits builds the losses that are functions of logits [B,K].
func (g *AttackGraph) ofLogits(s *graphs.Scope, l attacks.Loss, logits tf.Output) tf.Output {
	cooled := func() tf.Output {
		t := op.ExpandDims(s.Op("column"), g.temperature.Value, op.Const(s.Op("axis"), int32(1)))
		return op.Div(s.Op("cooled"), logits, t)
	}
	switch l {
	case attacks.Classification:
		return graphs.CrossEntropy(s.In("attack_loss"), cooled(), g.labels.Value)
	case attacks.ProbabilityMargin:
		return graphs.Margin(s.In("attack_loss"), op.Softmax(s.Op("probabilities"), cooled()), g.labels.Value)
	case attacks.Margin:
		return graphs.Margin(s.In("attack_loss"), logits, g.labels.Value)
	case attacks.DLR:
		return graphs.DLR(s.In("attack_loss"), logits, g.labels.Value)
	case attacks.TargetedDLR:
		return graphs.TargetedDLR(s.In("attack_loss"), logits, g.labels.Value, g.targets.Value)
	case attacks.Linear:
		return op.Sum(s.Op("weighted"), op.Mul(s.Op("weights"), logits, g.cotangent.Value), op.Const(s.Op("axis"), int32(1)))
	}
	s.Errorf("loss: want one of %v, got %q", attacks.Losses, l)
	return tf.Output{}
}

// codeDistance is the squared distance of code [B,D] from the fed reference.
func (g *AttackGraph) codeDistance(s *graphs.Scope, l attacks.Loss, code tf.Output) tf.Output {
	d, ok := s.Dims(code, 2, "codes [B,D]")
	if !ok {
		return tf.Output{}
	}
	if _, ok := g.references[l]; !ok {
		g.references[l] = g.b.Input("attack_reference_"+string(l), tf.Float, -1, d[1])
	}
	change := op.Sub(s.Op("change"), code, g.references[l].Value)
	return op.Sum(s.Op("distance"), op.Square(s.Op("square"), change), op.Const(s.Op("axis"), int32(1)))
}
