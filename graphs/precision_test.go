package graphs_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// applyConvNorm is a net that convolves twice and takes the gradient of the sum of
// squares with respect to the image, and one run of it.
type applyConvNorm struct {
	net   *graphs.Net
	x     graphs.Input
	y, dx tf.Output
}

func newConvolved(t *testing.T, o graphs.Options) applyConvNorm {
	t.Helper()
	var c applyConvNorm
	net, err := graphs.Build(o, func(b *graphs.Builder) error {
		c.x = b.Input("x", tf.Float, -1, 12, 12, 1)
		s := b.Pass("p", graphs.Inference)
		h := graphs.Conv{Out: 8, Kernel: 5}.Apply(s.In("a"), c.x.Value)
		c.y = graphs.Conv{Out: 8, Kernel: 5}.Apply(s.In("b"), op.Relu(s.Op("relu"), h))
		c.dx = graphs.Gradients(s, op.Square(s.Op("square"), c.y), c.x.Value)[0]
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	c.net = net
	return c
}

func (c applyConvNorm) run(t *testing.T, net *graphs.Net) (y, dx []float32) {
	t.Helper()
	out, err := net.Run(graphs.Feeds{c.x.Feed: Normal(1, 1, 32, 12, 12, 1).Tensor(t)}, []tf.Output{c.y, c.dx})
	if err != nil {
		t.Fatal(err)
	}
	return FromTensor(t, out[0]).Data, FromTensor(t, out[1]).Data
}

// deviation is |got-want| / |want|, in L2.
func deviation(got, want []float32) float64 {
	var d, n float64
	for i, w := range want {
		d += math.Pow(float64(got[i])-float64(w), 2)
		n += float64(w) * float64(w)
	}
	return math.Sqrt(d / n)
}

// A bfloat16 session rounds to 8 significant bits, a relative error of at most
// 2^-8 for each operand: it must differ, by that order, and always alike.
func TestBfloat16(t *testing.T) {
	if !graphs.HasBfloat16() {
		t.Skip("this processor has no bfloat16")
	}
	exact := newConvolved(t, graphs.Options{Seed: 1, Device: graphs.CPU})
	y, dx := exact.run(t, exact.net)
	coarse := newConvolved(t, graphs.Options{Seed: 1, Device: graphs.CPU, Precision: graphs.Bfloat16})
	if exact.net.Precision != graphs.Float32 || coarse.net.Precision != graphs.Bfloat16 {
		t.Errorf("want float32 and bfloat16, got %s and %s", exact.net.Precision, coarse.net.Precision)
	}
	by, bdx := coarse.run(t, coarse.net)
	for name, d := range map[string]float64{"convolution": deviation(by, y), "gradient": deviation(bdx, dx)} {
		if d < 1e-4 || d > 2e-2 {
			t.Errorf("%s: want bfloat16 to deviate by about 2^-8, got %g", name, d)
		}
	}
	for range 3 {
		again, dagain := coarse.run(t, coarse.net)
		if !slices.Equal(again, by) || !slices.Equal(dagain, bdx) {
			t.Error("bfloat16: another run gives other bits")
		}
	}
	fresh := newConvolved(t, graphs.Options{Seed: 1, Device: graphs.CPU, Precision: graphs.AutoPrecision})
	again, dagain := fresh.run(t, fresh.net)
	Equal(t, "auto", again, by)
	Equal(t, "gradient, auto", dagain, bdx)
}

// A ResNet is mostly batch norm, which the rewrite takes along, and images are
// normalised before it: the logits stay near those of float32, and the gradient
// by the image too.
func TestBfloat16ResNet(t *testing.T) {
	if !graphs.HasBfloat16() {
		t.Skip("this processor has no bfloat16")
	}
	m := modelOf(t, "disentangled", 10, func(m *graphs.Model) { m.Encoder, m.Normalise = "resnet8", graphs.ByImage })
	for name, mode := range modes {
		run := func(p graphs.Precision) (logits, dx []float32) {
			var x graphs.Input
			var outs []tf.Output
			net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU, Precision: p}, func(b *graphs.Builder) error {
				x = b.Input("x", tf.Float, -1, 16, 16, 3)
				s := b.Pass("p", mode)
				f := m.Apply(s, x.Value)
				outs = []tf.Output{f.Logits, graphs.Gradients(s, op.Square(s.Op("square"), f.Logits), x.Value)[0]}
				return b.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			defer net.Close()
			out, err := net.Run(graphs.Feeds{x.Feed: Uniform(1, 0, 1, 16, 16, 16, 3).Tensor(t)}, outs)
			if err != nil {
				t.Fatal(err)
			}
			return FromTensor(t, out[0]).Data, FromTensor(t, out[1]).Data
		}
		logits, dx := run(graphs.Float32)
		coarse, cdx := run(graphs.Bfloat16)
		if d := deviation(coarse, logits); d < 1e-4 || d > 5e-2 {
			t.Errorf("%s: logits: want bfloat16 to deviate by about a hundredth, got %g", name, d)
		}
		if d := deviation(cdx, dx); d < 1e-4 || d > .25 {
			t.Errorf("%s: gradient: want bfloat16 to deviate by about a tenth, got %g", name, d)
		}
	}
}

// A copy computes in its own precision with the values that it was given.
func TestCopy(t *testing.T) {
	exact := newConvolved(t, graphs.Options{Seed: 1, Device: graphs.CPU})
	want, _ := exact.run(t, exact.net)
	o := graphs.Options{Device: graphs.CPU, Precision: graphs.AutoPrecision}
	first, err := exact.net.Copy(o)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	back, err := first.Copy(graphs.Options{Device: graphs.CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	got, _ := exact.run(t, back)
	Equal(t, "a copy of a copy", got, want)
	if coarse, _ := exact.run(t, first); graphs.HasBfloat16() == slices.Equal(coarse, want) {
		t.Error("want the copy to compute in its own precision")
	}

	// The original changes, and the copy does not until it is told.
	other := newConvolved(t, graphs.Options{Seed: 2, Device: graphs.CPU})
	if err := exact.net.CopyVariables(other.net); err == nil {
		t.Error("took the variables of another graph")
	}
	changed := newChanging(t)
	copied, err := changed.net.Copy(graphs.Options{Device: graphs.CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	for _, step := range []struct {
		do   func()
		want [2]float32
	}{
		{func() { changed.double(t, changed.net) }, [2]float32{2, 1}},
		{func() { changed.double(t, copied); changed.double(t, copied) }, [2]float32{2, 4}},
		{func() {
			if err := copied.CopyVariables(changed.net); err != nil {
				t.Fatal(err)
			}
		}, [2]float32{2, 2}},
		{func() { changed.double(t, changed.net) }, [2]float32{4, 2}},
	} {
		step.do()
		if got := [2]float32{changed.value(t, changed.net), changed.value(t, copied)}; got != step.want {
			t.Errorf("original and copy: want %v, got %v", step.want, got)
		}
	}
}

// changing is a net with one variable that an op doubles.
type changing struct {
	net *graphs.Net
	v   *graphs.Variable
	op  *tf.Operation
}

func newChanging(t *testing.T) (c changing) {
	t.Helper()
	var err error
	c.net, err = graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		c.v = b.Declare("v", graphs.Slot, graphs.Ones)
		c.op = op.AssignAddVariableOp(b.Pass("p", graphs.Inference).Op("double"), c.v.Handle, c.v.Read)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.net.Close() })
	return c
}

func (c changing) double(t *testing.T, net *graphs.Net) {
	t.Helper()
	if _, err := net.Run(nil, nil, c.op); err != nil {
		t.Fatal(err)
	}
}

func (c changing) value(t *testing.T, net *graphs.Net) float32 {
	t.Helper()
	out, err := net.Run(nil, []tf.Output{c.v.Read})
	if err != nil {
		t.Fatal(err)
	}
	return graphs.Scalar(out[0])
}

func TestPrecisionRefused(t *testing.T) {
	_, err := graphs.SessionOptions(graphs.Options{Precision: "half"})
	Says(t, err, `precision: want auto, float32 or bfloat16, got "half"`)
	_, err = graphs.SessionOptions(graphs.Options{Precision: graphs.Bfloat16, Device: graphs.GPU})
	Says(t, err, "precision: want auto or float32 on a GPU, got bfloat16")
	_, err = graphs.SessionOptions(graphs.Options{Precision: graphs.Bfloat16})
	if graphs.HasBfloat16() != (err == nil) {
		t.Errorf("the processor has bfloat16: %t, but got %v", graphs.HasBfloat16(), err)
	}
	if _, err := graphs.SessionOptions(graphs.Options{Precision: graphs.AutoPrecision, Device: graphs.GPU}); err != nil {
		t.Error(err)
	}
}

// BenchmarkPrecision: forward and input gradient of Hinton's CNN, 28x28x1,
// batch 128.
func BenchmarkPrecision(b *testing.B) {
	for _, p := range []graphs.Precision{graphs.Float32, graphs.Bfloat16} {
		b.Run(fmt.Sprint(p), func(b *testing.B) {
			var x, labels graphs.Input
			var dx tf.Output
			model, err := graphs.DefaultModel().Build(10)
			if err != nil {
				b.Fatal(err)
			}
			net, err := graphs.Build(graphs.Options{Seed: 1, Precision: p}, func(b *graphs.Builder) error {
				x, labels = b.Input("x", tf.Float, -1, 28, 28, 1), b.Input("labels", tf.Int32, -1)
				s := b.Pass("p", graphs.Inference)
				f := model.Classify(s, x.Value)
				dx = graphs.Gradients(s, graphs.CrossEntropy(s.In("loss"), f.Logits, labels.Value), x.Value)[0]
				return b.Err()
			})
			if err != nil {
				b.Skip(err)
			}
			defer net.Close()
			y, err := graphs.NewBuffer(tf.Int32, 128)
			if err != nil {
				b.Fatal(err)
			}
			feeds := graphs.Feeds{x.Feed: Uniform(1, 0, 1, 128, 28, 28, 1).Tensor(b), labels.Feed: y.Tensor}
			for range 3 {
				if _, err := net.Run(feeds, []tf.Output{dx}); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if _, err := net.Run(feeds, []tf.Output{dx}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(128*float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
