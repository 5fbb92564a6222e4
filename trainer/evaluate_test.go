package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/engine"
	_ "unwarp/attacks/library"
	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// counted is an evaluation made by hand: image by image from the source, with
// logits and reconstructions of a few images at a time.
func counted(t *testing.T, p *TrainGraph, net *graphs.Net, src pipelines.Source) Evaluation {
	t.Helper()
	n, px := src.Len(), src.Shape().Len()
	e := Evaluation{Images: n, Confusion: make([][]int, p.Model.Classes)}
	for i := range e.Confusion {
		e.Confusion[i] = make([]int, p.Model.Classes)
	}
	raw := make([]uint8, px)
	for i := range n {
		label, err := src.At(i, raw)
		if err != nil {
			t.Fatal(err)
		}
		image := graphtest.Fill(0, 1, int64(p.Shape.H), int64(p.Shape.W), int64(p.Shape.C))
		for k, v := range raw {
			image.Data[k] = float32(v) / 255
		}
		feeds := graphs.Feeds{p.Images.Feed: image.Tensor(t)}
		z := fetchAll(t, net, feeds, p.Inference.Logits)[0].Data
		best := label // where its logit is strictly the largest
		for k, v := range z {
			if k != label && (v > z[best] || best == label && v == z[label]) {
				best = k
			}
		}
		if best != label && z[best] == z[label] {
			e.Ties++
		}
		e.Confusion[label][best]++
		if best == label {
			e.Accuracy += 1 / float64(n)
		}
		e.Loss += crossEntropy(z, int32(label)) / float64(n)
		if p.Inference.Reconstruction.Op != nil {
			e.Reconstruction += difference(p.Config.Objective.Norm, image.Data, fetchAll(t, net, feeds, p.Inference.Reconstruction)[0].Data) / float64(n)
		}
	}
	return e
}

// Evaluate must count every image once, the remainder of the last batch
// included.
func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		kind string
		n    int
		norm graphs.Norm
	}{{"base", evalBatch + 7, graphs.Frobenius}, {"disentangled", 5, graphs.L1}, {"reconstruction", 2, graphs.MSE}} {
		config := DefaultConfig()
		config.Objective.Norm = c.norm
		config.Augment = mustAugment(t, "flip|brightness(.3)") // for training alone
		p, net := declared(t, 6, config, littleModel(c.kind, func(m *graphs.Disentangled) { m.Head = graphs.LinearHead{Dropout: .5} }), littleShape)
		src := littleDots(c.n)
		want := counted(t, p, net, src)
		got, err := p.Evaluate(t.Context(), net, src)
		if err != nil {
			t.Fatal(err)
		}
		if got.Images != c.n || math.Abs(got.Accuracy-want.Accuracy) > 1e-9 || got.Ties != want.Ties || fmt.Sprint(got.Confusion) != fmt.Sprint(want.Confusion) {
			t.Errorf("%s: want %+v, got %+v", c.kind, want, got)
		}
		if math.Abs(got.Loss-want.Loss) > 1e-5 || math.Abs(got.Reconstruction-want.Reconstruction) > 1e-5*max(1, want.Reconstruction) {
			t.Errorf("%s: want loss %g and reconstruction %g, got %g and %g", c.kind, want.Loss, want.Reconstruction, got.Loss, got.Reconstruction)
		}
		for class, row := range got.Confusion {
			sum, want := 0, 0
			for _, n := range row {
				sum += n
			}
			for i := range c.n {
				if i%3 == class {
					want++
				}
			}
			if sum != want {
				t.Errorf("%s: want %d images of class %d, got %d", c.kind, want, class, sum)
			}
		}
	}
}

// littlePixels are all images of src in [0,1].
func littlePixels(t *testing.T, src pipelines.Source) []float32 {
	t.Helper()
	var out []float32
	raw := make([]uint8, src.Shape().Len())
	for i := range src.Len() {
		if _, err := src.At(i, raw); err != nil {
			t.Fatal(err)
		}
		for _, v := range raw {
			out = append(out, float32(v)/255)
		}
	}
	return out
}

// clippedHead clips logits at so little that many are equal.
type clippedHead struct{ at float32 }

func (h clippedHead) Classify(s *graphs.Scope, embedding tf.Output, classes int) tf.Output {
	z := graphs.LinearHead{}.Classify(s, embedding, classes)
	return op.ClipByValue(s.Op("clip"), z, op.Const(s.Op("lo"), -h.at), op.Const(s.Op("hi"), h.at))
}

// Ties are errors, and are counted: evaluation, attacks and the attack of
// evaluation agree.
func TestTiesAreErrors(t *testing.T) {
	const n = 40
	config := DefaultConfig()
	config.Attacked = ValidationAttack{Norm: "linf", Eps: 1e-6, Steps: 1, Alpha: 1e-6}
	p, net := declared(t, 6, config, littleModel("base", func(m *graphs.Disentangled) { m.Head = clippedHead{.15} }), littleShape)
	src := littleDots(n)
	want := counted(t, p, net, src)
	got, err := p.Evaluate(t.Context(), net, src)
	if err != nil {
		t.Fatal(err)
	}
	_, classes, err := p.Encode(t.Context(), net, littlePixels(t, src))
	if err != nil {
		t.Fatal(err)
	}
	first := 0. // images whose label is the first of the largest
	for i, c := range classes {
		if label, _ := src.At(i, make([]uint8, littleShape.Len())); int(c) == label {
			first++
		}
	}
	if want.Ties == 0 || want.Accuracy == 0 || first/n <= want.Accuracy {
		t.Fatalf("%d ties, accuracy %g, %g by the first of the largest: want some of each", want.Ties, want.Accuracy, first/n)
	}
	if got.Ties != want.Ties || math.Abs(got.Accuracy-want.Accuracy) > 1e-9 || fmt.Sprint(got.Confusion) != fmt.Sprint(want.Confusion) {
		t.Errorf("want %+v, got %+v", want, got)
	}
	attacked, err := p.EvaluateAttacked(t.Context(), net, src, 1)
	if err != nil || attacked.Accuracy > got.Accuracy {
		t.Errorf("accuracy %g, under attack %+v, %v", got.Accuracy, attacked, err)
	}
}

// mislabelled gives one image a label that its classes do not have.
type mislabelled struct{ dots }

func (m mislabelled) At(i int, dst []uint8) (int, error) {
	label, err := m.dots.At(i, dst)
	if i == 3 {
		label = 3
	}
	return label, err
}

func TestEvaluateRefuses(t *testing.T) {
	config := DefaultConfig()
	config.Augment = mustAugment(t, "crop(8)|flip")
	p, net := declared(t, 6, config, littleModel("base"), littleShape)
	for _, c := range []struct {
		src  pipelines.Source
		want string
	}{
		{dots{9, 3, pipelines.Shape{H: 12, W: 12, C: 1}}, ""}, // cropped
		{dots{9, 2, littleShape}, ""},                         // fewer classes are no harm
		{dots{9, 3, pipelines.Shape{H: 12, W: 12, C: 3}}, `trainer: dots: want images of 8x8x1 for this model, got 8x8x3 (12x12x3 before the augmentation "centre(8)")`},
		{dots{9, 4, littleShape}, "trainer: dots: want labels of at most 3 classes for this model, got 4 classes"},
		{dots{0, 3, littleShape}, "want at least 1 example, got an empty set"},
		{failing{littleDots(9), 4}, errFailing.Error()},
		{mislabelled{littleDots(9)}, "dots: example 3: want a label in 0..2, got 3"},
	} {
		_, err := p.Evaluate(t.Context(), net, c.src)
		if c.want == "" && err != nil {
			t.Errorf("%+v: %v", c.src, err)
		}
		if c.want != "" {
			graphtest.Says(t, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Evaluate(ctx, net, littleDots(9)); !errors.Is(err, context.Canceled) {
		t.Errorf("want the cancellation, got %v", err)
	}
}

// Decode gives what the inference pass computes; parts that a model lacks are
// nil.
func TestDecode(t *testing.T) {
	for kind, parts := range map[string][3]int{"base": {}, "reconstruction": {128, 0, 128}, "disentangled": {128, 256, 128}} {
		p, net := declared(t, 6, DefaultConfig(), littleModel(kind), littleShape)
		images := graphtest.Uniform(1, 0, 1, 2, 8, 8, 1)
		d, err := p.Decode(net, images.Data)
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]int{len(d.Canonical), len(d.Field), len(d.Reconstruction)}; got != parts {
			t.Errorf("%s: want %v values, got %v", kind, parts, got)
		}
		if kind == "disentangled" {
			graphtest.Equal(t, kind, d.Field, fetchAll(t, net, graphs.Feeds{p.Images.Feed: images.Tensor(t)}, p.Inference.Field)[0].Data)
		}
		for _, n := range []int{0, 63, 65} {
			_, err := p.Decode(net, images.Data[:n])
			graphtest.Says(t, err, fmt.Sprintf("trainer: decode: want whole images of 8x8x1, got %d values", n))
		}
	}
}

// Batch norm's statistics move with the step, by the batch's own, and with
// nothing else: not with an evaluation, nor with an attack.
func TestStatisticsMoveWithTheStep(t *testing.T) {
	config := DefaultConfig()
	model := fullModel()
	var p *TrainGraph
	var graph *engine.AttackGraph
	var all []attacks.Attack
	for _, text := range []string{"random", "fgsm", "bim(loss=training,steps=2)"} {
		k, err := attacks.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	net, err := graphs.Build(graphs.Options{Seed: 3, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		if p, err = Declare(b, config, model, littleShape); err != nil {
			return err
		}
		graph, err = engine.NewAttackGraph(b, attacks.Victim{
			H: 8, W: 8, C: 1, Classes: 3,
			Logits: func(s *graphs.Scope, images tf.Output) tf.Output { return model.Classify(s, images).Logits },
			TrainingLoss: func(s *graphs.Scope, images, labels tf.Output) (loss, logits tf.Output) {
				f := model.Apply(s, images)
				return config.Objective.PerImage(s.In("objective"), f, labels).Total, f.Logits
			},
		}, attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1})
		if err != nil {
			return err
		}
		return graph.Declare(all...)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })

	b := firstBatch(t, littleDots(36), pipelines.Options{Batch: 6})
	f, err := p.newInputBuffers()
	if err != nil {
		t.Fatal(err)
	}
	feeds, err := f.feedStep(stepBatch{Batch: b}, 0, stepParams{rate: .1})
	if err != nil {
		t.Fatal(err)
	}
	before := values(t, net)
	if _, err := net.Run(feeds, []tf.Output{p.terms.vector}, p.update); err != nil {
		t.Fatal(err)
	}
	after := values(t, net)
	mean, variance := convolved(b, before["encoder/conv/kernel"], before["encoder/conv/bias"])
	for k := range mean { // decay .8, from 0 and 1
		mean[k], variance[k] = .2*mean[k], .8+.2*variance[k]
	}
	graphtest.Near(t, "moving mean", after["encoder/norm/moving_mean"], mean, 1e-5)
	graphtest.Near(t, "moving variance", after["encoder/norm/moving_variance"], variance, 1e-5)

	if _, err := p.Evaluate(t.Context(), net, littleDots(20)); err != nil {
		t.Fatal(err)
	}
	sameValues(t, "after an evaluation", values(t, net), after)
	set := attacks.Images{Pixels: b.Images, Labels: b.Labels, Index: b.Index}
	session := engine.Session{Graph: graph, Net: net}
	attack, err := engine.NewEngine(session, session, engine.Options{Attacks: all, Eps: []float32{.1}, Batch: 5})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := attack.Run(t.Context(), set, nil, nil); err != nil {
		t.Fatal(err)
	}
	sameValues(t, "after an attack", values(t, net), after)
}

// convolved is mean and variance (over n-1, as TensorFlow reports it) of each
// channel of a 3x3 convolution of the batch with zero padding.
func convolved(b pipelines.Batch, kernel, bias []float32) (mean, variance []float64) {
	const side, out = 8, 4
	mean, variance = make([]float64, out), make([]float64, out)
	for k := range out {
		var all []float64
		for i := range b.N {
			for y := range side {
				for x := range side {
					sum := float64(bias[k])
					for dy := range 3 {
						for dx := range 3 {
							r, c := y+dy-1, x+dx-1
							if r >= 0 && r < side && c >= 0 && c < side {
								sum += float64(b.Images[i*side*side+r*side+c]) * float64(kernel[(dy*3+dx)*out+k])
							}
						}
					}
					all = append(all, sum)
					mean[k] += sum
				}
			}
		}
		mean[k] /= float64(len(all))
		for _, v := range all {
			variance[k] += (v - mean[k]) * (v - mean[k]) / float64(len(all)-1)
		}
	}
	return mean, variance
}
