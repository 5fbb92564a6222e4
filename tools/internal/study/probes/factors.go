package probes

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"unwarp/pipelines"
)

// Factor is how well a factor of glyphs is predicted from a code.
type Factor struct {
	Name  string `json:"name"`
	Group string `json:"group"` // appearance or geometry
	// R2 is the coefficient of determination on the test images.
	R2 float64 `json:"r2"`
}

// Read is how well all factors are predicted from one code.
type Read struct {
	Factors    []Factor `json:"factors"`
	Appearance float64  `json:"appearance"` // mean R² of the group
	Geometry   float64  `json:"geometry"`
	Face       float64  `json:"face"`         // accuracy of a linear probe for the font
	FaceChance float64  `json:"face_by_luck"` // of always predicting the most frequent one
}

// knownFactors are the numbers that glyphs are drawn with. Field is a seed, and not
// among them.
var knownFactors = []struct {
	name, group string
	of          func(f pipelines.Factors) float64
}{
	{"weight", "appearance", func(f pipelines.Factors) float64 { return f.Weight }},
	{"ink", "appearance", func(f pipelines.Factors) float64 { return f.Ink }},
	{"background", "appearance", func(f pipelines.Factors) float64 { return f.Background }},
	{"texture", "appearance", func(f pipelines.Factors) float64 { return f.Texture }},
	{"stretch x", "geometry", func(f pipelines.Factors) float64 { return f.StretchX }},
	{"stretch y", "geometry", func(f pipelines.Factors) float64 { return f.StretchY }},
	{"shear", "geometry", func(f pipelines.Factors) float64 { return f.Shear }},
	{"rotation", "geometry", func(f pipelines.Factors) float64 { return f.Rotation }},
	{"shift x", "geometry", func(f pipelines.Factors) float64 { return f.ShiftX }},
	{"shift y", "geometry", func(f pipelines.Factors) float64 { return f.ShiftY }},
	{"displacement", "geometry", func(f pipelines.Factors) float64 { return f.Displacement }},
}

// ReadFactors fits linear maps from the codes of training images to their factors,
// and measures them on test images. Row i of the codes belongs to entry i of the
// factors.
func ReadFactors(train *mat.Dense, trainFactors []pipelines.Factors, test *mat.Dense, testFactors []pipelines.Factors) (Read, error) {
	var r Read
	if n, _ := train.Dims(); n != len(trainFactors) {
		return r, fmt.Errorf("probes: factors: want those of %d codes, got %d", n, len(trainFactors))
	}
	// Standardised by the training images, so that all have one scale.
	mean, deviation := make([]float64, len(knownFactors)), make([]float64, len(knownFactors))
	for j, k := range knownFactors {
		n := float64(len(trainFactors))
		for _, f := range trainFactors {
			mean[j] += k.of(f) / n
		}
		for _, f := range trainFactors {
			deviation[j] += math.Pow(k.of(f)-mean[j], 2) / n
		}
		if deviation[j] = math.Sqrt(deviation[j]); deviation[j] == 0 {
			deviation[j] = 1
		}
	}
	numbers := func(all []pipelines.Factors) *mat.Dense {
		y := mat.NewDense(len(all), len(knownFactors), nil)
		for i, f := range all {
			for j, k := range knownFactors {
				y.Set(i, j, (k.of(f)-mean[j])/deviation[j])
			}
		}
		return y
	}
	fit, err := Fit(train, numbers(trainFactors))
	if err != nil {
		return r, err
	}
	counts := map[string]float64{}
	for j, v := range fit.Determination(test, numbers(testFactors)) {
		k := knownFactors[j]
		r.Factors = append(r.Factors, Factor{k.name, k.group, v})
		counts[k.group]++
		if k.group == "appearance" {
			r.Appearance += v
		} else {
			r.Geometry += v
		}
	}
	r.Appearance /= counts["appearance"]
	r.Geometry /= counts["geometry"]
	r.Face, r.FaceChance, err = readFace(train, trainFactors, test, testFactors)
	return r, err
}

// readFace returns the accuracy of a linear probe for the font, and that of always
// predicting the most frequent one.
func readFace(train *mat.Dense, trainFactors []pipelines.Factors, test *mat.Dense, testFactors []pipelines.Factors) (accuracy, luck float64, err error) {
	var names []string
	label := func(all []pipelines.Factors) []int32 {
		out := make([]int32, len(all))
		for i, f := range all {
			at := slices.Index(names, f.Face)
			if at < 0 {
				at, names = len(names), append(names, f.Face)
			}
			out[i] = int32(at)
		}
		return out
	}
	labels := label(trainFactors)
	l, err := FitLinear(train, labels, len(names))
	if err != nil {
		return 0, 0, err
	}
	tests := label(testFactors)
	counts := make([]int, len(names))
	for _, c := range labels {
		counts[c]++
	}
	most := 0
	for c, n := range counts {
		if n > counts[most] {
			most = c
		}
	}
	for _, c := range tests {
		if int(c) == most {
			luck += 1 / float64(len(tests))
		}
	}
	return l.Accuracy(test, tests), luck, nil
}
