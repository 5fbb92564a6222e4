package attacks

import (
	"math"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/trainer"
)

// The gradient of the whole training loss is taken with respect to the image
// wherever it appears: as what is encoded and as what is to be reconstructed.
// Its direction must agree, pixel by pixel, with central differences of eq. 5.
func TestTrainingGradient(t *testing.T) {
	const h, w, px, n, step = 8, 7, 56, 3, 5e-4
	model, err := graphs.Model{
		Kind: "disentangled", Encoder: "hinton", Appearance: 6, Geometry: 5, Width: 4,
		Field: graphs.Smooth, Border: graphs.Zero, Reach: .3,
	}.Build(3)
	if err != nil {
		t.Fatal(err)
	}
	objective := trainer.Objective{Lambda: .7, Norm: graphs.Frobenius}
	loss := func(s *graphs.Scope, images, labels tf.Output) tf.Output {
		return objective.PerImage(s.In("objective"), model.Apply(s, images), labels).Total
	}
	v := Victim{
		H: h, W: w, C: 1, Classes: 3, TrainingLoss: loss,
		Logits: func(s *graphs.Scope, images tf.Output) tf.Output { return model.Classify(s, images).Logits },
	}
	var a *Arena
	var images, labels graphs.Input
	var value tf.Output
	net, err := graphs.Build(graphs.Options{Seed: 4, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		images, labels = b.Input("images", tf.Float, -1, h, w, 1), b.Input("labels", tf.Int32, -1)
		value = loss(b.Pass("value", graphs.Inference), images.Value, labels.Value)
		if a, err = NewArena(b, v, box(L2)); err != nil {
			return err
		}
		_, err = NewEngine(a, Options{Attacks: []Attack{FGSM{Loss: Training}}, Eps: []float32{.1}, Batch: n})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })

	set := Set{Pixels: graphtest.Uniform(9, .1, .9, n*px).Data, Labels: []int32{0, 1, 2}, Index: []int{0, 1, 2}}
	r, err := a.newRunner(net, n)
	if err != nil {
		t.Fatal(err)
	}
	r.load(set)
	direction, err := r.ascent(Training)
	if err != nil {
		t.Fatal(err)
	}
	got := graphtest.FromTensor(t, direction).Data

	for i, label := range set.Labels {
		// 2·px copies: pixel k raised in copy 2k and lowered in copy 2k+1.
		moved, same := graphtest.Fill(0, 2*px, h, w, 1), make([]int32, 2*px)
		for c := range 2 * px {
			copy(moved.Data[c*px:], image(set.Pixels, i, px))
			moved.Data[c*px+c/2] += []float32{step, -step}[c%2]
			same[c] = label
		}
		at, err := tf.NewTensor(same)
		if err != nil {
			t.Fatal(err)
		}
		out, err := net.Run(graphs.Feeds{images.Feed: moved.Tensor(t), labels.Feed: at}, []tf.Output{value})
		if err != nil {
			t.Fatal(err)
		}
		y := graphtest.FromTensor(t, out[0]).Data
		slope, length := make([]float64, px), 0.
		for k := range slope {
			slope[k] = (float64(y[2*k]) - float64(y[2*k+1])) / (2 * step)
			length += slope[k] * slope[k]
		}
		length = math.Sqrt(length)
		if length < .1 {
			t.Errorf("image %d: want a gradient to speak of, got norm %g", i, length)
		}
		cosine := 0.
		for k, s := range slope {
			cosine += s / length * float64(got[i*px+k])
			if d := math.Abs(s/length - float64(got[i*px+k])); d > .01 {
				t.Errorf("image %d, pixel %d: want %.4f by finite differences, got %.4f", i, k, s/length, got[i*px+k])
			}
		}
		if cosine < .9995 {
			t.Errorf("image %d: want the direction of steepest ascent, got one at cosine %.5f to it", i, cosine)
		}
	}
}
