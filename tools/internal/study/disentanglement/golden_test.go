package disentanglement

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"

	"unwarp/pipelines"
	"unwarp/pipelines/npz"
)

// recordedFactors are those of tools/golden/disentanglement.py.
var recordedFactors = []pipelines.Factor{{Name: "a", Values: 3}, {Name: "b", Values: 4}, {Name: "c", Values: 5}, {Name: "d", Values: 2}}

// fitted is how many rows of the record are fitted to.
const fitted = 600

func record(t *testing.T) func(name string) *mat.Dense {
	t.Helper()
	raw, err := os.ReadFile("testdata/disent.npz")
	if err != nil {
		t.Fatal(err)
	}
	all, err := npz.Decode(raw, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return func(name string) *mat.Dense {
		a, ok := all[name]
		if !ok {
			t.Fatalf("no %s in the record", name)
		}
		var wide []float64
		for _, v := range a.Float32s() {
			wide = append(wide, float64(v))
		}
		shape := append(a.Shape(), 1, 1)
		return mat.NewDense(shape[0], shape[1], wide)
	}
}

func recordedSamples(t *testing.T) (train, test Sample) {
	array := record(t)
	codes, factors := array("codes"), array("factors")
	n, d := codes.Dims()
	part := func(from, to int) Sample {
		return Sample{mat.DenseCopyOf(codes.Slice(from, to, 0, d)), mat.DenseCopyOf(factors.Slice(from, to, 0, len(recordedFactors)))}
	}
	return part(0, fitted), part(fitted, n)
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: want %.6f, got %.6f", what, want, got)
	}
}

// TestAgainstDisent: the scores that have no randomness are those of disent 0.8.
func TestAgainstDisent(t *testing.T) {
	array := record(t)
	train, test := recordedSamples(t)
	near(t, "MIG", measureMIG(train, recordedFactors), array("mig").At(0, 0), 1e-6)
	// liblinear stops at a tolerance, which moves single images over the line.
	near(t, "SAP", measureSAP(train, test, recordedFactors), array("sap").At(0, 0), .01)
	scores := array("sap_scores")
	for j, f := range recordedFactors {
		for i := range 6 { // of the dead unit any class is as good
			m := fitThresholds(column(train.Codes, i), column(train.Factors, j), f.Values)
			near(t, "accuracy of unit "+string(rune('0'+i))+" on "+f.Name, m.accuracy(column(test.Codes, i), column(test.Factors, j)), scores.At(i, j), .02)
		}
		for i := range 7 {
			near(t, "correlation", squaredCorrelation(column(train.Codes, i), column(train.Factors, j)), array("correlations").At(i, j), 1e-6)
		}
	}
	importance := make([][]float64, 7)
	for i := range importance {
		importance[i] = array("importance").RawRowView(i)
	}
	near(t, "disentanglement", disentanglementOf(importance), array("disentanglement").At(0, 0), 1e-5)
	near(t, "completeness", completenessOf(importance), array("completeness").At(0, 0), 1e-5)
}

// TestLasso: the weights are those of scikit-learn, and 0 of a dead unit.
func TestLasso(t *testing.T) {
	array := record(t)
	train, _ := recordedSamples(t)
	g := newGram(train.Codes)
	p := g.begin(column(train.Factors, 0))
	for k, part := range []float64{.5, .1, .01} {
		m := p.descend(part)
		for i, want := range array("lasso").RawRowView(k) {
			near(t, "weight", m.weights[i], want, 1e-4)
		}
		near(t, "weight of a dead unit", m.weights[6], 0, 0)
	}
}

// TestFactorVAEAgainstDisent: over all combinations of factors the score is that of
// five seeds of disent, within their spread and that of the votes.
func TestFactorVAEAgainstDisent(t *testing.T) {
	array := record(t)
	grid, toCodes := array("grid"), array("map")
	n, f := grid.Dims()
	_, d := toCodes.Dims()
	const copies = 40
	s := Sample{mat.NewDense(copies*n, d, nil), mat.NewDense(copies*n, f, nil)}
	r := rand.New(rand.NewPCG(3, 4))
	var clean mat.Dense
	clean.Mul(grid, toCodes)
	for i := range copies * n {
		s.Factors.SetRow(i, grid.RawRowView(i%n))
		for j := range d {
			s.Codes.Set(i, j, clean.At(i%n, j)+.6*r.NormFloat64())
		}
	}
	want := 0.
	for k := range 5 {
		want += array("factorvae").At(k, 0) / 5
	}
	for seed := range uint64(3) {
		near(t, "FactorVAE", measureFactorVAE(s, recordedFactors, seed), want, .02)
	}
}
