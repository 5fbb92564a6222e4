package probes

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"unwarp/pipelines"
)

func normal(seed uint64, n, d int) *mat.Dense {
	r := rand.New(rand.NewPCG(seed, 1))
	x := mat.NewDense(n, d, nil)
	for i := range n {
		for j := range d {
			x.Set(i, j, r.NormFloat64())
		}
	}
	return x
}

// TestNeighbours against distances computed one by one, and hand-made ties.
func TestNeighbours(t *testing.T) {
	train, test := normal(1, 60, 4), normal(2, rowsPerBlock+20, 4)
	labels, tests := make([]int32, 60), make([]int32, rowsPerBlock+20)
	for i := range labels {
		labels[i] = int32(i % 3)
	}
	for i := range tests { // right where the nearest says so
		best, at := math.Inf(1), 0
		for j := range 60 {
			square := 0.
			for c := range 4 {
				square += math.Pow(train.At(j, c)-test.At(i, c), 2)
			}
			if square < best {
				best, at = square, j
			}
		}
		tests[i] = labels[at]
		if i%4 == 0 {
			tests[i] = 9
		}
	}
	if got, err := Neighbours(train, labels, test, tests, 1); err != nil || math.Abs(got-.75) > .005 {
		t.Errorf("want 3/4 right, got %v, %v", got, err)
	}
	line := mat.NewDense(5, 1, []float64{0, 1, 2, 3, 4})
	for _, row := range []struct {
		at   float64
		k    int
		want int32
	}{{.2, 1, 7}, {1.2, 3, 8}, {.2, 2, 7}, {1.2, 5, 8}, {3.9, 2, 9}} {
		one := mat.NewDense(1, 1, []float64{row.at})
		if got, err := Neighbours(line, []int32{7, 8, 8, 7, 9}, one, []int32{row.want}, row.k); err != nil || got != 1 {
			t.Errorf("%+v: another class won, %v", row, err)
		}
	}
	for _, k := range []int{0, 6} {
		if _, err := Neighbours(line, make([]int32, 5), line, make([]int32, 5), k); err == nil {
			t.Errorf("%d neighbours of 5: want an error", k)
		}
	}
	if _, err := Neighbours(line, make([]int32, 5), normal(1, 5, 2), make([]int32, 5), 1); err == nil {
		t.Error("codes of two sizes: want an error")
	}
}

// TestDetermination: of targets that are linear in the code with noise of known
// variance R² is the share of variance without it; of the code's square none.
func TestDetermination(t *testing.T) {
	const n = 4000
	make2 := func(seed uint64) (x, y *mat.Dense) {
		x, y = normal(seed, n, 6), mat.NewDense(n, 4, nil)
		noise := normal(seed+50, n, 2)
		for i := range n {
			y.Set(i, 0, 3*x.At(i, 0)-4*x.At(i, 5)+100)             // all of it
			y.Set(i, 1, x.At(i, 1)+noise.At(i, 0))                 // half of it
			y.Set(i, 2, x.At(i, 2)*x.At(i, 2))                     // none
			y.Set(i, 3, 2*x.At(i, 3)+math.Sqrt(12)*noise.At(i, 1)) // a quarter
		}
		for i := range n {
			for j := range 6 {
				x.Set(i, j, x.At(i, j)+5)
			}
		}
		return x, y
	}
	x, y := make2(1)
	r, err := Fit(x, y)
	if err != nil {
		t.Fatal(err)
	}
	x, y = make2(2)
	for j, want := range []float64{1, .5, 0, .25} {
		if got := r.Determination(x, y)[j]; math.Abs(got-want) > .03 {
			t.Errorf("target %d: want R² %g, got %g", j, want, got)
		}
	}
	if got := r.Determination(x, y)[0]; got < 1-1e-6 {
		t.Errorf("an exact map: want R² 1, got %g", got)
	}
	flat := mat.NewDense(n, 4, nil)
	if got := r.Determination(x, flat)[0]; !math.IsNaN(got) {
		t.Errorf("a constant: want NaN, got %g", got)
	}
}

// TestPenalty: with far more units than rows tell apart, and targets that are
// all noise, the largest penalty wins; the fit is the minimum of its objective.
func TestPenalty(t *testing.T) {
	x, y := normal(3, 60, 40), normal(4, 60, 1)
	r, err := Fit(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if r.Penalties[0] < 1 {
		t.Errorf("noise: want a large penalty, got %g", r.Penalties[0])
	}
	if got := r.Determination(normal(5, 60, 40), normal(6, 60, 1))[0]; got < -.5 {
		t.Errorf("noise: R² %g", got)
	}
	isLeast(t, r, x, y)
	x.Set(3, 3, math.NaN())
	if _, err := Fit(x, y); err == nil || !strings.Contains(err.Error(), "finite") {
		t.Errorf("want an error on NaN, got %v", err)
	}
	if _, err := Fit(normal(1, 9, 2), normal(1, 9, 1)); err == nil || !strings.Contains(err.Error(), "at least 10") {
		t.Errorf("want an error on few rows, got %v", err)
	}
	if r, err := Fit(mat.NewDense(20, 3, nil), normal(1, 20, 1)); err != nil || r.weights.At(0, 0) != 0 {
		t.Errorf("a constant code: %v, %v", r, err)
	}
}

// isLeast moves weights of a fit to one target a little: its objective must rise.
func isLeast(t *testing.T, r *Ridge, x, y *mat.Dense) {
	t.Helper()
	n, d := x.Dims()
	variance := 0.
	for j := range d {
		column := mat.Col(nil, j, x)
		variance += stat.PopVariance(column, nil) * float64(n) / float64(d)
	}
	objective := func() float64 {
		size := 0.
		for i := range d {
			size += math.Pow(r.weights.At(i, 0), 2)
		}
		return sumSquares(r.Predict(x), y)[0] + r.Penalties[0]*variance*size
	}
	least := objective()
	for _, i := range []int{0, 17, d - 1} {
		for _, by := range []float64{1e-4, -1e-4} {
			old := r.weights.At(i, 0)
			r.weights.Set(i, 0, old+by)
			if objective() <= least {
				t.Errorf("%d rows of %d units: weight %d moved by %g lowers the objective", n, d, i, by)
			}
			r.weights.Set(i, 0, old)
		}
	}
}

// TestFewRows: with fewer rows than units the fit is the minimum of the same objective.
func TestFewRows(t *testing.T) {
	x, y := normal(7, 30, 100), normal(8, 30, 1)
	r, err := Fit(x, y)
	if err != nil {
		t.Fatal(err)
	}
	isLeast(t, r, x, y)
}

func TestLinear(t *testing.T) {
	make2 := func(seed uint64) (*mat.Dense, []int32) {
		x, labels := normal(seed, 300, 5), make([]int32, 300)
		for i := range labels {
			labels[i] = int32(i % 3)
			x.Set(i, i%3, x.At(i, i%3)+12)
		}
		return x, labels
	}
	x, labels := make2(1)
	l, err := FitLinear(x, labels, 3)
	if err != nil {
		t.Fatal(err)
	}
	test, labels := make2(2)
	if got := l.Accuracy(test, labels); got != 1 {
		t.Errorf("separable classes: want 1, got %g", got)
	}
	for i := range labels {
		labels[i] = (labels[i] + 1) % 3
	}
	if got := l.Accuracy(test, labels); got != 0 {
		t.Errorf("wrong labels: want 0, got %g", got)
	}
	if _, err := FitLinear(x, labels[:9], 3); err == nil {
		t.Error("fewer labels than codes: want an error")
	}
}

// TestReadFactors: codes made of the factors themselves give them back, each in
// its group, and nothing of the others.
func TestReadFactors(t *testing.T) {
	var list []pipelines.Factor
	part := func(split string, n int) (*mat.Dense, *mat.Dense, *mat.Dense) {
		g, err := pipelines.NewGlyphs(1, split, n, 8)
		if err != nil {
			t.Fatal(err)
		}
		list = g.FactorList()
		all := mat.NewDense(n, len(list), nil)
		appearance, geometry := normal(7, n, 20), mat.NewDense(n, 7, nil)
		for i := range n {
			f := g.Factors(i)
			all.SetRow(i, g.FactorValues(i))
			for c, v := range []float64{30 * f.Weight, f.Ink, f.Background + .5, -f.Texture} {
				appearance.Set(i, c, v)
			}
			for c := range 12 { // an indicator for some of the fonts
				appearance.Set(i, 4+c, 0)
			}
			appearance.Set(i, 4+len(f.Face)%12, 1)
			for c, v := range []float64{f.StretchX - f.StretchY, f.StretchX + f.StretchY, f.Shear, f.Rotation, f.ShiftX, f.ShiftY + f.Displacement, f.Displacement} {
				geometry.Set(i, c, v)
			}
		}
		return all, appearance, geometry
	}
	train, a, g := part("train", 1500)
	test, ta, tg := part("test", 500)
	fromA, err := ReadFactors(list, a, train, ta, test)
	if err != nil {
		t.Fatal(err)
	}
	fromG, err := ReadFactors(list, g, train, tg, test)
	if err != nil {
		t.Fatal(err)
	}
	if *fromA.Appearance < .999 || math.Abs(*fromA.Geometry) > .05 || *fromG.Geometry < .999 || math.Abs(*fromG.Appearance) > .05 {
		t.Errorf("appearance code: %.3f and %.3f; geometric code: %.3f and %.3f", *fromA.Appearance, *fromA.Geometry, *fromG.Appearance, *fromG.Geometry)
	}
	if len(fromA.Factors) != 12 || fromA.Factors[1].Name != "ink" || fromA.Factors[1].Group != "appearance" || fromA.Factors[10].Group != "geometry" {
		t.Errorf("factors: %+v", fromA.Factors)
	}
	if font, of := fromA.Factors[11], fromG.Factors[11]; font.Accuracy < 3*font.Chance || of.Accuracy > 2*of.Chance || font.Chance < .05 || font.Chance > .2 {
		t.Errorf("font: %+v of the appearance code, %+v of the geometric code", font, of)
	}
	if _, err := ReadFactors(list, ta, train, ta, test); err == nil {
		t.Error("factors of other images: want an error")
	}
}

// TestUnseenFactors: a category that only test images have, and a constant, are
// left out and named.
func TestUnseenFactors(t *testing.T) {
	x, values := normal(1, 60, 3), mat.NewDense(60, 3, nil)
	for i := range 60 {
		values.SetRow(i, []float64{float64(i % 2), 5, x.At(i, 0)})
	}
	other := mat.DenseCopyOf(values)
	other.Set(7, 0, 2)
	list := []pipelines.Factor{{Name: "instance", Values: 3}, {Name: "constant"}, {Name: "number", Group: pipelines.GeometryFactor}}
	r, err := ReadFactors(list, x, values, x, other)
	if err != nil || strings.Join(r.Unseen, " ") != "instance constant" || len(r.Factors) != 1 || *r.Geometry < .999 || r.Appearance != nil {
		t.Errorf("got %+v, %v", r, err)
	}
}

// Rows whose classes follow each other in turn are held out of all classes, and
// every row is either held out or not.
func TestSplitHoldout(t *testing.T) {
	const n, classes = 1003, 5
	x := mat.NewDense(n, 1, nil)
	for i := range n {
		x.Set(i, 0, float64(i))
	}
	in, out := SplitHoldout(x)
	var all []int
	var count [classes]int
	for _, v := range in.RawMatrix().Data {
		all = append(all, int(v))
	}
	for _, v := range out.RawMatrix().Data {
		all = append(all, int(v))
		count[int(v)%classes]++
	}
	slices.Sort(all)
	for i, v := range all {
		if len(all) != n || v != i {
			t.Fatalf("want each of %d rows once, got %v", n, all)
		}
	}
	for c, k := range count {
		if k < 20 || k > 60 { // 40 of 201, with a deviation of 6
			t.Errorf("want about 40 held-out rows of class %d, got %d", c, k)
		}
	}
}
