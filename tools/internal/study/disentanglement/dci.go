package disentanglement

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"unwarp/pipelines"
)

// DCI is what Eastwood and Williams 2018 measure.
type DCI struct {
	// Disentanglement is 1 where each unit serves one factor, 0 where each serves
	// all alike. Units weigh as much as they serve.
	Disentanglement float64 `json:"disentanglement"`
	// Completeness is 1 where each factor is held by one unit, 0 where all hold it
	// alike.
	Completeness float64 `json:"completeness"`
	// Informativeness is the mean R² on test images of the factors that are numbers,
	// each predicted by a lasso from all units; at most 1, and below 0 where it was
	// fitted to too few images.
	Informativeness float64 `json:"informativeness"`
	// Accuracy is the mean share of test images whose category is predicted so.
	Accuracy float64 `json:"accuracy,omitempty"`
	// Importance [D][F] is what unit i adds to the prediction of factor j: the
	// magnitude of its weight, units and factors having a deviation of 1. Of a
	// category it is the mean over the indicators of its values, so that a factor
	// with more values does not weigh more.
	Importance [][]float64 `json:"-"`
}

// measureDCI fits to train and measures informativeness on test.
func measureDCI(train, test Sample, factors []pipelines.Factor) DCI {
	_, d := train.Codes.Dims()
	fit := newLasso(train.Codes)
	m := DCI{Importance: make([][]float64, d)}
	for i := range m.Importance {
		m.Importance[i] = make([]float64, len(factors))
	}
	var determined, found []float64
	for j, f := range factors {
		values, wanted := column(train.Factors, j), column(test.Factors, j)
		if slices.Min(values) == slices.Max(values) {
			continue
		}
		if f.Values == 0 {
			p := fit.fit(values)
			p.addTo(m.Importance, j, 1)
			determined = append(determined, determination(p.predict(test.Codes), wanted))
			continue
		}
		scores := mat.NewDense(len(wanted), f.Values, nil)
		for c := range f.Values {
			p := fit.fit(indicator(values, float64(c)))
			p.addTo(m.Importance, j, 1/float64(f.Values))
			scores.SetCol(c, p.predict(test.Codes))
		}
		found = append(found, argmaxAccuracy(scores, wanted))
	}
	m.Disentanglement, m.Completeness = disentanglementOf(m.Importance), completenessOf(m.Importance)
	m.Informativeness, m.Accuracy = mean(determined), mean(found)
	return m
}

func indicator(values []float64, of float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		if v == of {
			out[i] = 1
		}
	}
	return out
}

// argmaxAccuracy is the share of rows whose largest score is that of the wanted category.
func argmaxAccuracy(scores *mat.Dense, wanted []float64) float64 {
	right := 0.
	for i, want := range wanted {
		best := 0
		for c, v := range scores.RawRowView(i) {
			if v > scores.At(i, best) {
				best = c
			}
		}
		if float64(best) == want {
			right++
		}
	}
	return right / float64(len(wanted))
}

// determination is R²: 1 less the squared errors over those of the mean.
func determination(got, want []float64) float64 {
	m, errors, deviations := mean(want), 0., 0.
	for i, v := range want {
		errors += (got[i] - v) * (got[i] - v)
		deviations += (v - m) * (v - m)
	}
	if deviations == 0 {
		return 0
	}
	return 1 - errors/deviations
}

func mean(x []float64) float64 {
	sum := 0.
	for _, v := range x {
		sum += v
	}
	return sum / float64(max(1, len(x)))
}

// disentanglementOf is the mean over units, weighed by their importance, of one
// less the entropy of a unit's importances to the base of the number of factors.
func disentanglementOf(importance [][]float64) float64 {
	return weighedConcentration(importance)
}

// completenessOf is the same over factors, of their importances over units.
func completenessOf(importance [][]float64) float64 {
	turned := make([][]float64, len(importance[0]))
	for _, row := range importance {
		for j, v := range row {
			turned[j] = append(turned[j], v)
		}
	}
	return weighedConcentration(turned)
}

func weighedConcentration(rows [][]float64) float64 {
	total, sum := 0., 0.
	for _, row := range rows {
		weight, entropy := 0., 0.
		for _, v := range row {
			weight += v
		}
		for _, v := range row {
			if v > 0 {
				entropy -= v / weight * math.Log(v/weight)
			}
		}
		total += weight
		sum += weight * (1 - entropy/math.Log(float64(len(row))))
	}
	if total == 0 {
		return 0
	}
	return sum / total
}
