package study

import (
	"context"
	"fmt"

	"unwarp/attacks"
	"unwarp/pipelines"
	"unwarp/trainer"
)

// Sample is images with their codes and predicted classes.
type Sample struct {
	attacks.Images
	Codes     trainer.Codes
	Predicted []int32
}

// EncodeSample reads and encodes the images of src at the given indices.
func EncodeSample(ctx context.Context, m Model, src pipelines.Source, indices []int) (*Sample, error) {
	some, err := pipelines.Subset(src, indices)
	if err != nil {
		return nil, err
	}
	s := new(Sample)
	if s.Images, err = m.Read(ctx, some); err != nil {
		return nil, err
	}
	s.Index = indices // in src, not in the subset
	s.Codes, s.Predicted, err = m.Encode(ctx, s.Pixels)
	return s, err
}

// Accuracy returns the share of images whose class is predicted correctly.
func (s *Sample) Accuracy() float64 {
	correct := 0
	for i, k := range s.Predicted {
		if k == s.Labels[i] {
			correct++
		}
	}
	return float64(correct) / float64(len(s.Predicted))
}

// ClassNames returns a function that names class k of src: by its name, or by
// its number where the set has no names.
func ClassNames(src pipelines.Source) func(k int32) string {
	names := pipelines.ClassNames(src)
	return func(k int32) string {
		if k >= 0 && int(k) < len(names) {
			return names[k]
		}
		return fmt.Sprint(k)
	}
}
