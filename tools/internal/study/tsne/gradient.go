package tsne

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/spatial/barneshut"
	"gonum.org/v1/gonum/spatial/r2"
)

// body is a point of the map as a particle of the tree.
type body struct{ at r2.Vec }

func (b *body) Coord2() r2.Vec { return b.at }

// Mass is 1: the tree of gonum 0.16 misplaces single particles of other masses.
func (b *body) Mass() float64 { return 1 }

// layout is the map while it is computed, with the quadtree over its points.
type layout struct {
	at         []r2.Vec // of each point
	self       []*body  // in the tree
	tree       barneshut.Plane
	attraction []r2.Vec  // of neighbours, on each point
	repulsion  []r2.Vec  // of all others, before it is divided by the sum of weights
	weight     []float64 // each point's part of that sum
}

func newLayout(n int) *layout {
	return &layout{at: make([]r2.Vec, n), self: make([]*body, n), attraction: make([]r2.Vec, n), repulsion: make([]r2.Vec, n), weight: make([]float64, n)}
}

// resolution is the fraction of the map's size to which positions in the tree are
// rounded, and by which equal ones are moved apart: a quadtree cannot separate
// points at one position.
const resolution = 1. / (1 << 36)

// buildTree puts all points into the tree, which theta 0 does not need.
func (p *layout) buildTree(theta float64) error {
	p.tree.Particles = p.tree.Particles[:0]
	for i, at := range p.at {
		p.self[i] = &body{at}
		p.tree.Particles = append(p.tree.Particles, p.self[i])
	}
	if theta == 0 {
		return nil
	}
	size := 0.
	for _, at := range p.at {
		size = max(size, math.Abs(at.X), math.Abs(at.Y))
	}
	if size-size != 0 { // the tree would not end
		return fmt.Errorf("want finite positions, got %g", size)
	}
	_, exponent := math.Frexp(size)
	step := math.Ldexp(resolution, exponent) // a power of two: rounding to it is exact
	taken := make(map[r2.Vec]int, len(p.at)) // how many came to a place
	for _, b := range p.self {
		place := r2.Vec{X: math.Round(b.at.X/step) * step, Y: math.Round(b.at.Y/step) * step}
		b.at = place
		for taken[b.at] > 0 {
			b.at.X = place.X + step*float64(taken[place])
			taken[place]++
		}
		taken[b.at] = 1
	}
	return p.tree.Reset()
}

// gradient writes ∂KL/∂y to dst, with p_ij multiplied by exaggeration (van der
// Maaten 2014, eq. 8 and section 4.2), and returns the sum of the weights of
// all pairs, Z. theta 0 computes all pairs. It does not depend on the number of
// processors: the forces on one point are summed by one goroutine.
func (p *layout) gradient(dst []r2.Vec, a *affinities, theta, exaggeration float64) (total float64, err error) {
	if err := p.buildTree(theta); err != nil {
		return 0, err
	}
	runParallel(len(p.at), func(i int) {
		self := p.self[i]
		weight := 0.
		p.repulsion[i] = p.tree.ForceOn(&body{p.at[i]}, theta, func(_, other barneshut.Particle2, _, mass float64, to r2.Vec) r2.Vec {
			if b, ok := other.(*body); ok && b == self {
				return r2.Vec{}
			}
			w := 1 / (1 + to.X*to.X + to.Y*to.Y)
			weight += mass * w
			return r2.Scale(-mass*w*w, to)
		})
		p.weight[i] = weight
		var pull r2.Vec
		for _, e := range a.rows[i] {
			to := r2.Sub(p.at[e.j], p.at[i])
			pull = r2.Add(pull, r2.Scale(e.p/(1+r2.Norm2(to)), to))
		}
		p.attraction[i] = pull
	})
	for _, w := range p.weight {
		total += w
	}
	for i := range dst {
		// The descent follows the attraction and the repulsion.
		dst[i] = r2.Scale(-4, r2.Add(r2.Scale(exaggeration, p.attraction[i]), r2.Scale(1/total, p.repulsion[i])))
	}
	return total, nil
}

// divergence is KL(P‖Q), Σ p_ij log(p_ij/q_ij) over the pairs that are kept, in
// nats; total is the sum of weights at the present positions.
func (p *layout) divergence(a *affinities, total float64) float64 {
	kl := 0.
	for i, r := range a.rows {
		for _, e := range r {
			if e.p > 0 {
				q := 1 / (1 + r2.Norm2(r2.Sub(p.at[e.j], p.at[i]))) / total
				kl += e.p * math.Log(e.p/q)
			}
		}
	}
	return kl
}

// runParallel runs do(0) to do(n-1) on all processors.
func runParallel(n int, do func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		all.Go(func() {
			for {
				to := int(next.Add(pointsPerTask))
				for i := to - pointsPerTask; i < min(to, n); i++ {
					do(i)
				}
				if to >= n {
					return
				}
			}
		})
	}
	all.Wait()
}

// pointsPerTask is the number of points that a goroutine takes at once.
const pointsPerTask = 16
