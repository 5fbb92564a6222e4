package trainer

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// Towers in one graph share the weights: the mean of the gradients and of the
// losses of two, on half of a batch each, is that of one on all of it.
func TestTowers(t *testing.T) {
	const n = 8
	for _, augment := range []string{"", "deform(stretch=1..2,shift=1..2,step=1)"} {
		views := augment != ""
		config := DefaultConfig()
		config.Objective.Lambda, config.Objective.Gamma = .4, 2
		model := littleModel("disentangled", func(m *graphs.Disentangled) { m.Encoder = bent{} })
		var in struct{ images, labels, views graphs.Input }
		declare := func(b *graphs.Builder, name string) towerOutputs {
			batch := towerInputs{images: in.images.Value, labels: in.labels.Value}
			if views {
				batch.views = in.views.Value
			}
			return tower{model: model, objective: config.Objective}.declare(b.Pass(name, graphs.Training), batch)
		}
		var one, two towerOutputs
		net, err := graphs.Build(graphs.Options{Seed: 3, Device: graphs.CPU}, func(b *graphs.Builder) error {
			in.images, in.labels = b.Input("images", tf.Float, -1, 8, 8, 1), b.Input("labels", tf.Int32, -1)
			in.views = b.Input("views", tf.Float, -1, 8, 8, 1)
			one, two = declare(b, "first"), declare(b, "second")
			return b.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { net.Close() })
		b := firstBatch(t, littleDots(12), pipelines.Options{Batch: n, Augment: mustAugment(t, augment), Seed: 4})
		run := func(o towerOutputs, from, to int) []graphtest.Array {
			feeds := graphs.Feeds{in.images.Feed: newTensorOf(t, b.Images, from, to, n), in.labels.Feed: labelTensor(t, b.Labels[from:to])}
			if views {
				feeds[in.views.Feed] = newTensorOf(t, b.DeformedViews, from, to, n)
			}
			return fetchAll(t, net, feeds, append([]tf.Output{o.terms.Total, o.terms.Classification}, o.gradients...)...)
		}
		whole, left, right := run(one, 0, n), run(one, 0, n/2), run(two, n/2, n)
		for i, w := range whole {
			var mean []float64
			for k, v := range left[i].Data {
				mean = append(mean, (float64(v)+float64(right[i].Data[k]))/2)
			}
			graphtest.Near(t, "mean of two towers", w.Data, mean, 1e-5)
		}
		if len(one.weights) != len(two.weights) || len(one.weights) != len(net.Vars.All(graphs.Trainable)) {
			t.Errorf("want towers that share all weights, got %d and %d", len(one.weights), len(two.weights))
		}
	}
}

// newTensorOf holds the images [from,to) of n.
func newTensorOf(t *testing.T, images []float32, from, to, n int) *tf.Tensor {
	t.Helper()
	size := len(images) / n
	a := graphtest.Fill(0, int64(to-from), 8, 8, 1)
	copy(a.Data, images[from*size:to*size])
	return a.Tensor(t)
}

func labelTensor(t *testing.T, labels []int32) *tf.Tensor {
	t.Helper()
	x, err := tf.NewTensor(labels)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
