package checks

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/vector"
	"unwarp/graphs"
)

// Small networks that are trained here, in plain Go, within seconds.

const side, classes, hidden = 6, 4, 24

// patterns are n images of the classes: each class is bright in one quarter,
// with noise over it.
func patterns(seed uint64, n int, noise float32) attacks.Images {
	r := rand.New(rand.NewPCG(seed, 8))
	var s attacks.Images
	for i := range n {
		k := r.IntN(classes)
		for p := range side * side {
			v := float32(.35)
			if p/side/(side/2) == k/2 && p%side/(side/2) == k%2 {
				v = .65
			}
			v += noise * float32(r.NormFloat64())
			s.Pixels = append(s.Pixels, min(max(v, 0), 1))
		}
		s.Labels, s.Index = append(s.Labels, int32(k)), append(s.Index, 1000+i)
	}
	return s
}

// mlp has one hidden layer of leaky units.
type mlp struct {
	w1 [][]float32 // [hidden][pixels]
	b1 []float32
	w2 [][]float32 // [classes][hidden]
	b2 []float32
}

const leak = .1

func newMLP(seed uint64) *mlp {
	r := rand.New(rand.NewPCG(seed, 9))
	fill := func(n, m int, scale float64) [][]float32 {
		out := make([][]float32, n)
		for i := range out {
			out[i] = make([]float32, m)
			for j := range out[i] {
				out[i][j] = float32(scale * r.NormFloat64())
			}
		}
		return out
	}
	return &mlp{fill(hidden, side*side, .2), make([]float32, hidden), fill(classes, hidden, .2), make([]float32, classes)}
}

// forward computes the hidden layer and the probabilities.
func (m *mlp) forward(x []float32) (h, p []float32) {
	h, p = make([]float32, hidden), make([]float32, classes)
	for j := range h {
		s := m.b1[j]
		for i, v := range x {
			s += m.w1[j][i] * v
		}
		if s < 0 {
			s *= leak
		}
		h[j] = s
	}
	var sum float32
	for k := range p {
		s := m.b2[k]
		for j, v := range h {
			s += m.w2[k][j] * v
		}
		p[k] = s
	}
	top := p[vector.Argmax(p)]
	for k := range p {
		p[k] = float32(math.Exp(float64(p[k] - top)))
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return h, p
}

// backward is the gradient of the cross-entropy with respect to x; with rate > 0
// it also updates the weights.
func (m *mlp) backward(x []float32, label int, rate float32) []float32 {
	h, p := m.forward(x)
	p[label]--
	g, dh := make([]float32, len(x)), make([]float32, hidden)
	for k, d := range p {
		for j := range h {
			dh[j] += d * m.w2[k][j]
			m.w2[k][j] -= rate * d * h[j]
		}
		m.b2[k] -= rate * d
	}
	for j, d := range dh {
		if h[j] < 0 {
			d *= leak
		}
		for i, v := range x {
			g[i] += d * m.w1[j][i]
			m.w1[j][i] -= rate * d * v
		}
		m.b1[j] -= rate * d
	}
	return g
}

// train makes steps on single images, each first attacked by PGD within eps.
func train(seed uint64, eps float32, steps int) *mlp {
	m, set := newMLP(seed), patterns(seed+50, 2000, .12)
	r := rand.New(rand.NewPCG(seed, 10))
	const px = side * side
	for n := range steps {
		i := r.IntN(set.Len())
		x := append([]float32(nil), set.Pixels[i*px:(i+1)*px]...)
		if eps > 0 {
			for range 4 {
				for k, v := range m.backward(x, int(set.Labels[i]), 0) {
					o := set.Pixels[i*px+k]
					x[k] = min(max(x[k]+eps/2*vector.Sign(v), o-eps, 0), o+eps, 1)
				}
			}
		}
		m.backward(x, int(set.Labels[i]), .05*(1-float32(n)/float32(steps)))
	}
	return m
}

// victim puts the weights into a graph. Its training loss is the cross-entropy
// plus pull times the squared distance from grey. It represents the
// reconstruction term of a disentangled model, which dominates the gradient of
// the sum.
func (m *mlp) victim(pull float32) attacks.Victim {
	transpose := func(w [][]float32) [][]float32 {
		out := make([][]float32, len(w[0]))
		for i := range out {
			for j := range w {
				out[i] = append(out[i], w[j][i])
			}
		}
		return out
	}
	code := func(s *graphs.Scope, images tf.Output) tf.Output {
		x := op.MatMul(s.Op("in"), s.Reshape(images, side*side), op.Const(s.Op("w1"), transpose(m.w1)))
		return op.LeakyRelu(s.Op("hidden"), op.BiasAdd(s.Op("biased"), x, op.Const(s.Op("b1"), m.b1)), op.LeakyReluAlpha(leak))
	}
	readout := func(s *graphs.Scope, h tf.Output) tf.Output {
		return op.BiasAdd(s.Op("logits"), op.MatMul(s.Op("out"), h, op.Const(s.Op("w2"), transpose(m.w2))), op.Const(s.Op("b2"), m.b2))
	}
	v := attacks.Victim{
		H: side, W: side, C: 1, Classes: classes,
		Logits: func(s *graphs.Scope, images tf.Output) tf.Output { return readout(s, code(s, images)) },
	}
	if pull == 0 {
		return v
	}
	v.TrainingLoss = func(s *graphs.Scope, images, labels tf.Output) (loss, z tf.Output) {
		z = v.Logits(s, images)
		d := op.Sub(s.Op("d"), s.Reshape(images, side*side), op.Const(s.Op("grey"), float32(.5)))
		distance := op.Sum(s.Op("distance"), op.Square(s.Op("square"), d), op.Const(s.Op("axis"), int32(1)))
		return op.AddV2(s.Op("sum"), graphs.CrossEntropy(s.In("ce"), z, labels), graphs.Weighted(s, pull, distance)), z
	}
	v.CodeNames = []attacks.Loss{attacks.Embedding, attacks.Appearance}
	v.Codes = func(s *graphs.Scope, images tf.Output) (logits tf.Output, codes map[attacks.Loss]tf.Output) {
		h := code(s, images)
		return readout(s, h), map[attacks.Loss]tf.Output{attacks.Embedding: h, attacks.Appearance: h}
	}
	return v
}

// The networks of the tests.
var (
	robustNet = sync.OnceValue(func() *mlp { return train(1, .1, 12000) }) // PGD-trained
	plainNet  = sync.OnceValue(func() *mlp { return train(2, 0, 12000) })
)

// testModel is a model with its session, and images of it.
type testModel struct {
	engine.Session
	images attacks.Images
}

// openModel opens a graph for v that has declared what the checks and list need.
func openModel(t testing.TB, v attacks.Victim, list ...string) testModel {
	return openModelIn(t, attacks.Linf, v, list...)
}

func openModelIn(t testing.TB, n attacks.Norm, v attacks.Victim, list ...string) testModel {
	t.Helper()
	session, err := openSession(v, attacks.Threat{Norm: n, Lo: 0, Hi: 1}, append(Attacks(), attacktest.Parse(t, list...)...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Net.Close() })
	return testModel{session, patterns(77, 400, .12)}
}

// evaluate attacks the first n images.
func (s testModel) evaluate(t testing.TB, n int, o engine.Options, list ...string) *attacks.Evaluation {
	t.Helper()
	o.Attacks, o.Batch = attacktest.Parse(t, list...), 64
	e, err := engine.NewEngine(s.Session, s.Session, o)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := e.Run(t.Context(), s.firstImages(n), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func (s testModel) firstImages(n int) attacks.Images {
	return attacks.Images{Pixels: s.images.Pixels[:n*side*side], Labels: s.images.Labels[:n], Index: s.images.Index[:n]}
}

// runChecks runs the checks named by only; none named are all.
func runChecks(t testing.TB, in Input, only ...string) map[string]Result {
	t.Helper()
	in.Only = only
	results, err := Run(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Result{}
	for _, r := range results {
		out[r.ID] = r
	}
	return out
}

// expect compares the status of a result.
func expect(t testing.TB, r Result, want Status) {
	t.Helper()
	if r.Status != want {
		t.Errorf("%s %s: got %s (%s; %s), want %s", r.ID, r.Title, r.Status, r.Value, r.Advice, want)
	}
}

// wrapNet is the plain network with a function before and one after it.
func wrapNet(before, after func(*graphs.Scope, tf.Output) tf.Output) attacks.Victim {
	return wrapLogits(plainNet().victim(0), before, after)
}

// checkModel runs checks on a model, with what edit changes of the input.
func checkModel(t *testing.T, v attacks.Victim, edit func(*Input), only ...string) map[string]Result {
	t.Helper()
	s := openModel(t, v)
	in := Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(100), Eps: .12, N: 40}
	if edit != nil {
		edit(&in)
	}
	return runChecks(t, in, only...)
}
