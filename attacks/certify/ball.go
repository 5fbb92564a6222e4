package certify

import (
	"context"
	"errors"
	"math"
	"slices"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/graphs/bounds"
	"unwarp/graphs/spec"
)

// declareBall writes the bounds of a victim into b.
func declareBall(b *graphs.Builder, v attacks.Victim, threat string, set bounds.Settings, m any) (func(*graphs.Net) Prover, error) {
	set.Norm = bounds.Norm(threat)
	shape := []int64{int64(v.H), int64(v.W), int64(v.C)}
	verifier, err := bounds.NewVerifier(b, "certify", shape, v.Logits, set, v.Pass...)
	if err != nil {
		return nil, err
	}
	return func(net *graphs.Net) Prover {
		return &ball{verifier: verifier, net: net, norm: attacks.Norm(threat), size: v.Size(), method: set.Method, name: nameBall(set.Method, m)}
	}, nil
}

// nameBall writes a method with what decides its results: how much is computed at
// once does not.
func nameBall(method bounds.Method, m any) string {
	return spec.FullText(string(method), m, "batch", "rows")
}

// ball proves by a [bounds.Verifier], by each method up to one.
type ball struct {
	verifier *bounds.Verifier
	net      *graphs.Net
	norm     attacks.Norm
	size     int // values of an image
	method   bounds.Method
	name     string
}

func (p *ball) Name() string { return p.name }
func (p *ball) Batch() int   { return p.verifier.Settings().Images }

// Stages are IBP, which settles most images of a model that was trained for it,
// and before branch and bound α-CROWN, to which attacks compare in speed.
func (p *ball) Stages() []Prover {
	var all []Prover
	for _, m := range []bounds.Method{bounds.IBP, bounds.AlphaCROWN} {
		if p.method != m && (m == bounds.IBP || p.method == bounds.BranchAndBound) {
			stage := *p
			stage.method, stage.name = m, p.stageName(m)
			all = append(all, &stage)
		}
	}
	return all
}

// stageName names a stage as the method of that name with the same settings.
func (p *ball) stageName(m bounds.Method) string {
	set := p.verifier.Settings()
	if m == bounds.IBP {
		return nameBall(m, &ibp{})
	}
	return nameBall(m, &alphaCROWN{ascent{set.Steps, set.Rate}, layerwise{Slopes: string(set.Slopes)}})
}

// Slow tells that of branch and bound.
func (p *ball) Slow() bool { return p.method == bounds.BranchAndBound }

// Prove implements [Prover].
func (p *ball) Prove(ctx context.Context, images attacks.Images, size float64) ([]Result, error) {
	return p.ProveEach(ctx, images, slices.Repeat([]float64{size}, images.Len()))
}

// ProveEach implements [EachProver]. What is proven is a ball larger by what the
// distance of an example may exceed a radius by rounding, so that no example that
// counts within a radius can lie outside what was proven.
func (p *ball) ProveEach(ctx context.Context, images attacks.Images, sizes []float64) ([]Result, error) {
	q := bounds.Query{Images: images.Pixels, Labels: images.Labels, Method: p.method, Classified: true}
	for _, size := range sizes {
		eps := size + p.norm.Tolerance(p.size, size)
		q.Eps = append(q.Eps, math.Nextafter32(float32(eps), float32(math.Inf(1))))
	}
	verdicts, err := p.verifier.Verify(ctx, p.net, q)
	if err != nil {
		if end := ctx.Err(); end != nil && !errors.Is(err, end) {
			err = end
		}
		return nil, err
	}
	all := make([]Result, len(verdicts))
	for i, v := range verdicts {
		all[i] = newBallResult(v, int(images.Labels[i]))
	}
	return all, nil
}

func newBallResult(v bounds.Verdict, label int) Result {
	r := Result{Status: v.Status, Method: string(v.Method), Example: v.Example, Domains: v.Domains, Seconds: v.Seconds}
	if least := v.Least(label); least > -math.MaxFloat32 {
		lower := float64(least)
		r.Lower = &lower
	}
	if v.Overflow {
		r.Note = "a bound was not finite and counts as none"
	}
	return r
}
