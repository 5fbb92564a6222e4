package disentanglement

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"unwarp/pipelines"
)

// Sample is codes with the factors of their images.
type Sample struct {
	Codes   *mat.Dense // [N,D]
	Factors *mat.Dense // [N,F], as [pipelines.Factored] gives them
}

// check refuses samples that do not belong together or have values that are not finite.
func (s Sample) check(factors []pipelines.Factor) error {
	n, d := s.Codes.Dims()
	m, f := s.Factors.Dims()
	switch {
	case n != m || f != len(factors):
		return fmt.Errorf("disentanglement: want %d factors for each of %d codes, got %d for %d", len(factors), n, f, m)
	case n < LeastRows || d < 2 || f < 2:
		return fmt.Errorf("disentanglement: want at least %d codes of 2 units and 2 factors, got %d of %d and %d", LeastRows, n, d, f)
	}
	for _, x := range []*mat.Dense{s.Codes, s.Factors} {
		for _, v := range x.RawMatrix().Data {
			if v-v != 0 {
				return fmt.Errorf("disentanglement: want finite codes and factors, got %v", v)
			}
		}
	}
	return nil
}

// LeastRows is the fewest codes that anything is measured on.
const LeastRows = 50

// column returns column j of x.
func column(x *mat.Dense, j int) []float64 { return mat.Col(nil, j, x) }
