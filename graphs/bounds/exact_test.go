package bounds_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// mlp is a fully connected ReLU network in plain float64: h = W·x + b, ReLU but
// after the last layer.
type mlp struct {
	w [][][]float64 // [layer][output][input]
	b [][]float64
}

func randomMLP(seed uint64, sizes ...int) mlp {
	r := rand.New(rand.NewPCG(seed, 77))
	var m mlp
	for l := 1; l < len(sizes); l++ {
		w, b := make([][]float64, sizes[l]), make([]float64, sizes[l])
		for i := range w {
			w[i] = make([]float64, sizes[l-1])
			for j := range w[i] {
				w[i][j] = float64(float32(r.NormFloat64() * math.Sqrt(2/float64(sizes[l-1]))))
			}
			b[i] = float64(float32(.3 * r.NormFloat64()))
		}
		m.w, m.b = append(m.w, w), append(m.b, b)
	}
	return m
}

func (m mlp) run(x []float64) []float64 {
	for l, w := range m.w {
		y := make([]float64, len(w))
		for i, row := range w {
			y[i] = m.b[l][i]
			for j, v := range row {
				y[i] += v * x[j]
			}
			if l < len(m.w)-1 {
				y[i] = max(y[i], 0)
			}
		}
		x = y
	}
	return x
}

// program is a linear program: variables with bounds, and rows a·x <= b.
type program struct {
	lo, hi []float64
	rows   [][]float64
	rhs    []float64
}

func (p *program) variable(lo, hi float64) int {
	p.lo, p.hi = append(p.lo, lo), append(p.hi, hi)
	return len(p.lo) - 1
}

// atMost adds Σ coefficient·variable <= rhs.
func (p *program) atMost(rhs float64, terms map[int]float64) {
	row := make([]float64, 200)
	for i, c := range terms {
		row[i] = c
	}
	p.rows, p.rhs = append(p.rows, row), append(p.rhs, rhs)
}

// minimise is the least of c·x + d; ok is false where there is no x.
func (p *program) minimise(t *testing.T, c map[int]float64) (least float64, ok bool) {
	t.Helper()
	n := len(p.lo)
	var g [][]float64
	var h []float64
	cost, constant := make([]float64, n), 0.0
	for i, v := range c {
		cost[i] = v
		constant += v * p.lo[i]
	}
	for i, row := range p.rows { // x = lo + y, y >= 0
		rhs := p.rhs[i]
		for j := range n {
			rhs -= row[j] * p.lo[j]
		}
		g, h = append(g, row[:n]), append(h, rhs)
	}
	for i := range n {
		row := make([]float64, n)
		row[i] = 1
		g, h = append(g, row), append(h, p.hi[i]-p.lo[i])
	}
	// slack form: G·y + s = h
	m := len(g)
	a := mat.NewDense(m, n+m, nil)
	b := make([]float64, m)
	full := make([]float64, n+m)
	copy(full, cost)
	for i := range g {
		for j := range n {
			a.Set(i, j, g[i][j])
		}
		a.Set(i, n+i, 1)
		b[i] = h[i]
	}
	least, _, err := lp.Simplex(full, a, b, 1e-10, nil)
	if err == lp.ErrInfeasible {
		return 0, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return least + constant, true
}

// layerBounds are bounds of the inputs of each ReLU by intervals, in float64.
func (m mlp) layerBounds(lo, hi []float64) (l, u [][]float64) {
	for at := range m.w[:len(m.w)-1] {
		var zl, zu []float64
		for i, row := range m.w[at] {
			a, b := m.b[at][i], m.b[at][i]
			for j, v := range row {
				a += min(v*lo[j], v*hi[j])
				b += max(v*lo[j], v*hi[j])
			}
			zl, zu = append(zl, a), append(zu, b)
		}
		l, u = append(l, zl), append(u, zu)
		lo, hi = make([]float64, len(zl)), make([]float64, len(zl))
		for i := range zl {
			lo[i], hi[i] = max(zl[i], 0), max(zu[i], 0)
		}
	}
	return l, u
}

// least is the least margin over the box: by linear programs, one for each set
// of signs of the unstable ReLUs.
func (m mlp) least(t *testing.T, lo, hi []float64, y, k int) float64 {
	t.Helper()
	l, u := m.layerBounds(lo, hi)
	var unstable [][2]int
	for at := range l {
		for i := range l[at] {
			if l[at][i] < 0 && u[at][i] > 0 {
				unstable = append(unstable, [2]int{at, i})
			}
		}
	}
	best := math.Inf(1)
	for mask := range 1 << len(unstable) {
		signs := map[[2]int]bool{}
		for b, n := range unstable {
			signs[n] = mask>>b&1 == 1
		}
		if v, ok := m.solve(t, lo, hi, l, u, signs, y, k); ok {
			best = min(best, v)
		}
	}
	return best
}

// solve is the program of one set of signs, of all unstable ReLUs.
func (m mlp) solve(t *testing.T, lo, hi []float64, l, u [][]float64, signs map[[2]int]bool, y, k int) (float64, bool) {
	t.Helper()
	var p program
	var in []int
	for j := range lo {
		in = append(in, p.variable(lo[j], hi[j]))
	}
	for at := range l {
		var outs []int
		for i, row := range m.w[at] {
			a, b := l[at][i], u[at][i]
			out := p.variable(0, max(b, 0))
			affine := func(c float64) map[int]float64 { // out + c·(W·x)
				terms := map[int]float64{out: 1}
				for j, v := range row {
					terms[in[j]] += c * v
				}
				return terms
			}
			negated := func(terms map[int]float64) map[int]float64 {
				for i := range terms {
					terms[i] = -terms[i]
				}
				return terms
			}
			bias := m.b[at][i]
			positive, known := signs[[2]int{at, i}]
			switch {
			case b <= 0 || known && !positive:
				p.atMost(0, map[int]float64{out: 1})
				terms := affine(1)
				delete(terms, out)
				p.atMost(-bias, terms) // W·x + b <= 0
			case a >= 0 || known:
				p.atMost(bias, affine(-1))
				p.atMost(-bias, negated(affine(-1)))
			}
			outs = append(outs, out)
		}
		in = outs
	}
	last := len(m.w) - 1
	cost, constant := map[int]float64{}, m.b[last][y]-m.b[last][k]
	for j := range in {
		cost[in[j]] = m.w[last][y][j] - m.w[last][k][j]
	}
	v, ok := p.minimise(t, cost)
	return v + constant, ok
}
