package report

import (
	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// Chance compares the classes that a model predicts without attack with guessing.
type Chance struct {
	Labels    int     `json:"labels"`    // classes among the images
	Predicted int     `json:"predicted"` // classes that are predicted for them
	Share     float64 `json:"share"`     // of the images that would be correct if predictions and labels were independent
}

// enoughToJudge is the least number of images on which a model is judged to be no
// better than chance.
const enoughToJudge = 100

func newChance(e *attacks.Evaluation) Chance {
	labels, predicted := map[int32]int{}, map[int32]int{}
	for i := range e.Images {
		labels[e.Labels[i]]++
		predicted[e.Clean[i]]++
	}
	c := Chance{Labels: len(labels), Predicted: len(predicted)}
	pairs := 0 // of a label and a prediction that are equal
	for k, n := range labels {
		pairs += n * predicted[k]
	}
	if e.Images > 0 {
		c.Share = float64(pairs) / float64(e.Images) / float64(e.Images)
	}
	return c
}

// isReached tells whether the model is no better than chance: it predicts one class
// for images of several, or as many of many images are correct as of guesses.
func (c Chance) isReached(clean Rate) bool {
	low, _ := checks.Wilson(clean.Count, clean.Of)
	return c.Labels > 1 && (c.Predicted == 1 || clean.Of >= enoughToJudge && low <= c.Share)
}

// describe says what a model that is no better than chance has shown. That it has
// learned nothing is said where the images could have shown otherwise: they are
// many, and no class has most of them.
func (c Chance) describe(clean Rate) string {
	words := "That is no better than chance"
	if c.Predicted == 1 {
		words = "It predicts the same class for every image"
	}
	if clean.Of >= enoughToJudge && c.Share <= .5 {
		return words + ": it has learned nothing."
	}
	return words + ": these images do not show what it has learned."
}
