package disentanglement

import (
	"math"
	"slices"

	"unwarp/pipelines"
)

// measureMIG returns the mutual information gap (Chen et al. 2018, eq. 6): for each
// factor the information that the unit which tells most of it has in excess of the
// next one, over the factor's entropy; the mean over factors that vary.
func measureMIG(s Sample, factors []pipelines.Factor) float64 {
	_, d := s.Codes.Dims()
	units := make([][]int, d)
	for i := range units {
		units[i] = binByWidth(column(s.Codes, i), codeBins)
	}
	sum, count := 0., 0.
	for j, f := range factors {
		values := binFactor(f, column(s.Factors, j))
		if slices.Min(values) == slices.Max(values) {
			continue
		}
		entropy := mutualInformation(values, values)
		told := make([]float64, d)
		for i, unit := range units {
			told[i] = mutualInformation(unit, values)
		}
		slices.Sort(told)
		sum += (told[d-1] - told[d-2]) / entropy
		count++
	}
	return sum / max(1, count)
}

// mutualInformation is that of two discrete variables, in nats.
func mutualInformation(a, b []int) float64 {
	rows, columns := slices.Max(a)+1, slices.Max(b)+1
	joint, ofA, ofB := make([]float64, rows*columns), make([]float64, rows), make([]float64, columns)
	each := 1 / float64(len(a))
	for i := range a {
		joint[a[i]*columns+b[i]] += each
		ofA[a[i]] += each
		ofB[b[i]] += each
	}
	sum := 0.
	for k, p := range joint {
		if p > 0 {
			sum += p * math.Log(p/(ofA[k/columns]*ofB[k%columns]))
		}
	}
	return max(0, sum)
}
