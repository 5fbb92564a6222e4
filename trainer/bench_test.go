package trainer

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// dots is a source of n images of random bytes in which the class is a bright
// row: easy to learn, cheap to make.
type dots struct {
	n, classes int
	shape      pipelines.Shape
}

func (d dots) Name() string           { return "dots" }
func (d dots) Len() int               { return d.n }
func (d dots) Shape() pipelines.Shape { return d.shape }
func (d dots) Label(i int) int        { return i % d.classes }

func (d dots) Classes() int { return d.classes }
func (d dots) At(i int, dst []uint8) (int, error) {
	r := pipelines.Seed(1).Split("dots", i).Rand()
	for k := range dst {
		dst[k] = uint8(r.IntN(100))
	}
	label := i % d.classes
	row := dst[label*d.shape.W*d.shape.C : (label+1)*d.shape.W*d.shape.C]
	for k := range row {
		row[k] = uint8(200 + r.IntN(56))
	}
	return label, nil
}

func build(tb testing.TB, o graphs.Options, c Config, m graphs.Model, src pipelines.Source) (*TrainGraph, *graphs.Net) {
	tb.Helper()
	model, err := m.Build(src.Classes())
	if err != nil {
		tb.Fatal(err)
	}
	return planned(tb, o, c, model, src.Shape())
}

// planned builds a plan for a model and images of a shape, as augmented.
func planned(tb testing.TB, o graphs.Options, c Config, model graphs.Disentangled, shape pipelines.Shape) (*TrainGraph, *graphs.Net) {
	tb.Helper()
	var plan *TrainGraph
	net, err := graphs.Build(o, func(b *graphs.Builder) (err error) {
		plan, err = Declare(b, c, model, shape)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { net.Close() })
	return plan, net
}

// BenchmarkStep compares one training step of Hinton's CNN (28x28x1, batch
// 128, Adam) as a bare session call with the whole loop including data.
func BenchmarkStep(b *testing.B) {
	src := dots{12800, 10, pipelines.Shape{H: 28, W: 28, C: 1}}
	for _, kind := range []string{"base", "reconstruction", "disentangled"} {
		m := graphs.DefaultModel()
		m.Kind = kind
		c := DefaultConfig()
		b.Run(kind+"/bare", func(b *testing.B) {
			p, net := build(b, graphs.Options{}, c, m, src)
			f, err := p.newInputBuffers()
			if err != nil {
				b.Fatal(err)
			}
			for batch, err := range pipelines.Stream(context.Background(), src, pipelines.Options{Batch: c.Batch}) {
				if err != nil {
					b.Fatal(err)
				}
				feeds, err := f.feedStep(stepBatch{Batch: batch}, 0, stepParams{rate: 1e-3})
				if err != nil {
					b.Fatal(err)
				}
				for range 3 {
					if _, err := net.Run(feeds, []tf.Output{p.terms.vector}, p.update); err != nil {
						b.Fatal(err)
					}
				}
				for b.Loop() {
					if _, err := net.Run(feeds, []tf.Output{p.terms.vector}, p.update); err != nil {
						b.Fatal(err)
					}
				}
				break
			}
			b.ReportMetric(float64(c.Batch*b.N)/b.Elapsed().Seconds(), "images/s")
		})
		b.Run(kind+"/loop", func(b *testing.B) {
			c := c
			c.Evaluate, c.Checkpoint = Duration{}, Duration{}
			c.Duration = Duration{float64(b.N + 3), "st"}
			p, net := build(b, graphs.Options{}, c, m, src)
			w := &warm{b: b, after: 3}
			_, err := p.Run(context.Background(), net, Inputs{Train: src, Dir: b.TempDir()}, w)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(c.Batch*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// protocol is how one of the paper's data sets is trained on.
type protocol struct {
	name       string
	n, classes int
	shape      pipelines.Shape // before the augmentation
	augment    string
	model      func(m *graphs.Model)
	train      func(c *Config)
}

// protocols are the disentangled model with eq. 5 and with eq. 8, and
// tools/configs/*-base.yaml with rates that do not change; tools/peers/disentangled.py
// and tools/peers/protocols.py have the same for Keras and PyTorch.
var protocols = []protocol{
	{"disentangled", 60000, 10, pipelines.Shape{H: 28, W: 28, C: 1}, "",
		func(m *graphs.Model) { m.Kind = "disentangled" }, nil},
	{"disentangled-views", 60000, 10, pipelines.Shape{H: 28, W: 28, C: 1}, "deform(stretch=2..8,shift=2..8)",
		func(m *graphs.Model) { m.Kind = "disentangled" },
		func(c *Config) { c.Objective.Gamma = .01 }},
	{"mnist", 60000, 10, pipelines.Shape{H: 28, W: 28, C: 1}, "", nil, nil},
	{"smallnorb", 4860, 5, pipelines.Shape{H: 96, W: 96, C: 2}, "crop(48)|resize(32)|brightness(63/255)|contrast(.2,1.8)",
		func(m *graphs.Model) { m.Normalise = graphs.ByImage }, nil},
	{"facescrub", 4860, 12, pipelines.Shape{H: 32, W: 32, C: 3}, "shift(2)|flip", nil, nil},
	{"cifar", 45000, 10, pipelines.Shape{H: 32, W: 32, C: 3}, "shift(4)|flip",
		func(m *graphs.Model) {
			m.Encoder, m.Normalise = "resnet20", graphs.BySet
			m.Mean, m.Std = []float32{.4914, .4822, .4465}, []float32{.2470, .2435, .2616}
		},
		func(c *Config) { c.Optimizer.Name, c.Optimizer.Decay, c.Schedule.Rate = "sgd", 1e-4, .1 }},
}

// stripes is a source of n images in memory: noise on stripes whose width tells
// the class, whatever an augmentation does to place and brightness.
func stripes(name string, n, classes int, shape pipelines.Shape) *striped {
	s := &striped{name: name, classes: classes, shape: shape, pixels: make([]uint8, n*shape.Len())}
	r := pipelines.Seed(1).Split("stripes").Rand()
	for i := range n {
		image := s.pixels[i*shape.Len() : (i+1)*shape.Len()]
		for k := range image {
			row := k / (shape.W * shape.C)
			image[k] = uint8(r.IntN(100) + 150*(row/(i%classes+2)%2))
		}
	}
	return s
}

type striped struct {
	name    string
	classes int
	shape   pipelines.Shape
	pixels  []uint8
}

func (s *striped) Name() string           { return s.name }
func (s *striped) Len() int               { return len(s.pixels) / s.shape.Len() }
func (s *striped) Shape() pipelines.Shape { return s.shape }
func (s *striped) Label(i int) int        { return i % s.classes }

func (s *striped) Classes() int { return s.classes }
func (s *striped) At(i int, dst []uint8) (int, error) {
	copy(dst, s.pixels[i*s.shape.Len():(i+1)*s.shape.Len()])
	return i % s.classes, nil
}

var protocolBatch = flag.Int("batch", 0, "images per step of BenchmarkProtocol; 0 means the default of train.batch")

// BenchmarkProtocol is the whole training loop of each protocol, data included,
// batch 128 unless -batch says other. Besides the time it reports what shows that tools/peers trains the
// same: the trainable parameters, and the mean loss of each fifth of the steps,
// of which the first is not timed; and the share of all time, from the first step
// on, spent waiting for data.
func BenchmarkProtocol(b *testing.B) {
	for _, x := range protocols {
		b.Run(x.name, func(b *testing.B) {
			src := stripes(x.name, x.n, x.classes, x.shape)
			for _, precision := range []graphs.Precision{graphs.Float32, graphs.Bfloat16} {
				b.Run(string(precision), func(b *testing.B) { x.bench(b, src, precision) })
			}
		})
	}
}

func (x protocol) bench(b *testing.B, src pipelines.Source, precision graphs.Precision) {
	if precision == graphs.Bfloat16 && !graphs.HasBfloat16() {
		b.Skip("this processor has no instructions for bfloat16")
	}
	m := graphs.DefaultModel()
	m.Kind = "base"
	if x.model != nil {
		x.model(&m)
	}
	c := DefaultConfig()
	c.Batch = cmp.Or(*protocolBatch, c.Batch)
	c.Augment = mustAugment(b, x.augment)
	c.Evaluate, c.Checkpoint = Duration{}, Duration{}
	w := &watch{warm: warm{b: b, after: max(3, b.N/4)}}
	c.Duration = Duration{float64(b.N + w.after), "st"}
	c.Schedule.Name = "constant"
	if x.train != nil {
		x.train(&c)
	}
	out, err := c.Augment.OutputShape(x.shape)
	if err != nil {
		b.Fatal(err)
	}
	model, err := m.Build(x.classes)
	if err != nil {
		b.Fatal(err)
	}
	p, net := planned(b, graphs.Options{Device: graphs.CPU, Precision: precision}, c, model, out)
	s, err := p.Run(context.Background(), net, Inputs{Train: src, Dir: b.TempDir()}, w)
	if err != nil {
		b.Fatal(err)
	}
	params := 0
	for _, v := range net.Vars.All(graphs.Trainable) {
		n := 1
		for _, d := range v.Shape {
			n *= int(d)
		}
		params += n
	}
	b.ReportMetric(float64(c.Batch*b.N)/b.Elapsed().Seconds(), "images/s")
	b.ReportMetric(100*s.Waiting, "waiting-%")
	b.ReportMetric(float64(params), "params")
	for i, loss := range w.losses() {
		b.ReportMetric(loss, fmt.Sprintf("loss-%d", i+1))
	}
}

// watch keeps the losses besides the time.
type watch struct {
	warm
	loss []float32
}

func (w *watch) Stepped(at Progress) {
	w.loss = append(w.loss, at.Losses.Total)
	w.warm.Stepped(at)
}

// losses are the means of each fifth of the steps.
func (w *watch) losses() (means [5]float64) {
	for i := range means {
		part := w.loss[i*len(w.loss)/5 : (i+1)*len(w.loss)/5]
		for _, loss := range part {
			means[i] += float64(loss) / float64(len(part))
		}
	}
	return means
}

// warm starts the clock after some steps and stops it after the last.
type warm struct {
	b     *testing.B
	after int
}

func (w *warm) Began(Progress) {}
func (w *warm) Stepped(at Progress) {
	switch at.Step {
	case w.after:
		w.b.ResetTimer()
	case at.Steps:
		w.b.StopTimer()
	}
}
func (w *warm) Evaluated(Progress, Evaluation) {}
func (w *warm) Saved(Progress, []string)       {}
func (w *warm) Noted(Progress, string)         {}
func (w *warm) Ended(Progress, Summary, error) {}
