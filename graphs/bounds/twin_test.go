package bounds_test

import (
	"math"
	"slices"
)

// twin is a network in plain float64, and its bounds by the definitions: dense
// matrices, no windows, no rounding. It shares no code with the package.
type twin struct {
	nodes []twinNode // the first is the image, the last the logits
	known map[int]twinMatrices
}

// twinMatrices are those of an affine node, one for each input, [output][input],
// and the constant.
type twinMatrices struct {
	w [][][]float64
	b []float64
}

// twinNode is affine, an elementwise function or the maximum of windows.
type twinNode struct {
	in      []int
	affine  func(x ...[]float64) []float64
	f       string // relu, sigmoid, tanh
	windows [][]int
	size    int
}

func (t *twin) add(n twinNode, size int) int {
	n.size = size
	t.nodes = append(t.nodes, n)
	return len(t.nodes) - 1
}

func (n twinNode) linear() bool { return n.affine != nil }

func twinFunction(f string, v float64) float64 {
	switch f {
	case "relu":
		return max(v, 0)
	case "sigmoid":
		return 1 / (1 + math.Exp(-v))
	}
	return math.Tanh(v)
}

// run computes all nodes.
func (t *twin) run(x []float64) [][]float64 {
	all := [][]float64{x}
	for _, n := range t.nodes[1:] {
		var in [][]float64
		for _, i := range n.in {
			in = append(in, all[i])
		}
		all = append(all, n.run(in))
	}
	return all
}

func (n twinNode) run(in [][]float64) []float64 {
	switch {
	case n.linear():
		return n.affine(in...)
	case n.windows != nil:
		var y []float64
		for _, w := range n.windows {
			best := math.Inf(-1)
			for _, i := range w {
				best = max(best, in[0][i])
			}
			y = append(y, best)
		}
		return y
	}
	var y []float64
	for _, v := range in[0] {
		y = append(y, twinFunction(n.f, v))
	}
	return y
}

// matrices takes those of an affine node from its values of unit vectors.
func (t *twin) matrices(node int) twinMatrices {
	if m, ok := t.known[node]; ok {
		return m
	}
	n := t.nodes[node]
	zeros := make([][]float64, len(n.in))
	for i, from := range n.in {
		zeros[i] = make([]float64, t.nodes[from].size)
	}
	all := twinMatrices{b: n.affine(zeros...)}
	for i := range n.in {
		m := make([][]float64, len(all.b))
		for o := range m {
			m[o] = make([]float64, len(zeros[i]))
		}
		for j := range zeros[i] {
			zeros[i][j] = 1
			for o, v := range n.affine(zeros...) {
				m[o][j] = v - all.b[o]
			}
			zeros[i][j] = 0
		}
		all.w = append(all.w, m)
	}
	if t.known == nil {
		t.known = map[int]twinMatrices{}
	}
	t.known[node] = all
	return all
}

// twinBounds are those of each node.
type twinBounds struct{ lo, hi [][]float64 }

// propagate bounds node i by intervals.
func (t *twin) propagate(i int, b *twinBounds) (lo, hi []float64) {
	n := t.nodes[i]
	if !n.linear() {
		return n.run([][]float64{b.lo[n.in[0]]}), n.run([][]float64{b.hi[n.in[0]]})
	}
	affine := t.matrices(i)
	lo, hi = slices.Clone(affine.b), slices.Clone(affine.b)
	for at, m := range affine.w {
		l, u := b.lo[n.in[at]], b.hi[n.in[at]]
		for o := range m {
			for j, v := range m[o] {
				lo[o] += min(v*l[j], v*u[j])
				hi[o] += max(v*l[j], v*u[j])
			}
		}
	}
	return lo, hi
}

// intervals bounds all nodes by intervals and, with crown, by back-substitution
// the inputs of activations: of ReLUs those whose sign is unknown.
func (t *twin) intervals(lo, hi []float64, crown bool) *twinBounds {
	b := &twinBounds{[][]float64{lo}, [][]float64{hi}}
	for i := 1; i < len(t.nodes); i++ {
		l, u := t.propagate(i, b)
		b.lo, b.hi = append(b.lo, l), append(b.hi, u)
		for j := i + 1; crown && j < len(t.nodes); j++ {
			n := t.nodes[j]
			if n.linear() || n.in[0] != i {
				continue
			}
			for k := range l {
				if n.f == "relu" && !(l[k] < 0 && u[k] > 0) {
					continue
				}
				row := make([]float64, len(l))
				row[k] = 1
				l[k] = max(l[k], t.lower(i, row, b))
				row[k] = -1
				u[k] = min(u[k], -t.lower(i, row, b))
			}
			break
		}
	}
	return b
}

// lower bounds row·node from below by back-substitution, in the box of the image.
func (t *twin) lower(node int, row []float64, b *twinBounds) float64 {
	rows, sum := make([][]float64, node+1), 0.
	rows[node] = row
	for i := node; i > 0; i-- {
		if rows[i] == nil {
			continue
		}
		n := t.nodes[i]
		var back [][]float64
		if n.linear() {
			affine := t.matrices(i)
			for o, a := range rows[i] {
				sum += a * affine.b[o]
			}
			for _, m := range affine.w {
				x := make([]float64, len(m[0]))
				for o, a := range rows[i] {
					if a == 0 {
						continue
					}
					for j, v := range m[o] {
						x[j] += a * v
					}
				}
				back = append(back, x)
			}
		} else {
			x, c := n.relax(rows[i], b.lo[n.in[0]], b.hi[n.in[0]])
			back, sum = [][]float64{x}, sum+c
		}
		for at, x := range back {
			from := n.in[at]
			if rows[from] == nil {
				rows[from] = make([]float64, len(x))
			}
			for j, v := range x {
				rows[from][j] += v
			}
		}
	}
	for j, a := range rows[0] {
		sum += min(a*b.lo[0][j], a*b.hi[0][j])
	}
	return sum
}

// relax puts lines in the place of an activation.
func (n twinNode) relax(a, l, u []float64) (x []float64, constant float64) {
	x = make([]float64, len(l))
	for o, v := range a {
		if n.windows != nil {
			j, slope, at := poolLine(n.windows[o], l, u, v > 0)
			x[j] += v * slope
			constant += v * at
			continue
		}
		slope, at := line(n.f, l[o], u[o], v > 0)
		x[o] += v * slope
		constant += v * at
	}
	return x, constant
}

// line lies below f on [l,u], or above it.
func line(f string, l, u float64, below bool) (slope, at float64) {
	switch {
	case f == "relu" && u <= 0:
		return 0, 0
	case f == "relu" && l >= 0:
		return 1, 0
	case f == "relu" && below && u > -l:
		return 1, 0
	case f == "relu" && below:
		return 0, 0
	case f == "relu":
		return u / (u - l), -u * l / (u - l)
	}
	if below { // the line above the function turned by half a turn
		middle := 2 * twinFunction(f, 0)
		slope, at = line(f, -u, -l, false)
		return slope, middle - at
	}
	value := func(x float64) float64 { return twinFunction(f, x) }
	rise := func(x float64) float64 {
		if y := value(x); f == "tanh" {
			return 1 - y*y
		} else {
			return y * (1 - y)
		}
	}
	tangent := func(x float64) (float64, float64) { return rise(x), value(x) - rise(x)*x }
	if l >= 0 {
		return tangent((l + u) / 2)
	}
	chord := (value(u) - value(l)) / max(u-l, 1e-5)
	if u <= 0 || chord <= rise(u) {
		return chord, max(value(l)-chord*l, value(u)-chord*u)
	}
	below0, above0 := 0., u // the tangent that meets (l, f(l))
	for range 60 {
		m := (below0 + above0) / 2
		if value(m)+rise(m)*(l-m) > value(l) {
			above0 = m
		} else {
			below0 = m
		}
	}
	return tangent(above0)
}

// poolLine bounds the largest of some values by a line of one of them: from below
// that with the largest lower bound, from above by the chord over that with the
// largest upper bound.
func poolLine(window []int, l, u []float64, below bool) (j int, slope, at float64) {
	best := func(of []float64) int {
		k := window[0]
		for _, i := range window {
			if of[i] > of[k] {
				k = i
			}
		}
		return k
	}
	if below {
		return best(l), 1, 0
	}
	j = best(u)
	rest := math.Inf(-1)
	for _, i := range window {
		if i != j {
			rest = max(rest, u[i])
		}
	}
	if l[j] >= rest {
		return j, 1, 0
	}
	slope = (u[j] - rest) / max(u[j]-l[j], 1e-30)
	return j, slope, rest - slope*l[j]
}

// margins are the lower bounds of z_y - z_k by back-substitution over b.
func (t *twin) margins(y int, b *twinBounds) []float64 {
	last := len(t.nodes) - 1
	var all []float64
	for k := range t.nodes[last].size {
		row := make([]float64, t.nodes[last].size)
		row[y]++
		row[k]--
		all = append(all, t.lower(last, row, b))
	}
	return all
}
