package experiment

import (
	"context"
	"fmt"
	"math"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// withMoments fills in model.mean and model.std where the configuration asks
// for the training set's and does not give them. What follows takes them from
// the configuration: a run and its export stay what they are when the data
// change.
func withMoments(ctx context.Context, m graphs.Model, train pipelines.Source) (graphs.Model, error) {
	if m.Normalise != graphs.BySet || len(m.Mean) > 0 {
		return m, nil
	}
	mean, std, err := moments(ctx, train)
	if err != nil {
		return m, err
	}
	for i, v := range std {
		if v == 0 {
			return m, &ConfigError{fmt.Errorf("model.normalise: want a training set in which every channel varies, got channel %d of %s with the value %g everywhere: take image or channel", i, train.Name(), mean[i])}
		}
	}
	m.Mean, m.Std = mean, std
	return m, nil
}

// moments are mean and deviation of each channel over all pixels of src, in
// units of images in [0,1]. The sums are exact.
func moments(ctx context.Context, src pipelines.Source) (mean, std []float32, err error) {
	channels := src.Shape().C
	sums, squares := make([]uint64, channels), make([]uint64, channels)
	pixels := make([]uint8, src.Shape().Len())
	for i := range src.Len() {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if _, err := src.At(i, pixels); err != nil {
			return nil, nil, err
		}
		for k := 0; k < len(pixels); k += channels {
			for c, v := range pixels[k : k+channels] {
				sums[c] += uint64(v)
				squares[c] += uint64(v) * uint64(v)
			}
		}
	}
	n := float64(src.Len()) * float64(len(pixels)/channels)
	for c := range channels {
		m := float64(sums[c]) / n
		// Exactly 0 where all values are equal: sums and their products with a
		// whole mean are whole numbers.
		v := (float64(squares[c]) - m*float64(sums[c])) / n
		mean = append(mean, float32(m/255))
		std = append(std, float32(math.Sqrt(max(v, 0))/255))
	}
	return mean, std, nil
}
