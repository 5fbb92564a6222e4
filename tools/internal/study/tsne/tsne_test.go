package tsne

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/spatial/r2"
)

// clusters draws n points round each of three corners far apart.
func clusters(n, d int) *mat.Dense {
	r := rand.New(rand.NewPCG(3, 4))
	x := mat.NewDense(3*n, d, nil)
	for i := range 3 * n {
		for j := range d {
			x.Set(i, j, r.NormFloat64())
		}
		x.Set(i, i/n, x.At(i, i/n)+20)
	}
	return x
}

func scattered(n int) *layout {
	r := rand.New(rand.NewPCG(5, 6))
	p := newLayout(n)
	for i := range p.at {
		p.at[i] = r2.Vec{X: 3 * r.NormFloat64(), Y: 3 * r.NormFloat64()}
	}
	return p
}

// dense is p_ij by the definition: all pairs, the width of each Gaussian by a
// fine search for the perplexity.
func dense(x *mat.Dense, perplexity float64) [][]float64 {
	n, d := x.Dims()
	conditional := make([][]float64, n)
	for i := range n {
		given := func(beta float64) ([]float64, float64) {
			p, sum := make([]float64, n), 0.
			for j := range n {
				square := 0.
				for k := range d {
					square += math.Pow(x.At(i, k)-x.At(j, k), 2)
				}
				if j != i {
					p[j] = math.Exp(-beta * square)
					sum += p[j]
				}
			}
			bits := 0.
			for j := range p {
				if p[j] /= sum; p[j] > 0 {
					bits -= p[j] * math.Log2(p[j])
				}
			}
			return p, math.Exp2(bits)
		}
		lo, hi := -20., 20. // log of beta
		for range 100 {
			if _, got := given(math.Exp((lo + hi) / 2)); got > perplexity {
				lo = (lo + hi) / 2
			} else {
				hi = (lo + hi) / 2
			}
		}
		conditional[i], _ = given(math.Exp(lo))
	}
	p := make([][]float64, n)
	for i := range n {
		p[i] = make([]float64, n)
		for j := range n {
			p[i][j] = (conditional[i][j] + conditional[j][i]) / (2 * float64(n))
		}
	}
	return p
}

// exact is the divergence and its gradient over all pairs (van der Maaten and
// Hinton 2008, eq. 5).
func exact(p [][]float64, at []r2.Vec) (kl float64, grad []r2.Vec) {
	n := len(at)
	w := func(i, j int) float64 {
		return 1 / (1 + math.Pow(at[i].X-at[j].X, 2) + math.Pow(at[i].Y-at[j].Y, 2))
	}
	z := 0.
	for i := range n {
		for j := range n {
			if i != j {
				z += w(i, j)
			}
		}
	}
	grad = make([]r2.Vec, n)
	for i := range n {
		for j := range n {
			if i == j {
				continue
			}
			q := w(i, j) / z
			if p[i][j] > 0 {
				kl += p[i][j] * math.Log(p[i][j]/q)
			}
			f := 4 * (p[i][j] - q) * w(i, j)
			grad[i].X += f * (at[i].X - at[j].X)
			grad[i].Y += f * (at[i].Y - at[j].Y)
		}
	}
	return kl, grad
}

func largest(a, b []r2.Vec) (difference, size float64) {
	for i := range a {
		difference = max(difference, math.Abs(a[i].X-b[i].X), math.Abs(a[i].Y-b[i].Y))
		size = max(size, math.Abs(b[i].X), math.Abs(b[i].Y))
	}
	return difference, size
}

// TestGradient: with all pairs kept it is the definition's; with the tree it
// is near; and the definition's is that of finite differences.
func TestGradient(t *testing.T) {
	x := clusters(10, 5)
	const perplexity = 9.9 // 29 neighbours of 29
	a, err := newAffinities(x, perplexity)
	if err != nil {
		t.Fatal(err)
	}
	p, reference := scattered(30), dense(x, perplexity)
	for i, r := range a.rows {
		for _, e := range r {
			if math.Abs(e.p-reference[i][e.j]) > 1e-9 {
				t.Fatalf("p[%d][%d]: want %g, got %g", i, e.j, reference[i][e.j], e.p)
			}
		}
	}
	kl, want := exact(reference, p.at)
	for _, row := range []struct{ theta, within float64 }{{0, 1e-9}, {1e-9, 1e-9}, {.2, .02}, {.5, .15}} {
		got := make([]r2.Vec, 30)
		total, err := p.gradient(got, a, row.theta, 1)
		if err != nil {
			t.Fatal(err)
		}
		if off, size := largest(got, want); off > row.within*size {
			t.Errorf("theta %g: the gradient is off by %g of %g", row.theta, off, size)
		}
		if off := math.Abs(p.divergence(a, total) - kl); off > row.within*kl {
			t.Errorf("theta %g: divergence: want %g, got %g", row.theta, kl, p.divergence(a, total))
		}
	}
	const h = 1e-5
	at := p.at[7]
	p.at[7].X = at.X + h
	up, _ := exact(reference, p.at)
	p.at[7].X = at.X - h
	down, _ := exact(reference, p.at)
	if slope := (up - down) / (2 * h); math.Abs(slope-want[7].X) > 1e-8 {
		t.Errorf("finite difference %g, gradient %g", slope, want[7].X)
	}
}

// TestNeighbours against a plain sort, with ties and more points than a block.
func TestNeighbours(t *testing.T) {
	const n, k = 2*pointsPerBlock + 3, 7
	r := rand.New(rand.NewPCG(1, 1))
	x := mat.NewDense(n, 3, nil)
	for i := range n {
		for j := range 3 {
			x.Set(i, j, float64(r.IntN(6)))
		}
	}
	got := make([][]entry, n)
	findNeighbours(x, k, got)
	for i := range n {
		taken := map[int]bool{i: true}
		for m := range k {
			best, at := math.Inf(1), -1
			for j := range n {
				square := 0.
				for c := range 3 {
					square += math.Pow(x.At(i, c)-x.At(j, c), 2)
				}
				if !taken[j] && square < best {
					best, at = square, j
				}
			}
			taken[at] = true
			if got[i][m].j != at || math.Abs(got[i][m].p-best) > 1e-9 {
				t.Fatalf("point %d, neighbour %d: want %d at %g, got %+v", i, m, at, best, got[i][m])
			}
		}
	}
}

// TestClusters: clusters that are apart stay apart, the divergence falls, and
// a seed decides the map, whatever the number of processors.
func TestClusters(t *testing.T) {
	x := clusters(40, 10)
	o := Options{Perplexity: 12, Theta: .5, Seed: 7}
	y, kl, err := Embed(context.Background(), x, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range y {
		best, at := math.Inf(1), 0
		for j := range y {
			if d := math.Hypot(y[i][0]-y[j][0], y[i][1]-y[j][1]); j != i && d < best {
				best, at = d, j
			}
		}
		if i/40 != at/40 {
			t.Errorf("point %d of cluster %d lies next to cluster %d", i, i/40, at/40)
		}
	}
	early := o
	early.Iterations = 2
	if _, first, err := Embed(context.Background(), x, early); err != nil || kl > .7*first {
		t.Errorf("divergence: %g after two iterations, %g at the end, %v", first, kl, err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	again, _, err := Embed(context.Background(), x, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range y {
		if y[i] != again[i] {
			t.Fatalf("one processor: point %d: %v, not %v", i, again[i], y[i])
		}
	}
	o.Seed = 8
	if other, _, err := Embed(context.Background(), x, o); err != nil || other[0] == y[0] {
		t.Errorf("another seed gave the same map, or failed: %v", err)
	}
}

// TestEqualPoints collapse into one place, which the tree must bear, and they
// must still weigh.
func TestEqualPoints(t *testing.T) {
	x := clusters(20, 4)
	for j := range 4 {
		for i := range 10 {
			x.Set(i, j, x.At(0, j))
		}
	}
	y, kl, err := Embed(context.Background(), x, Options{Perplexity: 5, Theta: .5, Iterations: 500})
	if err != nil || kl != kl || y[0][0] != y[0][0] {
		t.Fatalf("got %v, %v, %v", y[0], kl, err)
	}
	p := scattered(30)
	for i := range 12 {
		p.at[i] = p.at[0]
	}
	a, err := newAffinities(clusters(10, 5), 9.9)
	if err != nil {
		t.Fatal(err)
	}
	_, want := exact(dense(clusters(10, 5), 9.9), p.at)
	got := make([]r2.Vec, 30)
	if _, err := p.gradient(got, a, 1e-9, 1); err != nil {
		t.Fatal(err)
	}
	if off, size := largest(got, want); off > 1e-6*size {
		t.Errorf("points on one another: the gradient is off by %g of %g", off, size)
	}
	if _, _, err := Embed(context.Background(), mat.NewDense(9, 3, make([]float64, 27)), Options{Perplexity: 2, Theta: .5, Iterations: 50}); err != nil {
		t.Errorf("nothing but equal points: %v", err)
	}
}

func TestRefused(t *testing.T) {
	nan := clusters(4, 3)
	nan.Set(2, 1, math.NaN())
	for _, row := range []struct {
		x    *mat.Dense
		o    Options
		want string
	}{
		{mat.NewDense(3, 2, nil), Options{}, "at least 4 points"},
		{clusters(4, 3), Options{Perplexity: 12}, "1 to 11"},
		{clusters(4, 3), Options{Perplexity: .5}, "perplexity"},
		{clusters(4, 3), Options{Perplexity: math.NaN()}, "perplexity"},
		{clusters(4, 3), Options{Perplexity: 3, Theta: -1}, "theta"},
		{clusters(4, 3), Options{Perplexity: 3, Iterations: -1}, "iterations"},
		{nan, Options{Perplexity: 3}, "finite"},
	} {
		if _, _, err := Embed(context.Background(), row.x, row.o); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("want an error that names %q, got %v", row.want, err)
		}
	}
	lost := scattered(9)
	lost.at[4].Y = math.NaN()
	if err := lost.buildTree(.5); err == nil || !strings.Contains(err.Error(), "finite") {
		t.Errorf("positions that are no numbers: want an error, got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{Perplexity: 3, Theta: .5, Progress: func(done int) {
		if done == 3 {
			cancel()
		} else if done > 3 {
			t.Error("went on after the context ended")
		}
	}}
	if _, _, err := Embed(ctx, clusters(4, 3), o); !errors.Is(err, context.Canceled) {
		t.Errorf("want the context's error, got %v", err)
	}
}
