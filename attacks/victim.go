package attacks

import (
	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Victim is what an attack may know of a model.
type Victim struct {
	// H, W, C are the sizes of an image.
	H, W, C int
	Classes int
	// Logits maps images [B,H,W,C] to unnormalised scores [B,Classes].
	Logits func(s *graphs.Scope, images tf.Output) tf.Output
	// TrainingLoss is the loss that the model was trained with, one value per
	// image: [B,H,W,C], labels [B] -> [B]. Nil where there is none to follow.
	TrainingLoss func(s *graphs.Scope, images, labels tf.Output) tf.Output
	// Pass says how passes over the victim read its variables.
	Pass []graphs.PassOption
}

func (v Victim) pixels() int { return v.H * v.W * v.C }

// Loss names the function whose gradient an attack follows uphill.
type Loss string

// Classification is the cross-entropy of the true label. Training is the
// whole training loss of the victim. Margin is the best other logit minus the
// true one (Carlini and Wagner 2017), which does not saturate.
const (
	Classification Loss = "classification"
	Training       Loss = "training"
	Margin         Loss = "margin"
)

// Losses are all losses.
var Losses = []Loss{Classification, Training, Margin}

func (l Loss) or(def Loss) Loss {
	if l == "" {
		return def
	}
	return l
}

// perImage builds the loss of each image, [B].
func (v Victim) perImage(s *graphs.Scope, l Loss, images, labels tf.Output) tf.Output {
	switch l {
	case Classification:
		return graphs.CrossEntropy(s.In("attack_loss"), v.Logits(s, images), labels)
	case Margin:
		return graphs.Margin(s.In("attack_loss"), v.Logits(s, images), labels)
	case Training:
		if v.TrainingLoss != nil {
			return v.TrainingLoss(s, images, labels)
		}
		s.Errorf("loss training: this victim offers no training loss; use classification or margin")
		return tf.Output{}
	}
	s.Errorf("loss: want classification, training or margin, got %q", l)
	return tf.Output{}
}
