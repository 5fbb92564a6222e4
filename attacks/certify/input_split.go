package certify

import (
	"context"
	"time"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
	"unwarp/graphs/spec"
)

var _ = Register(Entry{
	Name: "input-split", Title: "branch and bound over the input", Paper: "Wang et al. 2018",
	Threat: func(threat string) bool { return attacks.Norm(threat) == attacks.Linf },
	New:    func() Method { return new(inputSplit) },
})

// inputSplit halves the box of images instead of the network (ReluVal, Wang et al.
// 2018, arXiv 1804.10829). It is complete for any operators that have bounds, but
// the number of boxes grows exponentially with that of the values that matter.
type inputSplit struct {
	By      string  `key:"by" default:"crown-ibp" oneof:"ibp crown-ibp crown alpha-crown" help:"how the margins over a box are bounded"`
	Boxes   int     `key:"boxes" default:"20000" in:"[1,1e9]" help:"most boxes of an image"`
	Seconds float64 `key:"seconds" default:"30" in:"(0,1e6]" help:"most time for an image"`
	Images  int     `key:"batch" default:"64" in:"[1,4096]" help:"boxes bounded at once: a question of memory"`
}

// Declare implements [Method].
func (m *inputSplit) Declare(b *graphs.Builder, v attacks.Victim, _ string) (func(*graphs.Net) Prover, error) {
	shape := []int64{int64(v.H), int64(v.W), int64(v.C)}
	verifier, err := bounds.NewVerifier(b, "input_split", shape, v.Logits, bounds.Settings{
		Norm: bounds.Boxes, Method: bounds.Method(m.By), Images: m.Images,
	}, v.Pass...)
	if err != nil {
		return nil, err
	}
	slope, err := NewSlope(b, v, "input_split")
	return func(net *graphs.Net) Prover {
		return &splitter{method: m, verifier: verifier, slope: slope, net: net, size: v.Size()}
	}, err
}

// splitter is the [Prover] of inputSplit.
type splitter struct {
	method   *inputSplit
	verifier *bounds.Verifier
	slope    *Slope
	net      *graphs.Net
	size     int // values of an image
}

// Name implements [Prover].
func (p *splitter) Name() string { return spec.FullText("input-split", p.method, "batch") }

// Prove implements [Prover], one image after the other: results do not depend on
// which come together.
func (p *splitter) Prove(ctx context.Context, images attacks.Images, size float64) ([]Result, error) {
	var out []Result
	for i, label := range images.Labels {
		began := time.Now()
		s := &split{splitter: p, ctx: ctx, image: images.Pixels[i*p.size : (i+1)*p.size], label: label}
		s.until = began.Add(time.Duration(p.method.Seconds * float64(time.Second)))
		if err := s.prove(size); err != nil {
			return nil, err
		}
		s.result.Seconds = time.Since(began).Seconds()
		out = append(out, s.result)
	}
	return out, nil
}
