package progress

import (
	"fmt"
	"math"
	"strconv"

	"unwarp/trainer"
)

// LossWatch remarks once that the reconstruction drowns the classes: its part of the loss
// is several times theirs, and they are still near chance after a third of the training.
type LossWatch struct {
	Lambda   float32 // weight of the reconstruction
	Classes  int
	Branches float64 // averages that the losses add up, 2 with deformed views

	n                              int
	classification, reconstruction float64 // sums over the steps of the window
}

const (
	watchedSteps = 20  // that are averaged
	drowning     = 4.  // times the loss of the classes
	nearChance   = .65 // of the loss of a guess
)

// step adds a step's losses, and returns the remark where there is reason for one. It looks
// at the steps that end a third of the training.
func (w *LossWatch) step(at trainer.Progress) string {
	end := max(watchedSteps, at.Steps/3)
	if w.Lambda == 0 || at.Step > end || at.Step <= end-watchedSteps {
		return ""
	}
	w.n++
	w.classification += float64(at.Losses.Classification)
	w.reconstruction += float64(w.Lambda) * float64(at.Losses.Reconstruction)
	if at.Step < end {
		return ""
	}
	c, r, chance := w.classification/float64(w.n), w.reconstruction/float64(w.n), w.Branches*math.Log(float64(w.Classes))
	if r < drowning*c || c < nearChance*chance {
		return ""
	}
	lambda, _ := strconv.ParseFloat(strconv.FormatFloat(float64(w.Lambda)*c/(2*r), 'g', 1, 64), 64)
	return fmt.Sprintf("warning: step %d: the reconstruction has %.3g of the loss and the classes %.3g, where a guess has %.3g: what is learnt is to draw; lower train.objective.lambda, to about %g", at.Step, r, c, chance, lambda)
}
