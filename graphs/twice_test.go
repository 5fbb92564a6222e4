package graphs_test

import (
	"fmt"
	"maps"
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// forms is one function written by an ordinary pass and by one that is twice
// differentiable, over the same variables.
type forms struct {
	net          *graphs.Net
	x, step      graphs.Input
	plain, twice form
}

type form struct {
	y, gradient tf.Output // of a weighted sum of y with respect to x
	weights     []tf.Output
	updates     []*tf.Operation
}

// bothForms builds f over images shaped like x.
func bothForms(t *testing.T, mode graphs.Mode, x Array, f func(s *graphs.Scope, x tf.Output) tf.Output) forms {
	t.Helper()
	var c forms
	net, err := graphs.Build(graphs.Options{Seed: 3, Device: graphs.CPU}, func(b *graphs.Builder) error {
		c.x, c.step = b.Input("x", tf.Float, append([]int64{-1}, x.Shape[1:]...)...), b.Step()
		write := func(s *graphs.Scope) (o form) {
			o.y = f(s, c.x.Value)
			if !s.OK() {
				return o
			}
			w := op.StatelessRandomNormal(s.Op("weights"), op.Shape(s.Op("shape"), o.y), op.Const(s.Op("seed"), []int64{5, 6}))
			loss := op.Mul(s.Op("weighted"), o.y, op.StopGradient(s.Op("fixed"), w))
			xs := []tf.Output{c.x.Value}
			for _, v := range b.Variables().All(graphs.Trainable) {
				xs = append(xs, v.Read)
			}
			g := graphs.Gradients(s, loss, xs...)
			o.gradient, o.weights, o.updates = g[0], g[1:], s.Updates()
			return o
		}
		c.plain = write(b.Pass("plain", mode))
		c.twice = write(b.Pass("twice", mode, graphs.TwiceDifferentiable()))
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	c.net = net
	return c
}

func (c forms) feeds(t *testing.T, x Array) graphs.Feeds {
	t.Helper()
	at, err := tf.NewTensor(int64(2))
	if err != nil {
		t.Fatal(err)
	}
	return graphs.Feeds{c.x.Feed: x.Tensor(t), c.step.Feed: at}
}

func (c forms) fetch(t *testing.T, feeds graphs.Feeds, outs ...tf.Output) []Array {
	t.Helper()
	got, err := c.net.Run(feeds, outs)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]Array, len(got))
	for i, g := range got {
		out[i] = FromTensor(t, g)
	}
	return out
}

func layered(l graphs.Layer) func(s *graphs.Scope, x tf.Output) tf.Output {
	return func(s *graphs.Scope, x tf.Output) tf.Output { return l.Apply(s.In("layer"), x) }
}

// coarse has many equal values, and zeros of both signs.
func coarse(shape ...int64) Array {
	x := Normal(4, 1, shape...)
	for i, v := range x.Data {
		x.Data[i] = float32(math.Round(float64(v)))
	}
	return x
}

// Values and first gradients are those of the fused ops, where values are equal
// and where windows reach over the edge too.
func TestTwiceDifferentiableForms(t *testing.T) {
	for name, c := range map[string]struct {
		layer graphs.Layer
		x     Array
		exact bool
	}{
		"relu":                {graphs.Relu{}, coarse(2, 5, 4, 3), true},
		"max pool":            {graphs.MaxPool{Size: 2}, coarse(3, 6, 8, 4), true},
		"max pool, odd":       {graphs.MaxPool{Size: 2}, coarse(3, 5, 7, 2), true},
		"max pool, size 3":    {graphs.MaxPool{Size: 3}, coarse(3, 7, 5, 2), true},
		"max pool, below 0":   {graphs.MaxPool{Size: 4}, Uniform(1, -3, -2, 2, 5, 6, 1), true},
		"mean pool":           {graphs.AvgPool{Size: 2}, Normal(1, 1, 3, 6, 4, 2), false},
		"mean pool, odd":      {graphs.AvgPool{Size: 2}, Normal(1, 1, 3, 5, 7, 2), false},
		"mean pool, size 4":   {graphs.AvgPool{Size: 4}, Normal(1, 1, 2, 5, 27, 2), false},
		"batch norm":          {graphs.BatchNorm{}, Normal(1, 2, 4, 3, 2, 3), false},
		"batch norm, own":     {graphs.BatchNorm{Decay: .7, Epsilon: .1}, Normal(1, 2, 5, 3, 2, 1), false},
		"batch norm, a value": {graphs.BatchNorm{}, Normal(1, 2, 1, 1, 1, 2), false},
		"dropout":             {graphs.Dropout{Rate: .3}, Normal(1, 1, 4, 6), true},
	} {
		for modeName, mode := range modes {
			t.Run(name+"/"+modeName, func(t *testing.T) {
				b := bothForms(t, mode, c.x, layered(c.layer))
				got := b.fetch(t, b.feeds(t, c.x), b.twice.y, b.twice.gradient, b.plain.y, b.plain.gradient)
				if fmt.Sprint(got[0].Shape) != fmt.Sprint(got[2].Shape) {
					t.Errorf("want shape %v, got %v", got[2].Shape, got[0].Shape)
				}
				for i, what := range []string{"value", "gradient"} {
					if c.exact {
						Equal(t, what, unsigned(got[i].Data), unsigned(got[2+i].Data))
					} else {
						Near(t, what, got[i].Data, doubled(got[2+i].Data), 5e-6)
					}
				}
			})
		}
	}
}

// unsigned is x with 0 for -0: which of two zeros is the larger is nobody's business.
func unsigned(x []float32) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = v + 0
	}
	return out
}

func doubled(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// The moving averages move as those of the fused op do.
func TestTwiceDifferentiableStatistics(t *testing.T) {
	x := Normal(1, 2, 4, 3, 2, 3)
	moved := func(of func(forms) form) []Array {
		b := bothForms(t, graphs.Training, x, layered(graphs.BatchNorm{Decay: .6}))
		if n := len(of(b).updates); n != 2 {
			t.Fatalf("want 2 updates, got %d", n)
		}
		for range 2 {
			if _, err := b.net.Run(b.feeds(t, x), nil, of(b).updates...); err != nil {
				t.Fatal(err)
			}
		}
		return b.fetch(t, nil, b.net.Vars.Find("layer/moving_mean").Read, b.net.Vars.Find("layer/moving_variance").Read)
	}
	want, got := moved(func(b forms) form { return b.plain }), moved(func(b forms) form { return b.twice })
	for i, what := range []string{"mean", "variance"} {
		Near(t, what, got[i].Data, doubled(want[i].Data), 1e-5)
	}
}

func TestTwiceDifferentiableRefuses(t *testing.T) {
	for name, l := range map[string]graphs.Layer{"max": graphs.MaxPool{Size: 2}, "mean": graphs.AvgPool{Size: 1}} {
		t.Run(name, func(t *testing.T) {
			Refused(t, func(b *graphs.Builder) {
				x := b.Input("x", tf.Float, -1, -1, 6, 2)
				l.Apply(b.Pass("p", graphs.Training, graphs.TwiceDifferentiable()).In("pool"), x.Value)
			}, "pool", "want known height", "[-1 -1 6 2]")
		})
	}
	t.Run("an ordinary pass", func(t *testing.T) {
		Refused(t, func(b *graphs.Builder) {
			x := b.Input("x", tf.Float, -1, 4)
			s := b.Pass("p", graphs.Training)
			g := graphs.Gradients(s, op.Square(s.Op("square"), graphs.Relu{}.Apply(s, x.Value)), x.Value)[0]
			graphs.Gradients(s.In("again"), op.Square(s.Op("penalty"), g), x.Value)
		}, "again", "ReluGrad", "TwiceDifferentiable")
	})
}

// gradientPenalty is the sum of squares of the gradient of the cross-entropies'
// sum with respect to x.
func gradientPenalty(s *graphs.Scope, logits, labels, x tf.Output) tf.Output {
	g := graphs.Gradients(s.In("first"), graphs.CrossEntropy(s.In("loss"), logits, labels), x)[0]
	if !s.OK() {
		return tf.Output{}
	}
	return op.Sum(s.Op("penalty"), op.Square(s.Op("square"), g), op.Const(s.Op("axes"), []int32{0, 1, 2, 3}))
}

// The gradient of the squared input gradient, with respect to every weight and
// to the images, against central differences of the penalty that the ordinary
// pass computes from first gradients of the fused ops.
func TestSecondGradients(t *testing.T) {
	net := func(norm bool, mode graphs.Mode, pool graphs.Layer) func(t *testing.T) {
		return func(t *testing.T) { secondGradients(t, norm, mode, pool) }
	}
	t.Run("max pool", net(false, graphs.Inference, graphs.MaxPool{Size: 2}))
	t.Run("mean pool", net(false, graphs.Inference, graphs.AvgPool{Size: 2}))
	t.Run("dropout", net(false, graphs.Training, graphs.MaxPool{Size: 3}))
	t.Run("batch norm", net(true, graphs.Training, graphs.MaxPool{Size: 2}))
	t.Run("batch norm, inference", net(true, graphs.Inference, graphs.MaxPool{Size: 2}))
}

func secondGradients(t *testing.T, norm bool, mode graphs.Mode, pool graphs.Layer) {
	model := func(s *graphs.Scope, x tf.Output) tf.Output {
		x = graphs.Conv{Out: 3, Kernel: 3, Stride: 2}.Apply(s.In("conv1"), x)
		if norm {
			x = graphs.BatchNorm{}.Apply(s.In("norm"), x)
		}
		x = pool.Apply(s.In("pool"), graphs.Relu{}.Apply(s.In("relu1"), x))
		x = graphs.Relu{}.Apply(s.In("relu2"), graphs.Conv{Out: 4, Kernel: 2, Valid: true}.Apply(s.In("conv2"), x))
		x = graphs.Dropout{Rate: .2}.Apply(s.In("dropout"), graphs.Dense{Out: 5}.Apply(s.In("fc"), s.Flatten(x)))
		return graphs.Dense{Out: 3}.Apply(s.In("logits"), x)
	}
	var x, at graphs.Input
	var penalty tf.Output
	var grads, reads []tf.Output
	net, err := graphs.Build(graphs.Options{Seed: 8, Device: graphs.CPU}, func(b *graphs.Builder) error {
		x, at = b.Input("x", tf.Float, -1, 9, 8, 2), b.Step()
		labels := func(s *graphs.Scope) tf.Output { return op.Const(s.Op("labels"), []int32{0, 1, 2, 1}) }
		s := b.Pass("plain", mode)
		penalty = gradientPenalty(s, model(s, x.Value), labels(s), x.Value)
		s = b.Pass("twice", mode, graphs.TwiceDifferentiable())
		reads = []tf.Output{x.Value}
		for _, v := range b.Variables().All(graphs.Trainable) {
			reads = append(reads, v.Read)
		}
		// The last bias has a gradient too: through the softmax.
		grads = graphs.Gradients(s.In("second"), gradientPenalty(s, model(s, x.Value), labels(s), x.Value), reads...)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	c := forms{net: net, x: x, step: at}
	feeds := c.feeds(t, Normal(7, 1, 4, 9, 8, 2))
	reads[0] = x.Feed
	values := c.fetch(t, feeds, append([]tf.Output{x.Value}, reads[1:]...)...)
	at0 := c.fetch(t, feeds, penalty)[0].At()
	for i, g := range c.fetch(t, feeds, grads...) {
		smooth := 0
		for k := range 24 { // random directions through one tensor
			const h = 5e-4
			d := Normal(uint64(20+k), 1, values[i].Shape...)
			along, probe := 0., [2]float64{}
			for j, v := range d.Data {
				along += float64(v) * float64(g.Data[j])
			}
			for side, sign := range []float32{1, -1} {
				moved := Of(append([]float32{}, values[i].Data...), values[i].Shape...)
				for j := range moved.Data {
					moved.Data[j] += sign * h * d.Data[j]
				}
				there := maps.Clone(feeds)
				there[reads[i]] = moved.Tensor(t)
				probe[side] = c.fetch(t, there, penalty)[0].At()
			}
			want := (probe[0] - probe[1]) / (2 * h)
			size := math.Max(1, math.Abs(want))
			// The gradient jumps where a rectifier opens or another pixel becomes the
			// largest: no derivative there.
			if bend := (probe[0] - 2*at0 + probe[1]) / h; math.Abs(bend) > 4e-2*size {
				continue
			}
			smooth++
			if math.Abs(along-want) > 2e-2*size {
				t.Errorf("%s, direction %d: want %g, got %g", reads[i].Op.Name(), k, want, along)
			}
		}
		if smooth < 2 {
			t.Errorf("%s: want 2 of 24 directions without a kink, got %d", reads[i].Op.Name(), smooth)
		}
	}
}
