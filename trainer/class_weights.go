package trainer

import (
	"fmt"
	"strconv"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// ClassWeights are factors of the cross-entropy of the images of each class: numbers
// separated by spaces, that of class 0 first; BalancedWeights; or "" for 1 throughout.
type ClassWeights string

// BalancedWeights stands for weights that make all classes count alike, however many
// images they have. [ClassWeights.Resolve] computes them.
const BalancedWeights ClassWeights = "balanced"

// mostWeight is the largest weight of a class.
const mostWeight = 1e6

// Resolve is w with balanced weights for a training set of so many images of each class:
// n/(K·n_k), whose mean over all images is 1.
func (w ClassWeights) Resolve(counts []int) (ClassWeights, error) {
	if w != BalancedWeights {
		return w, nil
	}
	n := 0
	for _, c := range counts {
		n += c
	}
	words := make([]string, len(counts))
	for k, c := range counts {
		if c == 0 {
			return w, fmt.Errorf("train.objective.class_weights: want an image to train on of each class, got none of class %d: give the weights as numbers", k)
		}
		words[k] = strconv.FormatFloat(float64(n)/float64(len(counts)*c), 'g', 6, 64)
	}
	return ClassWeights(strings.Join(words, " ")), nil
}

// values are the weights, nil for "" and for those that are not resolved.
func (w ClassWeights) values() ([]float32, error) {
	if w == "" || w == BalancedWeights {
		return nil, nil
	}
	var all []float32
	for _, word := range strings.Fields(string(w)) {
		v, err := strconv.ParseFloat(word, 32)
		if err != nil || !(v >= 0 && v <= mostWeight) {
			return nil, fmt.Errorf("train.objective.class_weights: want balanced, or a number from 0 to %g for each class, separated by spaces, got %.40q", mostWeight, word)
		}
		all = append(all, float32(v))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("train.objective.class_weights: want balanced, or a number for each class, got %q", string(w))
	}
	return all, nil
}

// CheckClasses refuses weights that are not resolved, or of another number of classes.
func (w ClassWeights) CheckClasses(classes int) error {
	if w == BalancedWeights {
		return fmt.Errorf("train.objective.class_weights: want numbers for a graph, got %s: resolve them for the training set", w)
	}
	v, err := w.values()
	if err == nil && v != nil && len(v) != classes {
		err = fmt.Errorf("train.objective.class_weights: want a number for each of the %d classes, got %d", classes, len(v))
	}
	return err
}

// weigh multiplies the loss of each image [B] by the weight of its label [B].
func (w ClassWeights) weigh(s *graphs.Scope, loss, labels tf.Output) tf.Output {
	v, err := w.values()
	if err != nil {
		s.Errorf("%w", err)
	}
	if v == nil || !s.OK() {
		return loss
	}
	of := op.GatherV2(s.Op("of_labels"), op.Const(s.Op("weights"), v), labels, op.Const(s.Op("axis"), int32(0)))
	return op.Mul(s.Op("weighed"), of, loss)
}
