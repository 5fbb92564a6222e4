package embedding

import (
	"slices"

	"gonum.org/v1/gonum/mat"

	"unwarp/pipelines"
	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/disentanglement"
	"unwarp/tools/internal/study/probes"
)

// CodeResult is what one code holds.
type CodeResult struct {
	Code    string       `json:"code"`
	Size    int          `json:"size"`
	Before  Accuracies   `json:"before"`
	After   *Accuracies  `json:"after,omitempty"`
	Factors *probes.Read `json:"factors,omitempty"`
	// Scores are those of the field, where factors are known and images enough.
	Scores *disentanglement.Scores `json:"scores,omitempty"`
	KL     *float64                `json:"divergence,omitempty"` // of the t-SNE map, in nats
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
	after                   *attackedSample    // nil without an attack
	factors                 []pipelines.Factor // nil where they are not known
	fitFactors, testFactors *mat.Dense         // [N,F]
	names                   []string           // of the classes; nil where they are not known
	seed                    uint64
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
	if m.factors != nil {
		return r, m.measureFactors(c, train, &r)
	}
	return r, nil
}

// measureFactors measures what a code holds of the factors, and how well its units
// keep them apart.
func (m *measured) measureFactors(c Code, train *mat.Dense, r *CodeResult) error {
	test := c.matrix(m.test.Codes)
	read, err := probes.ReadFactors(m.factors, train, m.fitFactors, test, m.testFactors)
	if err != nil {
		return err
	}
	r.Factors = &read
	n := min(m.fit.Len(), m.test.Len())
	if n < disentanglement.LeastRows || r.Size < 2 || len(read.Factors) < 2 {
		return nil // too few for the scores
	}
	known, fit, tested := m.seenFactors(read.Unseen)
	s, err := disentanglement.Measure(disentanglement.Sample{Codes: train, Factors: fit}, disentanglement.Sample{Codes: test, Factors: tested}, known, m.seed)
	r.Scores = &s
	return err
}

// seenFactors are the factors that training images tell of, with their columns.
func (m *measured) seenFactors(unseen []string) (known []pipelines.Factor, fit, test *mat.Dense) {
	var from, to [][]float64
	for j, f := range m.factors {
		if !slices.Contains(unseen, f.Name) {
			known, from, to = append(known, f), append(from, mat.Col(nil, j, m.fitFactors)), append(to, mat.Col(nil, j, m.testFactors))
		}
	}
	return known, joinColumns(from), joinColumns(to)
}

func joinColumns(columns [][]float64) *mat.Dense {
	out := mat.NewDense(len(columns[0]), len(columns), nil)
	for j, x := range columns {
		out.SetCol(j, x)
	}
	return out
}

// readFactors returns the factors of the images of src at indices, nil where they
// are not known.
func readFactors(src pipelines.Source, indices []int) ([]pipelines.Factor, *mat.Dense) {
	list, values := pipelines.KnownFactors(src)
	if list == nil {
		return nil, nil
	}
	all := mat.NewDense(len(indices), len(list), nil)
	for to, i := range indices {
		all.SetRow(to, values(i))
	}
	return list, all
}
