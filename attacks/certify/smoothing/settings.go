package smoothing

import (
	"fmt"
	"math"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/graphs"
	"unwarp/graphs/spec"
)

const name = "smooth"

var _ = certify.Register(certify.Entry{
	Name: name, Title: "randomised smoothing, of the smoothed classifier", Paper: "Cohen, Rosenfeld and Kolter 2019",
	Threat: func(threat string) bool { return threat == string(attacks.L2) },
	New:    func() certify.Method { return new(Settings) },
})

// Settings are those of the method.
type Settings struct {
	Sigma  float64 `key:"sigma" required:".25" in:"(0,100]" help:"standard deviation of the noise, in units of images in [0,1]"`
	N0     int     `key:"n0" in:"[1,1e7]" default:"100" help:"samples that choose the class"`
	N      int     `key:"n" in:"[1,1e8]" default:"10000" help:"samples that bound its probability"`
	Alpha  float64 `key:"alpha" in:"(0,.5)" default:".001" help:"probability of a wrong proof, for each image"`
	Seed   uint64  `key:"seed" help:"keys the noise, with the image's place in the data"`
	Copies int     `key:"batch" in:"[1,65536]" default:"200" help:"noisy images computed at once"`
}

// Batch implements [certify.Batcher]: how many rows the graph computes at once.
func (s *Settings) Batch() int { return s.Copies }

// Declare implements [certify.Method].
func (s *Settings) Declare(b *graphs.Builder, v attacks.Victim, threat string) (func(net *graphs.Net) certify.Prover, error) {
	if threat != string(attacks.L2) {
		return nil, fmt.Errorf("smoothing: want the threat l2, got %s", threat)
	}
	g, err := NewGraph(b, "smooth", v, s.Sigma)
	if err != nil {
		return nil, err
	}
	return func(net *graphs.Net) certify.Prover { return NewProver(g, net, *s) }, nil
}

// Validate refuses n with which nothing can be proven.
func (s Settings) Validate() error {
	if most := s.LargestRadius(); !(most > 0) {
		least := math.Floor(math.Log(s.Alpha)/math.Log(.5)) + 1
		return fmt.Errorf("want n of at least %.0f for alpha=%g, got %d: with fewer samples nothing can be proven", least, s.Alpha, s.N)
	}
	return nil
}

// String is the method with all that its results depend on; the batch is not
// among that.
func (s Settings) String() string { return spec.FullText(name, &s, "batch") }

// LargestRadius is what is proven where all samples agree; 0 for nothing.
func (s Settings) LargestRadius() float64 { return s.radius(LowerBound(s.N, s.N, s.Alpha)) }

// radius is sigma·Φ⁻¹(p), rounded down, and 0 for p up to 1/2.
func (s Settings) radius(p float64) float64 {
	if !(p > .5) {
		return 0
	}
	return max(0, s.Sigma*normalQuantile(p)*(1-rounding))
}
