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

// softEntropy is the cross-entropy of one row of logits with a target [K] that is
// written out: the label's part, smoothed and weighed.
func softEntropy(z []float32, target []float64) float64 {
	sum := 0.
	for k, q := range target {
		sum += q * crossEntropy(z, int32(k))
	}
	return sum
}

// softTarget adds a share of the target of a label.
func softTarget(target []float64, label int32, share, smoothing float64, weights []float64) {
	for k := range target {
		q := smoothing / float64(len(target))
		if k == int(label) {
			q += 1 - smoothing
		}
		target[k] += share * weights[label] * q
	}
}

// What is trained on is the cross-entropy with targets that are mixed, smoothed and
// weighed; what evaluation reports is that with the labels.
func TestSoftLabels(t *testing.T) {
	for _, augment := range []string{"flip", "flip|mixup(1)"} {
		for _, smoothing := range []float64{0, .2} {
			for text, weights := range map[string][]float64{"": {1, 1, 1}, "2 .5 0": {2, .5, 0}} {
				name := fmt.Sprintf("%s, smoothing %g, weights %q", augment, smoothing, text)
				config := DefaultConfig()
				config.Augment = mustAugment(t, augment)
				config.Objective.Smoothing, config.Objective.ClassWeights = smoothing, ClassWeights(text)
				p, net := declared(t, 1, config, littleModel("disentangled"), littleShape)
				b := firstBatch(t, littleDots(12), pipelines.Options{Batch: 6, Augment: config.Augment, Seed: 4})
				f, feeds := stepFeeds(t, p, b, 0)
				losses := stepLosses(t, p, net, feeds)
				feeds, err := f.feedBatch(b, false)
				if err != nil {
					t.Fatal(err)
				}
				x := fetchSeen(t, net, p.Inference, feeds, b.Images, b.Labels)
				want, plain := 0., make([]float64, b.N)
				for i := range b.N {
					target, share := make([]float64, 3), 1.
					if b.Shares != nil {
						share = float64(b.Shares[i])
						softTarget(target, b.Partners[i], 1-share, smoothing, weights)
					}
					softTarget(target, b.Labels[i], share, smoothing, weights)
					want += softEntropy(row(x.logits, i, b.N), target) / float64(b.N)
					plain[i] = crossEntropy(row(x.logits, i, b.N), b.Labels[i])
				}
				graphtest.Near(t, name, []float32{losses.Classification}, []float64{want}, 2e-6)
				graphtest.Near(t, name+", evaluated", fetchAll(t, net, feeds, p.perImage.Classification)[0].Data, plain, 2e-6)
			}
		}
	}
}

// The gradient to every weight, against finite differences.
func TestSoftLabelsGradient(t *testing.T) {
	m := littleModel("base", func(m *graphs.Disentangled) { m.Encoder = bent{} })
	o := Objective{Temperature: 2, Smoothing: .3, ClassWeights: "2 .5 1"}
	fn := func(s *graphs.Scope, in []tf.Output) []tf.Output {
		labels, partners := op.Const(s.Op("labels"), []int32{0, 1, 2, 0}), op.Const(s.Op("partners"), []int32{2, 2, 2, 1})
		shares := op.Const(s.Op("shares"), []float32{.25, .9, .5, 1})
		total := o.batchTerms(s.In("objective"), m.Apply(s, in[0]), targets{labels: labels, mixed: mixedLabels{partners, shares}}).Total
		graphtest.Covered(t, total, in[0])
		return []tf.Output{total}
	}
	graphtest.Gradient(t, fn, []graphtest.Array{graphtest.Uniform(3, .1, .9, 4, 8, 8, 1)}, graphtest.Within(3e-2))
}

// Balanced weights give each class the same sum over the images.
func TestBalancedWeights(t *testing.T) {
	counts := []int{50, 7, 3}
	w, err := BalancedWeights.Resolve(counts)
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.values()
	if err != nil || len(v) != 3 {
		t.Fatal(v, err)
	}
	for k, c := range counts {
		if got := float64(v[k]) * float64(c); math.Abs(got-20) > 1e-3 {
			t.Errorf("class %d has the weight %g in all, want a third of the 60 images", k, got)
		}
	}
	if same, err := ClassWeights("1 2").Resolve(counts); err != nil || same != "1 2" {
		t.Errorf("numbers become %q, %v", same, err)
	}
	if _, err := BalancedWeights.Resolve([]int{1, 0}); err == nil {
		t.Error("balances a class without images")
	}
}

func TestSoftLabelsRefused(t *testing.T) {
	for want, spoil := range map[string]func(c *Config){
		"class_weights: want balanced, or a number": func(c *Config) { c.Objective.ClassWeights = "1 x" },
		"class_weights: want balanced, or a numbe":  func(c *Config) { c.Objective.ClassWeights = "1 -2" },
		"train.objective.smoothing":                 func(c *Config) { c.Objective.Smoothing = 1 },
		"no mixup in train.augment": func(c *Config) {
			c.Augment, c.Adversary = mustAugment(t, "mixup(.2)"), mustAdversary(t, "fgsm(eps=.1)")
		},
		"want no train.objective.smoothing beside it": func(c *Config) {
			c.Objective.Smoothing = .1
			if err := c.Certified.UnmarshalText([]byte("ibp(eps=.1)")); err != nil {
				t.Fatal(err)
			}
		},
		"want labels for train.objective.class_weights": func(c *Config) { c.Teacher, c.Objective.ClassWeights = "x", BalancedWeights },
	} {
		c := DefaultConfig()
		spoil(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("want an error that says %q, got %v", want, err)
		}
	}
	for _, w := range []ClassWeights{"1 2", BalancedWeights} {
		c := DefaultConfig()
		c.Objective.ClassWeights = w
		_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
			_, err := Declare(b, c, littleModel("base"), littleShape)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "train.objective.class_weights") {
			t.Errorf("%s for three classes: %v", w, err)
		}
	}
}
