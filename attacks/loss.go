package attacks

import "fmt"

// Loss names a function of images whose gradient an attack can follow.
type Loss string

// The losses. All but Linear grow where the classifier errs on the label.
const (
	// Classification is the cross-entropy of the label, of logits divided by the
	// temperature ([Temperature], and what an attack asks for).
	Classification Loss = "classification"
	// Training is the whole training loss of the victim.
	Training Loss = "training"
	// Margin is the best other logit minus the label's (Carlini and Wagner
	// 2017), which does not saturate.
	Margin Loss = "margin"
	// ProbabilityMargin is the best other probability minus the label's (Xie et al.
	// 2025), of logits divided by the temperature.
	ProbabilityMargin Loss = "probability-margin"
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

// Losses are those that an attack can follow by its key loss.
var Losses = []Loss{Classification, Training, Margin, ProbabilityMargin, DLR}

// Words are the losses that an attack can follow by its key loss.
func (Loss) Words() []string {
	out := make([]string, len(Losses))
	for i, l := range Losses {
		out[i] = string(l)
	}
	return out
}

// IsCode tells losses in the space of a code.
func (l Loss) IsCode() bool { return l == Embedding || l == Appearance || l == Geometry }

// CheckClasses refuses too few classes for l.
func (l Loss) CheckClasses(classes int) error {
	least := map[Loss]int{DLR: 3, TargetedDLR: 4}[l]
	if classes < least {
		return fmt.Errorf("loss %s: want a victim of at least %d classes, got %d: use loss=margin", l, least, classes)
	}
	return nil
}
