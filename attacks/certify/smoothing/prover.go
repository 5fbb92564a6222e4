package smoothing

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/graphs"
)

// Certificate is what is proven of one image: the smoothed classifier is Class at
// all points closer than Radius in L2.
type Certificate struct {
	Class       int // the answer; of an abstention the class that was tried
	Abstained   bool
	Count       int     // how many of N samples were of Class
	Probability float64 // lower bound of that of Class under noise
	Radius      float64 // 0 for an abstention
	Seconds     float64
}

// Prover implements [certify.Prover] and [certify.RadiusProver]. It is not safe for
// concurrent use.
type Prover struct {
	set    Settings
	victim attacks.Victim
	sample *sampler
}

var _ certify.RadiusProver = (*Prover)(nil)
var _ certify.OtherModel = (*Prover)(nil)
var _ certify.Confident = (*Prover)(nil)

// NewProver proves with g, whose graph is open in net; sigma is that of g.
func NewProver(g *Graph, net *graphs.Net, set Settings) *Prover {
	set.Sigma = g.sigma
	return &Prover{set, g.victim, &sampler{graph: g, net: net, seed: set.Seed, batch: set.Copies}}
}

// Name is the method with its settings.
func (p *Prover) Name() string { return p.set.String() }

// ProvesRadius marks a prover that knows its radius.
func (p *Prover) ProvesRadius() {}

// ProvenModel says what the proofs are of. All settings are part of it: another
// sigma makes another classifier, and who takes the best of several seeds has not
// the confidence of one.
func (p *Prover) ProvenModel() string {
	return "the smoothed classifier " + strings.TrimPrefix(p.Name(), name)
}

// Confidence says how surely the proofs of so many images hold.
func (p *Prover) Confidence(images int) string { return p.set.Confidence(images) }

// Prove certifies images one after another. An image is proven where the smoothed
// classifier is its label with a radius above size (0 for any), abstained where no
// class is probable enough, misclassified where it is another class, else open.
func (p *Prover) Prove(ctx context.Context, images attacks.Images, size float64) ([]certify.Result, error) {
	if err := images.Check(p.victim); err != nil {
		return nil, err
	}
	var results []certify.Result
	for i, label := range images.Labels {
		c, err := p.Certify(ctx, pixels(images, i), images.Index[i])
		if err != nil {
			return nil, err
		}
		results = append(results, p.result(c, int(label), size))
	}
	return results, nil
}

// pixels are those of image i.
func pixels(images attacks.Images, i int) []float32 {
	size := len(images.Pixels) / images.Len()
	return images.Pixels[i*size : (i+1)*size]
}

func (p *Prover) result(c Certificate, label int, size float64) certify.Result {
	r := certify.Result{Method: p.Name(), Class: c.Class, Seconds: c.Seconds}
	switch {
	case c.Abstained:
		r.Status = certify.Abstained
		r.Note = fmt.Sprintf("class %d in %d of %d samples: its probability may be %.3f", c.Class, c.Count, p.set.N, c.Probability)
	case c.Class != label:
		r.Status = certify.Misclassified
	default:
		r.Status, r.Radius = certify.Open, floor32(c.Radius)
		if r.Radius > size {
			r.Status = certify.Proven
		}
	}
	return r
}

// floor32 is the largest float32 up to x: certificates hold radii as such.
func floor32(x float64) float64 {
	y := float32(x)
	if float64(y) > x {
		y = math.Nextafter32(y, 0)
	}
	return float64(y)
}

// Certify is the paper's CERTIFY: n0 samples choose the class, n bound its
// probability. index, the image's place in the data, keys the noise.
func (p *Prover) Certify(ctx context.Context, image []float32, index int) (Certificate, error) {
	start := time.Now()
	first, err := p.sample.counts(ctx, image, index, selecting, p.set.N0)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{}
	c.Class, _ = firstTwo(first)
	counts, err := p.sample.counts(ctx, image, index, estimating, p.set.N)
	if err != nil {
		return Certificate{}, err
	}
	c.Count = counts[c.Class]
	c.Probability = LowerBound(c.Count, p.set.N, p.set.Alpha)
	c.Radius = p.set.radius(c.Probability)
	c.Abstained = c.Radius == 0
	c.Seconds = time.Since(start).Seconds()
	return c, nil
}

// firstTwo are the classes with the most counts, the lower one of equals first.
func firstTwo(counts []int) (first, second int) {
	second = -1
	for k, n := range counts {
		switch {
		case k == 0:
		case n > counts[first]:
			first, second = k, first
		case second < 0 || n > counts[second]:
			second = k
		}
	}
	return first, second
}
