package imported

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bpda"
)

// Function is a function from images [B,H,W,C] to logits [B,K] in a graph, with
// what gives a net of the graph its weights.
type Function struct {
	Logits  func(s *graphs.Scope, images tf.Output) tf.Output
	Restore func(net *graphs.Net) error
	Pass    []graphs.PassOption
}

// GradientCheck says how the gradient that attacks follow compares with
// differences of the function's values.
type GradientCheck struct {
	// Missing are the kinds of operations between image and logits without a
	// gradient, all of them, each once.
	Missing []string
	// Blocked says why there is no gradient at all, "" where there is one.
	Blocked string
	// Deviation is the largest relative difference |g·d - n|/max(|g·d|,|n|) over
	// three directions d, of vectors over the images; n is the central difference at
	// the step that suits best. Of right gradients it is up to .04, of wrong ones .2 to
	// 1.
	Deviation float64
}

// MostDeviation is the deviation above which a gradient counts as wrong.
const MostDeviation = .1

// Fault says what is wrong with the gradient, "" where nothing is.
func (g GradientCheck) Fault() string {
	switch {
	case g.Blocked != "":
		return "there is no gradient: " + g.Blocked
	case g.Deviation <= MostDeviation: // not NaN
		return ""
	case len(g.Missing) > 0:
		return fmt.Sprintf("the gradient differs by %.0f %% from central differences; operations without a gradient: %s", 100*g.Deviation, g.MissingText())
	}
	return fmt.Sprintf("the gradient differs by %.0f %% from central differences", 100*g.Deviation)
}

// MissingText lists the kinds of operations without a gradient.
func (g GradientCheck) MissingText() string { return strings.Join(g.Missing, ", ") }

// CheckGradient compares, on the first few of the images in pixels, each of shape
// [H,W,C] with values in [0,1].
func CheckGradient(o graphs.Options, declare func(b *graphs.Builder) (Function, error), shape [3]int64, pixels []float32) (GradientCheck, error) {
	p, err := newGradientProbe(o, declare, shape)
	if err != nil || p.found.Blocked != "" {
		return p.found, err
	}
	defer p.net.Close()
	if err := p.restore(p.net); err != nil {
		return p.found, err
	}
	const images = 8
	size := int(shape[0] * shape[1] * shape[2])
	p.found.Deviation, err = p.deviation(withoutTies(pixels[:min(len(pixels)/size, images)*size]), size)
	return p.found, err
}

// gradientProbe is a net with logits and the gradient of a sum of them.
type gradientProbe struct {
	net            *graphs.Net
	images         graphs.Input
	loss, gradient tf.Output // [B], [B,H,W,C]
	restore        func(net *graphs.Net) error
	found          GradientCheck
}

func newGradientProbe(o graphs.Options, declare func(b *graphs.Builder) (Function, error), shape [3]int64) (*gradientProbe, error) {
	p := &gradientProbe{}
	var err error
	blocked := fmt.Errorf("blocked")
	p.net, err = graphs.Build(o, func(b *graphs.Builder) error {
		f, err := declare(b)
		if err != nil {
			return err
		}
		p.restore = f.Restore
		p.images = b.Input("probed_images", tf.Float, -1, shape[0], shape[1], shape[2])
		s := b.Pass("probe", graphs.Inference, f.Pass...)
		logits := f.Logits(s, p.images.Value)
		if !s.OK() {
			return b.Err()
		}
		if err := bpda.CheckPath(logits, p.images.Value); err != nil {
			p.found.Blocked = err.Error()
			return blocked
		}
		p.addGradient(b, s, logits)
		return b.Err()
	})
	if p.found.Blocked != "" {
		err = nil
	}
	return p, err
}

// addGradient adds a weighted sum of the logits of each image, which no symmetry
// between classes makes constant, and its gradient.
func (p *gradientProbe) addGradient(b *graphs.Builder, s *graphs.Scope, logits tf.Output) {
	k := logits.Shape().Size(1)
	r := rand.New(rand.NewPCG(1, uint64(k)))
	weights := make([]float32, max(k, 0))
	for i := range weights {
		weights[i] = float32(r.NormFloat64())
	}
	_, replaced := bpda.StraightThrough(b.Pass("probe_ops", graphs.Inference), logits, p.images.Value)
	for _, r := range bpda.Approximated(replaced) {
		if !slices.Contains(p.found.Missing, r.Type) {
			p.found.Missing = append(p.found.Missing, r.Type)
		}
	}
	slices.Sort(p.found.Missing)
	plain := bpda.Differentiable(b.Pass("probe_gradient", graphs.Inference), logits, p.images.Value)
	if !s.OK() {
		return
	}
	sum := func(name string, x tf.Output) tf.Output {
		in := s.In(name)
		return op.Sum(in.Op("sum"), op.Mul(in.Op("weighted"), x, op.Const(in.Op("weights"), weights)), op.Const(in.Op("axis"), int32(1)))
	}
	p.loss = sum("value", logits)
	if g := graphs.Gradients(s, sum("differentiable", plain), p.images.Value); s.OK() {
		p.gradient = g[0]
	}
}

// withoutTies are pixels with a little noise: where many are equal, as in a black border,
// values tie in a maximum, which has no derivative there.
func withoutTies(pixels []float32) []float32 {
	const noise = .1
	r := rand.New(rand.NewPCG(3, uint64(len(pixels))))
	out := make([]float32, len(pixels))
	for i, v := range pixels {
		out[i] = v + noise*(r.Float32()-.5)
	}
	return out
}

// run returns the sums and, where it is wanted, the gradients of images.
func (p *gradientProbe) run(pixels []float32, gradient bool) (loss, g []float32, err error) {
	shape := slices.Clone(p.images.Shape)
	shape[0] = int64(len(pixels)) / (shape[1] * shape[2] * shape[3])
	b, err := graphs.NewBuffer(tf.Float, shape...)
	if err != nil {
		return nil, nil, err
	}
	copy(b.Float32(), pixels)
	fetches := []tf.Output{p.loss}
	if gradient {
		fetches = append(fetches, p.gradient)
	}
	out, err := p.net.Run(graphs.Feeds{p.images.Feed: b.Tensor}, fetches)
	if err != nil {
		return nil, nil, err
	}
	if gradient {
		g = graphs.Floats(nil, out[1])
	}
	return graphs.Floats(nil, out[0]), g, nil
}

// deviation is the largest over two random directions and the sign of the gradient.
func (p *gradientProbe) deviation(pixels []float32, size int) (float64, error) {
	_, g, err := p.run(pixels, true)
	if err != nil {
		return 0, err
	}
	r := rand.New(rand.NewPCG(2, uint64(size)))
	random := func(int) float32 { return float32(r.NormFloat64()) }
	along := func(i int) float32 { return float32(math.Copysign(1, float64(g[i]))) }
	largest := 0.
	for _, direction := range []func(i int) float32{random, random, along} {
		d := make([]float32, len(pixels))
		for i := range d {
			d[i] = direction(i)
		}
		least, err := p.compare(pixels, g, d, size)
		if err != nil {
			return 0, err
		}
		largest = max(largest, least) // NaN stays
	}
	return largest, nil
}

// compare is the deviation along d at the step that suits best: a large one
// crosses kinks, a small one drowns in rounding.
func (p *gradientProbe) compare(pixels, g, d []float32, size int) (float64, error) {
	analytic := make([]float64, len(pixels)/size)
	for i := range pixels {
		analytic[i/size] += float64(g[i]) * float64(d[i])
	}
	least := math.Inf(1)
	for _, step := range []float32{3e-3, 1e-3, 3e-4, 1e-4} {
		numeric := make([]float64, len(analytic))
		for _, sign := range []float32{1, -1} {
			moved := make([]float32, len(pixels))
			for i := range moved {
				moved[i] = pixels[i] + sign*step*d[i]
			}
			loss, _, err := p.run(moved, false)
			if err != nil {
				return 0, err
			}
			for k, v := range loss {
				numeric[k] += float64(sign) * float64(v) / (2 * float64(step))
			}
		}
		least = min(least, relativeDifference(analytic, numeric))
	}
	return least, nil
}

// relativeDifference is |a-b|/max(|a|,|b|), 0 where both are 0.
func relativeDifference(a, b []float64) float64 {
	var aa, bb, dd float64
	for i := range a {
		aa, bb, dd = aa+a[i]*a[i], bb+b[i]*b[i], dd+(a[i]-b[i])*(a[i]-b[i])
	}
	if dd == 0 {
		return 0
	}
	return math.Sqrt(dd / max(aa, bb))
}
