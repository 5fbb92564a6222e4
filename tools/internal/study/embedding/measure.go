package embedding

import (
	"slices"

	"unwarp/pipelines"
	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/probes"
)

// CodeResult is what one code holds.
type CodeResult struct {
	Code    string       `json:"code"`
	Size    int          `json:"size"`
	Before  Accuracies   `json:"before"`
	After   *Accuracies  `json:"after,omitempty"`
	Factors *probes.Read `json:"factors,omitempty"`
	KL      *float64     `json:"divergence,omitempty"` // of the t-SNE map, in nats
}

// Accuracies are shares of test images whose class is predicted from a code.
type Accuracies struct {
	Nearest float64 `json:"nearest"`      // by the nearest neighbour
	Five    float64 `json:"five_nearest"` // by the majority of five
	Linear  float64 `json:"linear"`       // by a linear probe
}

// measured is the samples from which the contents of codes are measured.
type measured struct {
	fit, test               *study.Sample
	after                   *attackedSample     // nil without an attack
	fitFactors, testFactors []pipelines.Factors // nil where they are not known
	names                   []string            // of the classes; nil where they are not known
}

// measureCode predicts class and factors from a code.
func (m *measured) measureCode(c Code) (CodeResult, error) {
	train := c.matrix(m.fit.Codes)
	_, size := train.Dims()
	r := CodeResult{Code: c.Name, Size: size}
	classes := int32(0)
	for _, l := range slices.Concat(m.fit.Labels, m.test.Labels) {
		classes = max(classes, l+1)
	}
	linear, err := probes.FitLinear(train, m.fit.Labels, int(classes))
	if err != nil {
		return r, err
	}
	measure := func(s *study.Sample) (a Accuracies, err error) {
		x := c.matrix(s.Codes)
		if a.Nearest, err = probes.Neighbours(train, m.fit.Labels, x, s.Labels, 1); err != nil {
			return a, err
		}
		a.Five, err = probes.Neighbours(train, m.fit.Labels, x, s.Labels, 5)
		a.Linear = linear.Accuracy(x, s.Labels)
		return a, err
	}
	if r.Before, err = measure(m.test); err != nil {
		return r, err
	}
	if m.after != nil {
		a, err := measure(m.after.Sample)
		if err != nil {
			return r, err
		}
		r.After = &a
	}
	if m.fitFactors != nil && m.testFactors != nil {
		f, err := probes.ReadFactors(train, m.fitFactors, c.matrix(m.test.Codes), m.testFactors)
		if err != nil {
			return r, err
		}
		r.Factors = &f
	}
	return r, nil
}

// readFactors returns the factors of the images of src at indices, nil where
// they are not known.
func readFactors(src pipelines.Source, indices []int) []pipelines.Factors {
	factors := pipelines.KnownFactors(src)
	if factors == nil {
		return nil
	}
	var all []pipelines.Factors
	for _, i := range indices {
		all = append(all, factors(i))
	}
	return all
}
