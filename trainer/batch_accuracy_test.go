package trainer

import (
	"math"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// A step reports the share of its rows, as it sees them, that the model gives their
// label: counted here from the logits of inference, one row at a time.
func TestStepAccuracy(t *testing.T) {
	for name, spoil := range map[string]func(c *Config, m *graphs.Disentangled){
		"plain": func(*Config, *graphs.Disentangled) {},
		"views": func(c *Config, _ *graphs.Disentangled) {
			c.Augment = mustAugment(t, "deform(stretch=1..2,shift=1..2,step=1)")
		},
		"mixup": func(c *Config, _ *graphs.Disentangled) { c.Augment = mustAugment(t, "mixup(1)") },
		"pgd": func(c *Config, _ *graphs.Disentangled) {
			c.Adversary = mustAdversary(t, "pgd(eps=.2,steps=2,clean=.3)")
		},
		"trades": func(c *Config, _ *graphs.Disentangled) { c.Adversary = mustAdversary(t, "trades(eps=.2,steps=2)") },
		"certified": func(c *Config, m *graphs.Disentangled) {
			*m = littleModel("base", func(m *graphs.Disentangled) { m.Encoder = graphs.Hinton{Embedding: 12} })
			c.Certified = mustCertified(t, "ibp(eps=.1)")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := DefaultConfig(), littleModel("disentangled")
			c.Batch = 11
			spoil(&c, &m)
			p, net := declared(t, 4, c, m, littleShape)
			b := firstBatch(t, littleDots(40), pipelines.Options{Batch: c.Batch, Seed: 3, Shuffle: true, Augment: c.Augment})
			seen := stepBatch{Batch: b}
			at := stepParams{rate: .01, eps: .2, alpha: .1, lambda: 1}
			if p.Config.imageAttack() != nil {
				var err error
				if seen, err = adversaryOf(t, p, net, 5).stepBatch(seen, 0, at.eps, at.alpha); err != nil {
					t.Fatal(err)
				}
			}
			images, labels := slices.Clone(seen.Images), slices.Clone(seen.Labels)
			if seen.DeformedViews != nil {
				images, labels = append(images, seen.DeformedViews...), append(labels, seen.Labels...)
			}
			want := shareRight(t, p, net, images, labels, nil)
			if seen.Shares != nil { // each of both labels by its share
				want = shareRight(t, p, net, images, labels, seen.Shares)
				want += shareRight(t, p, net, images, seen.Partners, nil) - shareRight(t, p, net, images, seen.Partners, seen.Shares)
			}
			buffers, err := p.newInputBuffers()
			if err != nil {
				t.Fatal(err)
			}
			got, err := (&plainStep{graph: p, net: net, buffers: buffers}).step(t.Context(), seen, 0, at)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(float64(got.Accuracy)-want) > 1e-6 {
				t.Errorf("want %g of %d rows, got %g", want, len(labels), got.Accuracy)
			}
		})
	}
}

// shareRight is the share of images whose label has the largest logit in inference, each
// counted by its weight; nil: 1.
func shareRight(t *testing.T, p *TrainGraph, net *graphs.Net, images []float32, labels []int32, weights []float32) float64 {
	t.Helper()
	size, right := p.Shape.Len(), 0.
	for i, label := range labels {
		one, err := graphs.NewBuffer(tf.Float, p.imageDims(1)...)
		if err != nil {
			t.Fatal(err)
		}
		copy(one.Float32(), images[i*size:(i+1)*size])
		logits := fetchAll(t, net, graphs.Feeds{p.Images.Feed: one.Tensor}, p.Inference.Logits)[0].Data
		if slices.Index(logits, slices.Max(logits)) != int(label) {
			continue
		}
		if weights == nil {
			right++
		} else {
			right += float64(weights[i])
		}
	}
	return right / float64(len(labels))
}

// Of a batch in unequal parts the accuracy is that of the whole.
func TestReplicasShareAccuracy(t *testing.T) {
	c, m := DefaultConfig(), littleModel("disentangled")
	c.Batch, c.Optimizer.Name, c.Schedule.Rate = 7, "sgd", .05
	var of [2][]float32
	for i, n := range []int{0, 3} {
		seen := trainObserved(t, c, m, littleDots(30), "4st", replicated{replicas: n})
		for _, l := range seen.losses {
			of[i] = append(of[i], l.Accuracy)
		}
	}
	if !slices.EqualFunc(of[0], of[1], func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 }) || slices.Max(of[0]) == 0 {
		t.Errorf("one device: %v, three replicas: %v", of[0], of[1])
	}
}
