package graphs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Builder is handed to the function that declares a net. It owns the graph,
// the variables and the inputs; it is not safe for concurrent use.
type Builder struct {
	root     *op.Scope
	vars     *Variables
	varOps   *op.Scope // one "vars/" prefix for all handles, reads and initial values
	feedOps  *op.Scope // one "feed/" prefix for all inputs
	inputs   map[tf.Output]Input
	passes   map[string]bool // names used
	step     Input
	seed     uint64
	portable bool   // see [Options]
	where    string // path of the op being added, for errors
	cause    error  // first error raised by a layer
	causeAt  string
}

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
// where one is kept (see [Builder.Average]).
func Averaged() PassOption { return func(p *pass) { p.averaged = true } }

// TwiceDifferentiable makes layers use forms whose gradients have gradients in
// TensorFlow's C++ library, for losses that hold a gradient themselves. What
// comes out is the same up to rounding, and so are its gradients; a step takes
// longer. Who writes a layer out of ops asks [Scope.TwiceDifferentiable]. There
// are gradients of the gradients of MatMul, Conv2D, BiasAdd, LeakyRelu,
// Softmax, LogSoftmax, SoftmaxCrossEntropyWithLogits, Pow, Square, Mean, Sum,
// Maximum, Slice, Pad, Reshape and arithmetic; there are none of those of Relu,
// MaxPool, AvgPool, FusedBatchNorm, StridedSlice, Elu, Softplus, Tanh, Sigmoid,
// Sqrt, Rsqrt and Resize.
func TwiceDifferentiable() PassOption { return func(p *pass) { p.twice = true } }

// pass is the state shared by the scopes of one pass.
type pass struct {
	name     string
	mode     Mode
	averaged bool
	twice    bool            // see [TwiceDifferentiable]
	entered  map[string]bool // layer paths used, each once
	updates  []*tf.Operation
}

// Pass opens a pass over the model: name prefixes its op names ("train",
// "eval", "attack/fgsm") and must be unused.
func (b *Builder) Pass(name string, mode Mode, opts ...PassOption) *Scope {
	if b.passes[name] {
		b.fail(name, fmt.Errorf("pass opened twice"))
	}
	b.passes[name] = true
	p := &pass{name: name, mode: mode, entered: map[string]bool{}}
	for _, o := range opts {
		o(p)
	}
	return &Scope{b: b, op: b.root.SubScope(name), pass: p}
}

// Input is a value fed at run time. Feed is the key for the feed dictionary;
// Value is what layers use and what gradients are taken with respect to.
type Input struct {
	Feed, Value tf.Output
	Name        string
	Type        tf.DataType
	Shape       []int64 // -1 where any size will do
}

// Input declares a fed value. TensorFlow never checks the shape of a feed and
// some kernels abort the process on a wrong one, so [Net.Run] checks it
// against shape before the call and the graph checks it once more.
func (b *Builder) Input(name string, dt tf.DataType, shape ...int64) Input {
	s := b.feedOps.SubScope(name)
	in := Input{Name: name, Type: dt, Shape: slices.Clone(shape)}
	in.Feed = op.Placeholder(s, dt, op.PlaceholderShape(tf.MakeShape(shape...)))
	in.Value = op.EnsureShape(s, in.Feed, tf.MakeShape(shape...))
	b.inputs[in.Feed], b.inputs[in.Value] = in, in
	return in
}

// Step is the int64 scalar input that counts training steps from 0; dropout
// and the optimiser's bias correction depend on it.
func (b *Builder) Step() Input {
	if b.step.Feed.Op == nil {
		b.step = b.Input("step", tf.Int64)
	}
	return b.step
}

// Named adds one op outside every pass, under exactly this name: an end of the
// graph that other programs find by its name. The error of a name that is
// taken is kept like a layer's, and the result is nil.
func (b *Builder) Named(name string, spec tf.OpSpec) *tf.Operation {
	if b.root.Err() != nil {
		return nil
	}
	b.where, spec.Name = name, name
	return b.root.AddOperation(spec)
}

// Variables lists what has been declared so far.
func (b *Builder) Variables() *Variables { return b.vars }

// Err is the first error so far, nil if none.
func (b *Builder) Err() error {
	err, at := b.root.Err(), b.where
	if b.cause != nil {
		err, at = b.cause, b.causeAt
	}
	if err == nil {
		return nil
	}
	text, _, _ := strings.Cut(err.Error(), " (Stacktrace:")
	if at == "" {
		at = "graph"
	}
	return fmt.Errorf("graphs: %s: %s", at, text)
}

var errBuild = errors.New("a layer reported an error")

// fail records err with the path at which it happened; the first one stays.
func (b *Builder) fail(at string, err error) {
	if b.root.Err() == nil {
		b.cause, b.causeAt = err, at
		b.root.UpdateErr("layer", errBuild) // stops every later op
	}
}

func newBuilder(seed uint64) *Builder {
	root := op.NewScope()
	return &Builder{
		root:    root,
		vars:    &Variables{byPath: map[string]*Variable{}},
		varOps:  root.SubScope("vars"),
		feedOps: root.SubScope("feed"),
		inputs:  map[tf.Output]Input{},
		passes:  map[string]bool{},
		seed:    seed,
	}
}
