package graphs

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
)

// Mode says what a pass may do: training passes use batch statistics and
// dropout, inference passes neither.
type Mode int

// The two modes of a pass.
const (
	Inference Mode = iota
	Training
)

// PassOption changes how a pass reads the model.
type PassOption func(*pass)

// Averaged makes the pass read the moving average of each trainable variable
// where one is kept (see [Builder.DeclareAverages]).
func Averaged() PassOption { return func(p *pass) { p.averaged = true } }

// TwiceDifferentiable makes layers use forms whose gradients have gradients in
// TensorFlow's C++ library, for losses that hold a gradient themselves. What
// comes out is the same up to rounding, and so are its gradients; a step takes
// longer. A layer written out of ops asks [Scope.TwiceDifferentiable]. There
// are gradients of the gradients of MatMul, Conv2D, BiasAdd, LeakyRelu,
// Softmax, LogSoftmax, SoftmaxCrossEntropyWithLogits, Pow, Square, Mean, Sum,
// Maximum, Slice, Pad, Reshape and arithmetic; there are none of those of Relu,
// MaxPool, AvgPool, FusedBatchNorm, StridedSlice, Elu, Softplus, Tanh, Sigmoid,
// Sqrt, Rsqrt and Resize.
func TwiceDifferentiable() PassOption { return func(p *pass) { p.twiceDifferentiable = true } }

// PlainForms makes the layers of a training pass take the forms of inference, for what
// reads the ops of the pass, as bounds do. See [Scope].trainsOnly.
func PlainForms() PassOption { return func(p *pass) { p.plainForms = true } }

// pass is the state shared by the scopes of one pass.
type pass struct {
	name                string
	mode                Mode
	averaged            bool
	twiceDifferentiable bool // see [TwiceDifferentiable]
	plainForms          bool // see [PlainForms]
	initial             []initialKernels
	shifted             map[string]tf.Output // see [Shifted]
	entered             map[string]bool      // layer paths used, each once
	updates             []*tf.Operation
	statistics          []StatisticUpdate
	rows, allRows       tf.Output // see [Scope.DrawFor]
}

// Pass opens a pass over the model: name prefixes its op names ("train",
// "eval", "attack/fgsm") and must be unused.
func (b *Builder) Pass(name string, mode Mode, opts ...PassOption) *Scope {
	if b.passes[name] {
		b.recordError(name, fmt.Errorf("pass opened twice"))
	}
	b.passes[name] = true
	p := &pass{name: name, mode: mode, entered: map[string]bool{}}
	for _, o := range opts {
		o(p)
	}
	return &Scope{b: b, op: b.root.SubScope(name), pass: p}
}
