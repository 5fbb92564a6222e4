package tsne

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/spatial/r2"

	"unwarp/tools/internal/study/pca"
)

// Options of an embedding; zero values are the defaults named.
type Options struct {
	Perplexity float64 // effective number of neighbours, 30
	Iterations int     // 1000
	Theta      float64 // 0 computes the exact gradient, in quadratic time; van der Maaten takes .5
	Seed       uint64  // of the small random part of the start
	// Progress, if set, is called after each iteration.
	Progress func(done int)
}

const (
	// exaggeratedSteps is for how many iterations the affinities are multiplied, so
	// that clusters find together (van der Maaten 2014: 250 iterations, 12).
	exaggeratedSteps = 250
	exaggeration     = 12.
	// dimensions to which points are reduced by their principal components
	// before distances are taken (as van der Maaten and Hinton do, to 30; 50 in
	// the implementation of 2014).
	dimensions = 50
)

// Embed maps the rows of x [N,D] to N points of the plane, and returns the
// remaining divergence KL(P‖Q), in nats. The start is the first two
// principal components, scaled to a standard deviation of 1e-4 (Kobak and
// Berens 2019), with a little noise from the seed; gains, momentum .5 and then
// .8 as in the papers, and a step of N/48, at least 50 (Belkina et al. 2019;
// their N/12 is for a gradient without its factor 4). The same x and options
// give the same map on any number of processors. A perplexity above
// N-1 is an error.
func Embed(ctx context.Context, x *mat.Dense, o Options) (y [][2]float64, kl float64, err error) {
	n, _ := x.Dims()
	if o.Perplexity == 0 {
		o.Perplexity = 30
	}
	if o.Iterations == 0 {
		o.Iterations = 1000
	}
	switch {
	case n < 4:
		return nil, 0, fmt.Errorf("tsne: want at least 4 points, got %d", n)
	case !(o.Perplexity >= 1 && o.Perplexity <= float64(n-1)):
		return nil, 0, fmt.Errorf("tsne: perplexity: want 1 to %d for %d points, got %g", n-1, n, o.Perplexity)
	case !(o.Theta >= 0 && o.Theta < 2):
		return nil, 0, fmt.Errorf("tsne: theta: want 0 (exact) to 2, got %g", o.Theta)
	case o.Iterations < 1:
		return nil, 0, fmt.Errorf("tsne: iterations: want at least 1, got %d", o.Iterations)
	}
	parts, err := pca.Project(x, dimensions)
	if err != nil {
		return nil, 0, fmt.Errorf("tsne: %w", err)
	}
	a, err := newAffinities(parts, o.Perplexity)
	if err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	p := newLayout(n)
	p.initialise(parts, o.Seed)
	if kl, err = p.descend(ctx, a, o); err != nil {
		return nil, 0, err
	}
	for _, at := range p.at {
		y = append(y, [2]float64{at.X, at.Y})
	}
	return y, kl, nil
}

// initialise sets the initial positions.
func (p *layout) initialise(parts *mat.Dense, seed uint64) {
	const deviation = 1e-4
	n, d := parts.Dims()
	r := rand.New(rand.NewPCG(seed, 0x74736e65))
	squares := 0.
	for i := range n {
		squares += parts.At(i, 0) * parts.At(i, 0)
	}
	scale := 0.
	if squares > 0 {
		scale = deviation / math.Sqrt(squares/float64(n))
	}
	for i := range p.at {
		at := r2.Vec{X: .01 * deviation * r.NormFloat64(), Y: .01 * deviation * r.NormFloat64()}
		at.X += scale * parts.At(i, 0)
		if d > 1 {
			at.Y += scale * parts.At(i, 1)
		}
		p.at[i] = at
	}
}

// descend follows the gradient with momentum and a gain for each coordinate.
func (p *layout) descend(ctx context.Context, a *affinities, o Options) (kl float64, err error) {
	n := len(p.at)
	rate := max(50, float64(n)/exaggeration/4)
	grad, speed := make([]r2.Vec, n), make([]r2.Vec, n)
	gain := make([]r2.Vec, n)
	for i := range gain {
		gain[i] = r2.Vec{X: 1, Y: 1}
	}
	for t := range o.Iterations {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		momentum, times := .8, 1.
		if t < min(exaggeratedSteps, o.Iterations/2) {
			momentum, times = .5, exaggeration
		}
		if _, err := p.gradient(grad, a, o.Theta, times); err != nil {
			return 0, fmt.Errorf("tsne: iteration %d: %w", t, err)
		}
		var mean r2.Vec
		for i := range p.at {
			gain[i].X = nextGain(gain[i].X, grad[i].X, speed[i].X)
			gain[i].Y = nextGain(gain[i].Y, grad[i].Y, speed[i].Y)
			speed[i].X = momentum*speed[i].X - rate*gain[i].X*grad[i].X
			speed[i].Y = momentum*speed[i].Y - rate*gain[i].Y*grad[i].Y
			p.at[i] = r2.Add(p.at[i], speed[i])
			mean = r2.Add(mean, r2.Scale(1/float64(n), p.at[i]))
		}
		for i := range p.at {
			p.at[i] = r2.Sub(p.at[i], mean)
		}
		if o.Progress != nil {
			o.Progress(t + 1)
		}
	}
	total, err := p.gradient(grad, a, o.Theta, 1) // at the final positions
	if err != nil {
		return 0, fmt.Errorf("tsne: %w", err)
	}
	return p.divergence(a, total), nil
}

// nextGain returns the next gain of a coordinate: larger where the descent keeps
// its direction, smaller where it turns (Jacobs 1988).
func nextGain(gain, slope, speed float64) float64 {
	if (slope > 0) != (speed > 0) {
		return gain + .2
	}
	return max(.01, gain*.8)
}
