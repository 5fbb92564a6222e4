package probes

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"unwarp/pipelines"
)

// Ridge is a linear map from codes to targets. Each target is fitted by ridge
// regression with its own penalty: the one of Penalties that predicts a held-out
// fifth of the rows best. The final fit is to all rows.
type Ridge struct {
	Penalties []float64  // chosen, one for each target
	weights   *mat.Dense // [D,T]
	code      []float64  // mean code, [D]
	target    []float64  // mean target, [T]
}

// Penalties that are tried, relative to the mean variance of a code's units.
var Penalties = []float64{1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10}

// holdout: one of so many rows is held out to choose the penalty.
const holdout = 5

// Fit maps the rows of x [N,D] to those of y [N,T]; N is at least 10. Units and
// targets are centred, not scaled: the units of a code have comparable scales.
func Fit(x, y *mat.Dense) (*Ridge, error) {
	n, _ := x.Dims()
	m, targets := y.Dims()
	if n != m || n < 2*holdout {
		return nil, fmt.Errorf("probes: ridge: want as many codes as targets, at least %d, got %d and %d", 2*holdout, n, m)
	}
	if !isFinite(x) || !isFinite(y) {
		return nil, fmt.Errorf("probes: ridge: want finite codes and targets, got some that are not")
	}
	inX, outX := SplitHoldout(x)
	inY, outY := SplitHoldout(y)
	s := newSystem(inX, inY)
	best := make([]float64, targets)
	chosen := make([]float64, targets)
	for j := range best {
		best[j] = math.Inf(1)
	}
	for _, penalty := range Penalties {
		r, err := s.solve(penalty)
		if err != nil {
			return nil, err
		}
		for j, e := range sumSquares(r.Predict(outX), outY) {
			if e < best[j] {
				best[j], chosen[j] = e, penalty
			}
		}
	}
	return newSystem(x, y).solveEach(chosen)
}

// Predict returns the predictions for the rows of x, [M,T].
func (r *Ridge) Predict(x *mat.Dense) *mat.Dense {
	out := new(mat.Dense)
	out.Mul(subtractMean(x, r.code), r.weights)
	n, t := out.Dims()
	for i := range n {
		for j := range t {
			out.Set(i, j, out.At(i, j)+r.target[j])
		}
	}
	return out
}

// Determination returns R² of each target on the rows of x and y: 1 less the sum of
// squared errors over that of the targets' own deviations from their mean. 1 is
// perfect, 0 no better than the mean, below 0 worse; NaN where y is constant.
func (r *Ridge) Determination(x, y *mat.Dense) []float64 {
	_, mean := centre(y)
	n, t := y.Dims()
	flat := mat.NewDense(n, t, nil)
	for i := range n {
		flat.SetRow(i, mean)
	}
	errors, deviations := sumSquares(r.Predict(x), y), sumSquares(flat, y)
	out := make([]float64, t)
	for j := range out {
		out[j] = 1 - errors[j]/deviations[j]
		if deviations[j] == 0 {
			out[j] = math.NaN()
		}
	}
	return out
}

// Linear is a linear probe: ridge regression to the indicators of the classes,
// of which the largest wins.
type Linear struct{ ridge *Ridge }

// FitLinear fits to codes [N,D] with labels in 0..classes-1.
func FitLinear(x *mat.Dense, labels []int32, classes int) (*Linear, error) {
	n, _ := x.Dims()
	if n != len(labels) {
		return nil, fmt.Errorf("probes: linear: want as many codes as labels, got %d and %d", n, len(labels))
	}
	y := mat.NewDense(n, classes, nil)
	for i, l := range labels {
		y.Set(i, int(l), 1)
	}
	r, err := Fit(x, y)
	return &Linear{r}, err
}

// Accuracy returns the share of the rows of x whose label is predicted.
func (l *Linear) Accuracy(x *mat.Dense, labels []int32) float64 {
	right := 0
	scores := l.ridge.Predict(x)
	for i, want := range labels {
		row := scores.RawRowView(i)
		best := 0
		for c, v := range row {
			if v > row[best] {
				best = c
			}
		}
		if int32(best) == want {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}

// system holds the normal equations of one set of rows: of the units, or where there are
// fewer rows than units of the rows, w = Xᵀ(XXᵀ+λ)⁻¹Y, which is the same map.
type system struct {
	gram, right  *mat.Dense // [D,D] and [D,T] of centred rows; of few rows [N,N] and [N,T]
	rows         *mat.Dense // centred, [N,D], of few rows; else nil
	code, target []float64
	scale        float64 // mean variance of the units, times N
}

func newSystem(x, y *mat.Dense) *system {
	cx, code := centre(x)
	cy, target := centre(y)
	s := &system{gram: new(mat.Dense), right: cy, code: code, target: target}
	n, d := cx.Dims()
	if n < d {
		s.rows = cx
		s.gram.Mul(cx, cx.T())
	} else {
		s.right = new(mat.Dense)
		s.gram.Mul(cx.T(), cx)
		s.right.Mul(cx.T(), cy)
	}
	s.scale = mat.Trace(s.gram) / float64(d)
	if s.scale == 0 { // a code that never changes: any penalty gives zero weights
		s.scale = 1
	}
	return s
}

// solve fits all targets with one penalty.
func (s *system) solve(penalty float64) (*Ridge, error) {
	k, _ := s.gram.Dims()
	a := mat.NewSymDense(k, nil)
	for i := range k {
		for j := i; j < k; j++ {
			a.SetSym(i, j, s.gram.At(i, j))
		}
		a.SetSym(i, i, s.gram.At(i, i)+penalty*s.scale)
	}
	var c mat.Cholesky
	if !c.Factorize(a) {
		return nil, fmt.Errorf("probes: ridge: the normal equations of %d units have no solution at penalty %g", len(s.code), penalty)
	}
	w := new(mat.Dense)
	if err := c.SolveTo(w, s.right); err != nil {
		if _, poor := err.(mat.Condition); !poor {
			return nil, fmt.Errorf("probes: ridge: %w", err)
		}
	}
	if s.rows != nil {
		ofRows := w
		w = new(mat.Dense)
		w.Mul(s.rows.T(), ofRows)
	}
	return &Ridge{weights: w, code: s.code, target: s.target}, nil
}

// solveEach fits each target with its own penalty.
func (s *system) solveEach(penalties []float64) (*Ridge, error) {
	d, t := len(s.code), len(s.target)
	r := &Ridge{Penalties: penalties, weights: mat.NewDense(d, t, nil), code: s.code, target: s.target}
	done := map[float64]*Ridge{}
	for j, p := range penalties {
		one, ok := done[p]
		if !ok {
			var err error
			if one, err = s.solve(p); err != nil {
				return nil, err
			}
			done[p] = one
		}
		for i := range d {
			r.weights.Set(i, j, one.weights.At(i, j))
		}
	}
	return r, nil
}

// SplitHoldout returns the rows to fit to and the held-out ones, a fifth, by which a
// penalty is chosen: of equally many rows the same ones.
func SplitHoldout(x *mat.Dense) (in, out *mat.Dense) {
	n, d := x.Dims()
	held := pipelines.Spread((n+holdout-1)/holdout, n)
	in, out = mat.NewDense(n-len(held), d, nil), mat.NewDense(len(held), d, nil)
	at := 0
	for i := range n {
		if at < len(held) && held[at] == i {
			out.SetRow(at, x.RawRowView(i))
			at++
		} else {
			in.SetRow(i-at, x.RawRowView(i))
		}
	}
	return in, out
}

// centre returns the rows less their mean, and the mean.
func centre(x *mat.Dense) (*mat.Dense, []float64) {
	n, d := x.Dims()
	mean := make([]float64, d)
	for i := range n {
		for j, v := range x.RawRowView(i) {
			mean[j] += v / float64(n)
		}
	}
	return subtractMean(x, mean), mean
}

func subtractMean(x *mat.Dense, mean []float64) *mat.Dense {
	out := mat.DenseCopyOf(x)
	n, _ := out.Dims()
	for i := range n {
		row := out.RawRowView(i)
		for j := range row {
			row[j] -= mean[j]
		}
	}
	return out
}

// sumSquares returns the sums of squared differences of the columns.
func sumSquares(a, b *mat.Dense) []float64 {
	n, t := a.Dims()
	out := make([]float64, t)
	for i := range n {
		for j := range t {
			e := a.At(i, j) - b.At(i, j)
			out[j] += e * e
		}
	}
	return out
}

func isFinite(x *mat.Dense) bool {
	for _, v := range x.RawMatrix().Data {
		if v-v != 0 {
			return false
		}
	}
	return true
}
