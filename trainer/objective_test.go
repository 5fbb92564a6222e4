package trainer

import (
	"fmt"
	"math"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// seen is what a model made of a batch, as fetched: rows of images first, then
// of their views.
type seen struct {
	labels                               []int32
	images, logits, codes, reconstructed []float32 // [n,...]; nil where the model has none
}

func row(x []float32, i, n int) []float32 { return x[i*len(x)/n : (i+1)*len(x)/n] }

// crossEntropy of one row of logits.
func crossEntropy(z []float32, label int32) float64 {
	top, sum := math.Inf(-1), 0.
	for _, v := range z {
		top = math.Max(top, float64(v))
	}
	for _, v := range z {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum) - float64(z[label])
}

// difference of two rows in a norm.
func difference(n graphs.Norm, a, b []float32) float64 {
	squares, sizes := 0., 0.
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		squares += d * d
		sizes += math.Abs(d)
	}
	return map[graphs.Norm]float64{
		graphs.Frobenius: math.Sqrt(squares + 1e-12), graphs.SSE: squares, graphs.MSE: squares / float64(len(a)), graphs.L1: sizes,
	}[n]
}

// loss is eq. 5 of the paper, or eq. 8, in the order total, classification,
// reconstruction, code change.
func (x seen) loss(o Objective, views bool) [4]float64 {
	n := len(x.labels)
	average := func(from, to int) (classification, reconstruction float64) { // one branch of eq. 8
		for i := from; i < to; i++ {
			classification += crossEntropy(row(x.logits, i, n), x.labels[i]) / float64(to-from)
			if x.reconstructed != nil {
				reconstruction += difference(o.Norm, row(x.images, i, n), row(x.reconstructed, i, n)) / float64(to-from)
			}
		}
		return classification, reconstruction
	}
	if !views {
		c, r := average(0, n)
		return [4]float64{c + float64(o.Lambda)*r, c, r, 0}
	}
	c1, r1 := average(0, n/2)
	c2, r2 := average(n/2, n)
	out := [4]float64{0, c1 + c2, r1 + r2, 0}
	if x.codes != nil && o.Gamma > 0 {
		for i := range n / 2 {
			out[3] += difference(graphs.Frobenius, row(x.codes, i, n), row(x.codes, n/2+i, n)) / float64(n/2)
		}
	}
	out[0] = out[1] + float64(o.Lambda)*out[2] + float64(o.Gamma)*out[3]
	return out
}

// fetchSeen runs the inference outputs of f.
func fetchSeen(t *testing.T, net *graphs.Net, f graphs.Forward, feeds graphs.Feeds, images []float32, labels []int32) seen {
	t.Helper()
	x := seen{labels: labels, images: images}
	for _, part := range []struct {
		out tf.Output
		to  *[]float32
	}{{f.Logits, &x.logits}, {f.Appearance, &x.codes}, {f.Reconstruction, &x.reconstructed}} {
		if part.out.Op != nil {
			*part.to = fetchAll(t, net, feeds, part.out)[0].Data
		}
	}
	return x
}

// Every norm, weight and kind of model, with and without views.
func TestObjective(t *testing.T) {
	const n = 6
	images := graphtest.Uniform(1, 0, 1, n, 8, 8, 1)
	labels := []int32{0, 1, 2, 2, 1, 0}
	at, err := tf.NewTensor(labels)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"base", "reconstruction", "disentangled"} {
		t.Run(kind, func(t *testing.T) {
			type setting struct {
				o     Objective
				views bool
				terms Terms
			}
			var rows []*setting
			for _, views := range []bool{false, true} {
				for _, norm := range []graphs.Norm{graphs.Frobenius, graphs.SSE, graphs.MSE, graphs.L1} {
					rows = append(rows, &setting{o: Objective{Lambda: .3, Gamma: .7, Norm: norm, Temperature: 1}, views: views})
				}
				rows = append(rows,
					&setting{o: Objective{Lambda: 1, Gamma: 1, Norm: graphs.Frobenius, Temperature: 1}, views: views},
					&setting{o: Objective{Lambda: 0, Gamma: 2, Norm: graphs.SSE, Temperature: 1}, views: views},
					&setting{o: Objective{Lambda: 5, Gamma: 0, Norm: graphs.L1, Temperature: 1}, views: views})
			}
			var f graphs.Forward
			var in, is graphs.Input
			var each Terms
			net, err := graphs.Build(graphs.Options{Seed: 2, Device: graphs.CPU}, func(b *graphs.Builder) error {
				in, is = b.Input("images", tf.Float, -1, 8, 8, 1), b.Input("labels", tf.Int32, -1)
				s := b.Pass("p", graphs.Inference)
				f = littleModel(kind).Apply(s, in.Value)
				for i, r := range rows {
					r.terms = r.o.batchTerms(s.In(fmt.Sprint("objective", i)), f, targets{labels: is.Value, views: r.views})
				}
				each = rows[0].o.PerImage(s.In("each"), f, is.Value)
				return b.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { net.Close() })
			feeds := graphs.Feeds{in.Feed: images.Tensor(t), is.Feed: at}
			x := fetchSeen(t, net, f, feeds, images.Data, labels)
			if (x.reconstructed == nil) != (kind == "base") {
				t.Fatal("want a reconstruction from all but the base model")
			}
			for _, r := range rows {
				compareTerms(t, fmt.Sprintf("%+v, views %v", r.o, r.views), net, feeds, r.terms, x.loss(r.o, r.views))
			}
			// Each image's own loss is that of a batch of one.
			got := fetchAll(t, net, feeds, each.Total)[0].Data
			for i := range n {
				one := seen{labels: labels[i : i+1], images: row(images.Data, i, n), logits: row(x.logits, i, n)}
				if x.reconstructed != nil {
					one.reconstructed = row(x.reconstructed, i, n)
				}
				graphtest.Near(t, fmt.Sprint("image ", i), got[i:i+1], []float64{one.loss(rows[0].o, false)[0]}, 2e-6)
			}
		})
	}
}

// compareTerms fetches the terms that exist; those that do not must be zero.
func compareTerms(t *testing.T, what string, net *graphs.Net, feeds graphs.Feeds, terms Terms, want [4]float64) {
	t.Helper()
	for i, out := range []tf.Output{terms.Total, terms.Classification, terms.Reconstruction, terms.CodeChange} {
		got := []float32{0}
		if out.Op != nil {
			got = fetchAll(t, net, feeds, out)[0].Data
		}
		graphtest.Near(t, fmt.Sprintf("%s, term %d", what, i), got, want[i:i+1], 3e-6)
	}
}

// What Declare trains on is the configured objective of the fed batch: with
// deform in the augmentation, of batch and views. The five settings of the
// paper's Table 11 are among the rows.
func TestDeclaredLoss(t *testing.T) {
	const deform = "deform(stretch=1..2,shift=1..2,step=1)"
	for _, c := range []struct {
		kind, augment string
		gamma         float32
	}{
		{"base", "", 1},
		{"base", deform, 1}, // with AT
		{"reconstruction", "flip", 3},
		{"disentangled", "", 1},
		{"disentangled", deform, 0}, // with AT
		{"disentangled", deform, 1}, // with AT and CR
		{"disentangled", deform, 3},
	} {
		config := DefaultConfig()
		config.Augment = mustAugment(t, c.augment)
		config.Objective = Objective{Lambda: .4, Gamma: c.gamma, Norm: graphs.L1, Temperature: 1}
		p, net := declared(t, 1, config, littleModel(c.kind), littleShape)
		b := firstBatch(t, littleDots(12), pipelines.Options{Batch: 5, Augment: config.Augment, Seed: 4})
		f, feeds := stepFeeds(t, p, b, 1)
		losses := stepLosses(t, p, net, feeds)
		images, labels := append(append([]float32{}, b.Images...), b.DeformedViews...), append([]int32{}, b.Labels...)
		if p.Views != strings.Contains(c.augment, "deform") {
			t.Errorf("%s: views %v", c.augment, p.Views)
		}
		if p.Views {
			labels = append(labels, labels...)
		}
		whole := pipelines.Batch{Images: images, Labels: labels, N: len(labels)}
		feeds, err := f.feedBatch(whole, false)
		if err != nil {
			t.Fatal(err)
		}
		want := fetchSeen(t, net, p.Inference, feeds, images, labels).loss(config.Objective, p.Views)
		graphtest.Near(t, fmt.Sprintf("%s %s gamma %g", c.kind, c.augment, c.gamma), losses.ofEq8(), want[:], 1e-5)
		if regularised := c.kind == "disentangled" && p.Views && c.gamma > 0; (losses.CodeChange > 0) != regularised {
			t.Errorf("%s %s gamma %g: code change %g", c.kind, c.augment, c.gamma, losses.CodeChange)
		}
		if !(losses.GradientNorm > 0) {
			t.Errorf("%s %s: want a positive gradient norm, got %g", c.kind, c.augment, losses.GradientNorm)
		}
	}
}

// bent is an encoder without kinks.
type bent struct{}

func (bent) Encode(s *graphs.Scope, images tf.Output) tf.Output {
	x := graphs.Dense{Out: 12}.Apply(s.In("fc"), s.Flatten(images))
	return op.Tanh(s.Op("tanh"), x)
}

// The gradient of eq. 8 with respect to every weight and to the images, which
// are both encoded and reconstructed.
func TestObjectiveGradient(t *testing.T) {
	m := littleModel("disentangled", func(m *graphs.Disentangled) { m.Encoder = bent{} })
	o := Objective{Lambda: .6, Gamma: .8, Norm: graphs.Frobenius, Temperature: 1}
	fn := func(s *graphs.Scope, in []tf.Output) []tf.Output {
		f := m.Apply(s, in[0])
		labels := op.Const(s.Op("labels"), []int32{0, 1, 2, 0, 1, 2})
		total := o.batchTerms(s.In("objective"), f, targets{labels: labels, views: true}).Total
		graphtest.Covered(t, total, in[0])
		return []tf.Output{total}
	}
	in := []graphtest.Array{graphtest.Uniform(3, .1, .9, 6, 8, 8, 1)}
	// Weights that hold the decoders' ReLUs open and the flow between pixels.
	off := graphtest.Values(func(path string, x graphtest.Array) graphtest.Array {
		switch {
		case strings.HasPrefix(path, "decoder_") && strings.HasSuffix(path, "fc/bias"):
			return graphtest.Fill(2, x.Shape...)
		case path == "decoder_g/up1/bias":
			return graphtest.Fill(.2, x.Shape...)
		case path == "decoder_g/up1/kernel": // starts next to zero
			return graphtest.Normal(5, .03, x.Shape...)
		}
		return x
	})
	for _, mode := range []graphs.Mode{graphs.Inference, graphs.Training} {
		graphtest.Gradient(t, fn, in, off, graphtest.In(mode), graphtest.Step(4e-3), graphtest.Within(8e-2))
	}
}
