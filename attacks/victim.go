package attacks

import (
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

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
	// image, and the logits: [B,H,W,C], labels [B] -> [B], [B,Classes]. Nil
	// where there is none to follow.
	TrainingLoss func(s *graphs.Scope, images, labels tf.Output) (loss, logits tf.Output)
	// CodeNames are the codes that Codes returns: of Embedding, Appearance and
	// Geometry those that the model has.
	CodeNames []Loss
	// Codes maps images to logits and the codes of CodeNames, each [B,D].
	Codes func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[Loss]tf.Output)
	// Pass says how passes over the victim read its variables.
	Pass []graphs.PassOption
}

func (v Victim) pixels() int { return v.H * v.W * v.C }

// Offers tells whether the gradient of l can be had from v.
func (v Victim) Offers(l Loss) bool {
	switch {
	case l == Training:
		return v.TrainingLoss != nil
	case l.IsCode():
		return slices.Contains(v.CodeNames, l)
	case l == DLR:
		return v.Classes >= 3
	case l == TargetedDLR:
		return v.Classes >= 4
	}
	return true
}

// Loss names a function of images whose gradient an attack can follow.
type Loss string

// The losses. All but Linear grow where the classifier errs on the label.
const (
	// Classification is the cross-entropy of the label, of logits divided by the temperature.
	Classification Loss = "classification"
	// Training is the whole training loss of the victim.
	Training Loss = "training"
	// Margin is the best other logit minus the label's (Carlini and Wagner
	// 2017), which does not saturate.
	Margin Loss = "margin"
	// DLR is the difference of logits ratio (Croce and Hein 2020, eq. 6), which
	// does not change when logits are shifted or scaled; it needs 3 classes.
	DLR Loss = "dlr"
	// TargetedDLR is DLR towards a target class (eq. 7); it needs 4 classes.
	TargetedDLR Loss = "dlr-targeted"
	// Linear is a weighted sum of logits, with weights that come with each call.
	Linear Loss = "linear"
	// Embedding, Appearance and Geometry are the squared L2 distance of a code
	// from one that comes with each call.
	Embedding  Loss = "embedding"
	Appearance Loss = "appearance"
	Geometry   Loss = "geometry"
)

// Losses are those that an attack can be told to follow.
var Losses = []Loss{Classification, Training, Margin, DLR}

// Words are the losses that an attack can be told to follow.
func (Loss) Words() []string {
	out := make([]string, len(Losses))
	for i, l := range Losses {
		out[i] = string(l)
	}
	return out
}

// IsCode tells losses in the space of a code.
func (l Loss) IsCode() bool { return l == Embedding || l == Appearance || l == Geometry }

// fits refuses too few classes for l.
func (l Loss) fits(classes int) error {
	least := map[Loss]int{DLR: 3, TargetedDLR: 4}[l]
	if classes < least {
		return fmt.Errorf("loss %s: want a victim of at least %d classes, got %d: use loss=margin", l, least, classes)
	}
	return nil
}

// perImage builds the loss of each image, [B], and the logits [B,K].
func (a *Arena) perImage(s *graphs.Scope, l Loss) (loss, logits tf.Output) {
	v := a.Victim
	switch {
	case l == Training:
		if v.TrainingLoss == nil {
			s.Errorf("loss training: this victim offers no training loss; use classification or margin")
			return loss, logits
		}
		return v.TrainingLoss(s, a.images.Value, a.labels.Value)
	case l.IsCode():
		if !v.Offers(l) {
			s.Errorf("loss %s: this victim has no such code; attack its logits", l)
			return loss, logits
		}
		logits, codes := v.Codes(s, a.images.Value)
		return a.codeDistance(s, l, codes[l]), logits
	}
	logits = v.Logits(s, a.images.Value)
	return a.ofLogits(s, l, logits), logits
}

// ofLogits builds the losses that are functions of logits [B,K].
func (a *Arena) ofLogits(s *graphs.Scope, l Loss, logits tf.Output) tf.Output {
	switch l {
	case Classification:
		t := op.ExpandDims(s.Op("column"), a.temperature.Value, op.Const(s.Op("axis"), int32(1)))
		return graphs.CrossEntropy(s.In("attack_loss"), op.Div(s.Op("cooled"), logits, t), a.labels.Value)
	case Margin:
		return graphs.Margin(s.In("attack_loss"), logits, a.labels.Value)
	case DLR:
		return graphs.DLR(s.In("attack_loss"), logits, a.labels.Value)
	case TargetedDLR:
		return graphs.TargetedDLR(s.In("attack_loss"), logits, a.labels.Value, a.targets.Value)
	case Linear:
		return op.Sum(s.Op("weighted"), op.Mul(s.Op("weights"), logits, a.cotangent.Value), op.Const(s.Op("axis"), int32(1)))
	}
	s.Errorf("loss: want one of %v, got %q", Losses, l)
	return tf.Output{}
}

// codeDistance is the squared distance of code [B,D] from the fed reference.
func (a *Arena) codeDistance(s *graphs.Scope, l Loss, code tf.Output) tf.Output {
	d, ok := s.Dims(code, 2, "codes [B,D]")
	if !ok {
		return tf.Output{}
	}
	a.references[l] = a.b.Input("attack_reference_"+string(l), tf.Float, -1, d[1])
	change := op.Sub(s.Op("change"), code, a.references[l].Value)
	return op.Sum(s.Op("distance"), op.Square(s.Op("square"), change), op.Const(s.Op("axis"), int32(1)))
}
