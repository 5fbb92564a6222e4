package graphtest

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// Func writes a piece of graph: float32 inputs to float32 outputs.
type Func func(s *graphs.Scope, in []tf.Output) []tf.Output

// Unary is a Func of one input and one output.
func Unary(f func(s *graphs.Scope, x tf.Output) tf.Output) Func {
	return func(s *graphs.Scope, in []tf.Output) []tf.Output { return []tf.Output{f(s, in[0])} }
}

// Layer is a Func that applies l under the path "layer".
func Layer(l graphs.Layer) Func {
	return Unary(func(s *graphs.Scope, x tf.Output) tf.Output { return l.Apply(s.In("layer"), x) })
}

// Option changes how a piece of graph is built or checked.
type Option func(*options)

type options struct {
	mode     graphs.Mode
	seed     uint64
	step     float64
	share    float64
	batch    bool
	portable bool
	values   func(path string, initial Array) Array
}

// In builds the pass in the given mode; the default is inference.
func In(m graphs.Mode) Option { return func(o *options) { o.mode = m } }

// Seed keys initial values and dropout; the default is 1.
func Seed(seed uint64) Option { return func(o *options) { o.seed = seed } }

// AnyBatch declares the inputs' first size as unknown, as a batch is.
func AnyBatch() Option { return func(o *options) { o.batch = true } }

// Portable builds the graph as it is exported; see [graphs.Options].
func Portable() Option { return func(o *options) { o.portable = true } }

// Circuit is a built piece of graph.
type Circuit struct {
	Net     *graphs.Net
	Updates []*tf.Operation // registered by the pass
	Out     []tf.Output
	in      []graphs.Input
	step    graphs.Input
	grads   []tf.Output // of the projected outputs, by input, then by variable
	weights []tf.Output // of the projection
	vars    []*graphs.Variable
}

// Build builds fn over inputs shaped like in, in a pass named "test".
func Build(t testing.TB, fn Func, in []Array, opts ...Option) *Circuit {
	t.Helper()
	return build(t, fn, in, collect(opts), false)
}

func collect(opts []Option) options {
	o := options{seed: 1, step: 1e-2, share: 1e-2}
	for _, set := range opts {
		set(&o)
	}
	return o
}

func build(t testing.TB, fn Func, in []Array, o options, differentiate bool) *Circuit {
	t.Helper()
	c := &Circuit{}
	net, err := graphs.Build(graphs.Options{Seed: o.seed, Device: graphs.CPU, Portable: o.portable}, func(b *graphs.Builder) error {
		c.step = b.Step()
		var xs []tf.Output
		for _, a := range in {
			shape := append([]int64{}, a.Shape...)
			if o.batch && len(shape) > 0 {
				shape[0] = -1
			}
			x := b.Input("x", tf.Float, shape...)
			c.in, xs = append(c.in, x), append(xs, x.Value)
		}
		s := b.Pass("test", o.mode)
		c.Out = fn(s, xs)
		c.Updates = s.Updates()
		c.vars = b.Variables().All(graphs.Trainable)
		if differentiate && b.Err() == nil {
			for _, v := range c.vars {
				xs = append(xs, v.Read)
			}
			c.differentiate(s.In("graphtest"), xs)
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	c.Net = net
	return c
}

// Run feeds in, and step 0, and returns the outputs.
func (c *Circuit) Run(t testing.TB, in ...Array) []Array {
	t.Helper()
	return c.RunAt(t, 0, in...)
}

// RunAt is Run at a training step; targets are not run.
func (c *Circuit) RunAt(t testing.TB, step int64, in ...Array) []Array {
	t.Helper()
	return c.fetch(t, c.Feeds(t, step, in...), c.Out)
}

// Feeds are the feeds of a run.
func (c *Circuit) Feeds(t testing.TB, step int64, in ...Array) graphs.Feeds {
	t.Helper()
	at, err := tf.NewTensor(step)
	if err != nil {
		t.Fatal(err)
	}
	feeds := graphs.Feeds{c.step.Feed: at}
	for i, a := range in {
		feeds[c.in[i].Feed] = a.Tensor(t)
	}
	return feeds
}

// Value reads the variable at path.
func (c *Circuit) Value(t testing.TB, path string) Array {
	t.Helper()
	v := c.Net.Vars.Find(path)
	if v == nil {
		t.Fatalf("no variable %q; there are:\n%s", path, c.Net.Vars.Manifest())
		return Array{}
	}
	return c.fetch(t, nil, []tf.Output{v.Read})[0]
}

func (c *Circuit) fetch(t testing.TB, feeds graphs.Feeds, outs []tf.Output) []Array {
	t.Helper()
	got, err := c.Net.Run(feeds, outs)
	if err != nil {
		t.Fatal(err)
	}
	arrays := make([]Array, len(got))
	for i, x := range got {
		arrays[i] = FromTensor(t, x)
	}
	return arrays
}

// Run builds fn, runs it once on in and returns its outputs.
func Run(t testing.TB, fn Func, in []Array, opts ...Option) []Array {
	t.Helper()
	return Build(t, fn, in, opts...).Run(t, in...)
}
