package disentanglement

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"unwarp/pipelines"
)

// measureSAP returns the separated attribute predictability (Kumar et al. 2018,
// section 3): for each factor the score of the unit that predicts it best less that
// of the next one; the mean over factors that vary. The score of a number is its
// squared correlation with the unit, that of a category the accuracy on test of a
// linear classifier fitted to train, the support vector machine of Locatello et al.
func measureSAP(train, test Sample, factors []pipelines.Factor) float64 {
	_, d := train.Codes.Dims()
	sum, count := 0., 0.
	for j, f := range factors {
		values, wanted := column(train.Factors, j), column(test.Factors, j)
		if slices.Min(values) == slices.Max(values) {
			continue
		}
		scores := make([]float64, d)
		for i := range d {
			unit := column(train.Codes, i)
			if f.Values == 0 {
				scores[i] = squaredCorrelation(unit, values)
			} else {
				scores[i] = fitThresholds(unit, values, f.Values).accuracy(column(test.Codes, i), wanted)
			}
		}
		slices.Sort(scores)
		sum += scores[d-1] - scores[d-2]
		count++
	}
	return sum / max(1, count)
}

// leastVariance is that of a unit that counts as alive (disentanglement_lib).
const leastVariance = 1e-12

func squaredCorrelation(unit, values []float64) float64 {
	if stat.Variance(unit, nil) <= leastVariance {
		return 0
	}
	return math.Pow(stat.Correlation(unit, values, nil), 2)
}
