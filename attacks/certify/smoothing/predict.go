package smoothing

import "context"

// Prediction is the answer of the smoothed classifier for one image.
type Prediction struct {
	Class     int // of an abstention the most frequent one
	Abstained bool
	PValue    float64 // of the two most frequent classes being equally probable
}

// Predict is the paper's PREDICT: n samples, and the most frequent class where a
// two-sided exact binomial test between the first two rejects at level alpha that
// they are equally probable. A class that is answered is that of the smoothed
// classifier with probability at least 1-alpha.
func (p *Prover) Predict(ctx context.Context, image []float32, index int) (Prediction, error) {
	counts, err := p.sample.counts(ctx, image, index, predicting, p.set.N)
	if err != nil {
		return Prediction{}, err
	}
	first, second := firstTwo(counts)
	value := twoSided(counts[first], counts[first]+counts[second])
	return Prediction{Class: first, PValue: value, Abstained: !(value <= p.set.Alpha)}, nil
}
