package disentanglement

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"unwarp/tools/internal/study/probes"
)

// lasso fits linear maps with an L1 penalty from one set of codes to many targets.
// Units and targets are centred and scaled to a deviation of 1. The penalty of a
// target is the one of lassoPenalties that predicts a held-out fifth best.
type lasso struct {
	all, inner gram
	held       *mat.Dense // scaled as inner, for the choice of the penalty
}

// lassoPenalties are tried in this order, as parts of the least penalty that leaves
// no weight.
var lassoPenalties = []float64{.5, .2, .1, .05, .02, .01, .005, .002, .001}

const (
	lassoSweeps    = 1000
	lassoTolerance = 1e-5 // the largest change of a weight in the last sweep
)

// gram is what the fit needs of codes: their scaled values and correlations.
type gram struct {
	mean, deviation []float64
	scaled          *mat.Dense // [N,D]
	products        *mat.Dense // [D,D], means over rows
}

func newLasso(codes *mat.Dense) *lasso {
	inner, held := probes.SplitHoldout(codes)
	l := &lasso{all: newGram(codes), inner: newGram(inner)}
	l.held = l.inner.scale(held)
	return l
}

func newGram(codes *mat.Dense) gram {
	n, d := codes.Dims()
	g := gram{mean: make([]float64, d), deviation: make([]float64, d), products: new(mat.Dense)}
	for j := range d {
		x := column(codes, j)
		g.mean[j] = stat.Mean(x, nil)
		g.deviation[j] = math.Sqrt(stat.PopVariance(x, nil))
		if g.deviation[j]*g.deviation[j] <= leastVariance {
			g.deviation[j] = 1 // a dead unit: its scaled values are 0
		}
	}
	g.scaled = g.scale(codes)
	g.products.Mul(g.scaled.T(), g.scaled)
	g.products.Scale(1/float64(n), g.products)
	return g
}

func (g gram) scale(codes *mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(codes)
	n, _ := out.Dims()
	for i := range n {
		row := out.RawRowView(i)
		for j := range row {
			row[j] = (row[j] - g.mean[j]) / g.deviation[j]
		}
	}
	return out
}

// lassoMap is a fitted map to one target.
type lassoMap struct {
	gram            *gram
	weights         []float64 // of scaled units to the scaled target
	mean, deviation float64   // of the target
}

// fit maps the codes to a target, which varies. Penalties are tried from the largest
// on, until the error on held-out rows has grown twice in a row.
func (l *lasso) fit(target []float64) lassoMap {
	inner, held := probes.SplitHoldout(mat.NewDense(len(target), 1, target))
	wanted := column(held, 0)
	best, at, worse := math.Inf(1), 0, 0
	p := l.inner.begin(column(inner, 0))
	for k := 0; k < len(lassoPenalties) && worse < 2; k++ {
		if e := 1 - determination(p.descend(lassoPenalties[k]).predictScaled(l.held), wanted); e < best {
			best, at, worse = e, k, 0
		} else {
			worse++
		}
	}
	p = l.all.begin(target)
	for _, part := range lassoPenalties[:at] {
		p.descend(part)
	}
	return p.descend(lassoPenalties[at])
}

// path is fits to one target with smaller and smaller penalties, each of which
// begins with the one before.
type path struct {
	lassoMap
	residual []float64 // correlations of units with what is left of the target
	most     float64   // the least penalty that leaves no weight
}

func (g *gram) begin(target []float64) *path {
	n, d := g.scaled.Dims()
	p := &path{lassoMap: lassoMap{gram: g, weights: make([]float64, d)}, residual: make([]float64, d)}
	p.mean, p.deviation = stat.PopMeanStdDev(target, nil)
	if p.deviation > 0 {
		scaled := make([]float64, n)
		for i, v := range target {
			scaled[i] = (v - p.mean) / p.deviation / float64(n)
		}
		mat.NewVecDense(d, p.residual).MulVec(g.scaled.T(), mat.NewVecDense(n, scaled))
	}
	for _, v := range p.residual {
		p.most = max(p.most, math.Abs(v))
	}
	return p
}

// descend minimises |y − Xw|²/2N + penalty·|w|₁ over one weight after the other;
// part is that of the penalty in the least one that leaves no weight.
func (p *path) descend(part float64) lassoMap {
	weights, residual, penalty := p.weights, p.residual, part*p.most
	for range lassoSweeps {
		change := 0.
		for j, old := range weights {
			// The scaled unit has a mean square of 1, or never changes.
			v := residual[j] + old
			next := math.Copysign(max(0, math.Abs(v)-penalty), v)
			if next == old {
				continue
			}
			weights[j] = next
			for k, product := range p.gram.products.RawRowView(j) {
				residual[k] -= (next - old) * product
			}
			change = max(change, math.Abs(next-old))
		}
		if change < lassoTolerance {
			break
		}
	}
	m := p.lassoMap
	m.weights = slices.Clone(weights)
	return m
}

// predict returns the target of each row of codes.
func (m lassoMap) predict(codes *mat.Dense) []float64 { return m.predictScaled(m.gram.scale(codes)) }

func (m lassoMap) predictScaled(scaled *mat.Dense) []float64 {
	n, d := scaled.Dims()
	out := make([]float64, n)
	mat.NewVecDense(n, out).MulVec(scaled, mat.NewVecDense(d, m.weights))
	for i := range out {
		out[i] = m.mean + m.deviation*out[i]
	}
	return out
}

// addTo adds this share of the magnitudes of the weights to column j of importance.
func (m lassoMap) addTo(importance [][]float64, j int, share float64) {
	for i, w := range m.weights {
		importance[i][j] += share * math.Abs(w)
	}
}
