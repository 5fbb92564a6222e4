package probes

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"unwarp/pipelines"
)

// Factor is how well a factor of the images is predicted from a code by a linear
// map.
type Factor struct {
	Name  string                `json:"name"`
	Group pipelines.FactorGroup `json:"group"`
	// R2 is the coefficient of determination on the test images of a number, nil of a
	// category.
	R2 *float64 `json:"r2,omitempty"`
	// Values is the number of values of a category, of which Accuracy is the share of
	// test images predicted correctly, and Chance that of always predicting the most
	// frequent one.
	Values   int     `json:"values,omitempty"`
	Accuracy float64 `json:"accuracy,omitempty"`
	Chance   float64 `json:"by_luck,omitempty"`
}

// Read is how well all factors are predicted from one code.
type Read struct {
	Factors    []Factor `json:"factors"`
	Appearance *float64 `json:"appearance"` // mean R² of the numbers of the group, null without any
	Geometry   *float64 `json:"geometry"`
	// Unseen are factors that are left out, since the test images have values that no
	// training image has, or all images have one.
	Unseen []string `json:"unseen,omitempty"`
}

// ReadFactors fits linear maps from the codes of training images to their factors,
// and measures them on test images. Row i of the codes belongs to row i of the
// values, [N,F].
func ReadFactors(factors []pipelines.Factor, train, trainValues, test, testValues *mat.Dense) (Read, error) {
	var r Read
	n, _ := train.Dims()
	if m, f := trainValues.Dims(); n != m || f != len(factors) {
		return r, fmt.Errorf("probes: factors: want %d of %d codes, got %d of %d", len(factors), n, f, m)
	}
	var numbers []int // of the columns, to be fitted together
	for j, f := range factors {
		from, to := mat.Col(nil, j, trainValues), mat.Col(nil, j, testValues)
		if !canLearn(f, from, to) {
			r.Unseen = append(r.Unseen, f.Name)
			continue
		}
		one := Factor{Name: f.Name, Group: f.Group, Values: f.Values}
		if f.Values == 0 {
			numbers = append(numbers, j)
		} else {
			var err error
			if one.Accuracy, one.Chance, err = readCategory(f, train, from, test, to); err != nil {
				return r, err
			}
		}
		r.Factors = append(r.Factors, one)
	}
	if len(numbers) == 0 {
		return r, nil
	}
	determined, err := readNumbers(train, trainValues, test, testValues, numbers)
	if err != nil {
		return r, err
	}
	r.addNumbers(determined)
	return r, nil
}

// addNumbers fills in R² of the factors that are numbers, and the means of groups.
func (r *Read) addNumbers(determined []float64) {
	sums, counts := map[pipelines.FactorGroup]float64{}, map[pipelines.FactorGroup]float64{}
	for i := range r.Factors {
		if f := &r.Factors[i]; f.Values == 0 {
			f.R2, determined = &determined[0], determined[1:]
			sums[f.Group] += *f.R2
			counts[f.Group]++
		}
	}
	mean := func(g pipelines.FactorGroup) *float64 {
		if counts[g] == 0 {
			return nil
		}
		m := sums[g] / counts[g]
		return &m
	}
	r.Appearance, r.Geometry = mean(pipelines.AppearanceFactor), mean(pipelines.GeometryFactor)
}

// canLearn tells whether training values say anything of the test values.
func canLearn(f pipelines.Factor, train, test []float64) bool {
	if slices.Min(train) == slices.Max(train) || slices.Min(test) == slices.Max(test) {
		return false
	}
	if f.Values == 0 {
		return true
	}
	return !slices.ContainsFunc(test, func(v float64) bool { return !slices.Contains(train, v) })
}

// readNumbers returns R² of numbers, the given columns of the values.
func readNumbers(train, trainValues, test, testValues *mat.Dense, columns []int) ([]float64, error) {
	n, _ := trainValues.Dims()
	m, _ := testValues.Dims()
	y, wanted := mat.NewDense(n, len(columns), nil), mat.NewDense(m, len(columns), nil)
	for to, j := range columns {
		from := mat.Col(nil, j, trainValues)
		// Standardised by the training images, so that all have one scale.
		mean, deviation := stat.PopMeanStdDev(from, nil)
		for i, v := range from {
			y.Set(i, to, (v-mean)/deviation)
		}
		for i := range m {
			wanted.Set(i, to, (testValues.At(i, j)-mean)/deviation)
		}
	}
	fit, err := Fit(train, y)
	if err != nil {
		return nil, err
	}
	return fit.Determination(test, wanted), nil
}

// readCategory returns the accuracy of a linear probe, and that of always
// predicting the most frequent category.
func readCategory(f pipelines.Factor, train *mat.Dense, trainValues []float64, test *mat.Dense, testValues []float64) (accuracy, chance float64, err error) {
	toLabels := func(values []float64) []int32 {
		labels := make([]int32, len(values))
		for i, v := range values {
			labels[i] = int32(v)
		}
		return labels
	}
	labels := toLabels(trainValues)
	l, err := FitLinear(train, labels, f.Values)
	if err != nil {
		return 0, 0, err
	}
	counts := make([]int, f.Values)
	for _, c := range labels {
		counts[c]++
	}
	most := slices.Index(counts, slices.Max(counts))
	tests := toLabels(testValues)
	for _, c := range tests {
		if int(c) == most {
			chance += 1 / float64(len(tests))
		}
	}
	return l.Accuracy(test, tests), chance, nil
}
