package trainer

import (
	"context"
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
func (d dots) Classes() int           { return d.classes }
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

func build(tb testing.TB, o graphs.Options, c Config, m graphs.Model, src pipelines.Source) (*Plan, *graphs.Net) {
	tb.Helper()
	model, err := m.Build(src.Classes())
	if err != nil {
		tb.Fatal(err)
	}
	var plan *Plan
	net, err := graphs.Build(o, func(b *graphs.Builder) (err error) {
		plan, err = Declare(b, c, model, src.Shape())
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
			f, err := p.newFeeder()
			if err != nil {
				b.Fatal(err)
			}
			for batch, err := range pipelines.Stream(context.Background(), src, pipelines.Options{Batch: c.Batch}) {
				if err != nil {
					b.Fatal(err)
				}
				feeds, err := f.rows(rows{Batch: batch}, 0, pace{rate: 1e-3})
				if err != nil {
					b.Fatal(err)
				}
				for range 3 {
					if _, err := net.Run(feeds, []tf.Output{p.losses}, p.update); err != nil {
						b.Fatal(err)
					}
				}
				for b.Loop() {
					if _, err := net.Run(feeds, []tf.Output{p.losses}, p.update); err != nil {
						b.Fatal(err)
					}
				}
				break
			}
			b.ReportMetric(float64(c.Batch*b.N)/b.Elapsed().Seconds(), "images/s")
		})
		b.Run(kind+"/loop", func(b *testing.B) {
			c := c
			c.Evaluate, c.Checkpoint = Span{}, Span{}
			c.Duration = Span{float64(b.N + 3), "st"}
			p, net := build(b, graphs.Options{}, c, m, src)
			w := &warm{b: b}
			_, err := p.Run(context.Background(), net, Inputs{Train: src, Dir: b.TempDir()}, w)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(c.Batch*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// warm starts the clock after three steps and stops it after the last.
type warm struct{ b *testing.B }

func (w *warm) Began(Progress) {}
func (w *warm) Stepped(at Progress) {
	switch at.Step {
	case 3:
		w.b.ResetTimer()
	case at.Steps:
		w.b.StopTimer()
	}
}
func (w *warm) Evaluated(Progress, Evaluation) {}
func (w *warm) Saved(Progress, []string)       {}
func (w *warm) Ended(Progress, Summary, error) {}
