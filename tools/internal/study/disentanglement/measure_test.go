package disentanglement

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"unwarp/pipelines"
)

// binary are all combinations of two factors of two values, n times, and their codes.
func binary(n int, encode func(a, b float64) []float64) (Sample, []pipelines.Factor) {
	var codes, values []float64
	for range n {
		for _, f := range [][2]float64{{0, 0}, {0, 1}, {1, 0}, {1, 1}} {
			codes, values = append(codes, encode(f[0], f[1])...), append(values, f[:]...)
		}
	}
	return Sample{mat.NewDense(4*n, len(codes)/(4*n), codes), mat.NewDense(4*n, 2, values)},
		[]pipelines.Factor{{Name: "a", Values: 2}, {Name: "b", Values: 2}}
}

// TestByHand: codes whose scores follow on paper.
func TestByHand(t *testing.T) {
	for name, row := range map[string]struct {
		encode                                               func(a, b float64) []float64
		mig, disentanglement, completeness, accuracy, sap, v float64
	}{
		// Each factor has its unit; the third is dead.
		"apart": {func(a, b float64) []float64 { return []float64{a, -b, 3} }, 1, 1, 1, 1, .5, 1},
		// Two units hold the sum and the difference. Each takes three values, of which
		// two tell a factor: half a bit of the bit. Nothing separates.
		"turned": {func(a, b float64) []float64 { return []float64{a + b, a - b} }, 0, 0, 0, 1, 0, .5},
		// Both factors in one unit, in parts of 1/3 and 2/3, whose entropy is .9183 bits.
		"in one": {func(a, b float64) []float64 { return []float64{a + 2*b, 7} }, 1, .0817, 1, math.NaN(), math.NaN(), .5},
	} {
		t.Run(name, func(t *testing.T) {
			s, factors := binary(40, row.encode)
			got, err := Measure(s, s, factors, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				name              string
				got, want, within float64
			}{
				{"MIG", got.MIG, row.mig, 1e-9}, {"disentanglement", got.DCI.Disentanglement, row.disentanglement, .05},
				{"completeness", got.DCI.Completeness, row.completeness, .01}, {"accuracy", got.DCI.Accuracy, row.accuracy, 1e-9},
				{"SAP", got.SAP, row.sap, 1e-9}, {"FactorVAE", got.FactorVAE, row.v, .03},
			} {
				if !math.IsNaN(c.want) {
					near(t, c.name, c.got, c.want, c.within)
				}
			}
		})
	}
}

// TestNumbers: of factors that are numbers, a unit each, bins of equal frequency
// carry log 10 nats, and informativeness is R².
func TestNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 3000
	s := Sample{mat.NewDense(n, 3, nil), mat.NewDense(n, 2, nil)}
	for i := range n {
		a, b := r.NormFloat64(), r.Float64()
		s.Factors.SetRow(i, []float64{a, b})
		s.Codes.SetRow(i, []float64{5 * a, b + math.Sqrt(1./12)*r.NormFloat64(), .01 * r.NormFloat64()})
	}
	got, err := Measure(s, s, []pipelines.Factor{{Name: "a"}, {Name: "b"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "informativeness", got.DCI.Informativeness, .75, .02) // all of a, half of b
	near(t, "SAP", got.SAP, .75, .02)
	if got.DCI.Disentanglement < .95 || got.DCI.Completeness < .95 || got.FactorVAE < .95 || got.MIG < .3 {
		t.Errorf("got %+v", got)
	}
}

// A category weighs as much as a number, however many values it has.
func TestValuesDoNotAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n, k = 4000, 5
	noise := func() float64 { return .01 * r.NormFloat64() }
	s := Sample{mat.NewDense(n, 1+k, nil), mat.NewDense(n, 2, nil)}
	for i := range n {
		a, c := r.NormFloat64(), r.IntN(k)
		row := []float64{a + noise(), noise(), noise(), noise(), noise(), noise()}
		row[1+c]++
		s.Factors.SetRow(i, []float64{a, float64(c)})
		s.Codes.SetRow(i, row)
	}
	m := measureDCI(s, s, []pipelines.Factor{{Name: "a"}, {Name: "c", Values: k}})
	ofNumber, ofCategory := 0., 0.
	for _, row := range m.Importance {
		ofNumber, ofCategory = ofNumber+row[0], ofCategory+row[1]
	}
	// Each indicator has one unit, with a weight of 1 as the number's.
	near(t, "importance of the number", ofNumber, 1, .1)
	near(t, "importance of the category", ofCategory, 1, .3)
}

func TestBins(t *testing.T) {
	var x []float64
	var ranks []int
	for i := range 100 {
		x, ranks = append(x, math.Exp(float64(99-i))), append(ranks, (99-i)/10)
	}
	if got := binFactor(pipelines.Factor{}, x); !slices.Equal(got, ranks) {
		t.Errorf("ten bins of equal frequency: got %v", got)
	}
	if got := binFactor(pipelines.Factor{}, []float64{7, 1, 7, 30}); !slices.Equal(got, []int{1, 0, 1, 2}) {
		t.Errorf("levels: got %v", got)
	}
	if got := binByWidth([]float64{-1, 0, .49, .5, 1}, 4); !slices.Equal(got, []int{0, 2, 2, 3, 3}) {
		t.Errorf("bins of equal width: got %v", got)
	}
	if got := binByWidth([]float64{3, 3}, 4); got[0] != got[1] {
		t.Errorf("a constant: got %v", got)
	}
}

func TestMeasureRefuses(t *testing.T) {
	good, factors := binary(20, func(a, b float64) []float64 { return []float64{a, b} })
	few, _ := binary(12, func(a, b float64) []float64 { return []float64{a, b} })
	one, _ := binary(20, func(a, b float64) []float64 { return []float64{a} })
	bad, _ := binary(20, func(a, b float64) []float64 { return []float64{a, math.NaN()} })
	for name, row := range map[string]struct {
		s       Sample
		factors []pipelines.Factor
		want    string
	}{
		"few":      {few, factors, "at least 50 codes"},
		"one unit": {one, factors, "2 units"},
		"NaN":      {bad, factors, "finite"},
		"factors":  {good, factors[:1], "want 1 factors"},
	} {
		if _, err := Measure(good, row.s, row.factors, 1); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: want an error with %q, got %v", name, row.want, err)
		}
	}
}
