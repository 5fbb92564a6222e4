package trainer

import (
	"context"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// little is an encoder that builds and runs in no time.
type little struct {
	units int
	norm  bool // with batch norm
}

func (l little) Encode(s *graphs.Scope, images tf.Output) tf.Output {
	x := graphs.Conv{Out: 4, Kernel: 3}.Apply(s.In("conv"), images)
	if l.norm {
		x = graphs.BatchNorm{Decay: .8}.Apply(s.In("norm"), x)
	}
	x = graphs.MaxPool{Size: 2}.Apply(s, op.Relu(s.Op("relu"), x))
	x = graphs.Dense{Out: l.units}.Apply(s.In("fc"), s.Flatten(x))
	return op.Tanh(s.Op("fc_tanh"), x)
}

var littleShape = pipelines.Shape{H: 8, W: 8, C: 1}

// littleModel is a small model of the given kind for three classes.
func littleModel(kind string, change ...func(m *graphs.Disentangled)) graphs.Disentangled {
	m := graphs.Disentangled{
		Encoder: little{units: 12}, Classes: 3, Appearance: 7, Geometry: 5,
		Decode: kind != "base", Warp: kind == "disentangled",
		Width: 4, Field: graphs.Smooth, Border: graphs.Clamp, Reach: .3,
	}
	for _, f := range change {
		f(&m)
	}
	return m
}

func littleDots(n int) dots { return dots{n, 3, littleShape} }

func declared(t testing.TB, seed uint64, c Config, m graphs.Disentangled, shape pipelines.Shape) (*TrainGraph, *graphs.Net) {
	t.Helper()
	var p *TrainGraph
	net, err := graphs.Build(graphs.Options{Seed: seed, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		p, err = Declare(b, c, m, shape)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return p, net
}

func mustDuration(t testing.TB, text string) Duration {
	t.Helper()
	s, err := ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustAugment(t testing.TB, text string) pipelines.Augment {
	t.Helper()
	a, err := pipelines.ParseAugment(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// values are all variables: weights, statistics, slots and averages.
func values(t testing.TB, net *graphs.Net) map[string][]float32 {
	t.Helper()
	all := net.Vars.All()
	reads := make([]tf.Output, len(all))
	for i, v := range all {
		reads[i] = v.Read
	}
	out, err := net.Run(nil, reads)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string][]float32{}
	for i, v := range all {
		m[v.Path] = graphtest.FromTensor(t, out[i]).Data
	}
	return m
}

// sameValues compares all variables bit by bit.
func sameValues(t testing.TB, what string, got, want map[string][]float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: want %d variables, got %d", what, len(want), len(got))
	}
	for path, w := range want {
		graphtest.Equal(t, what+": "+path, got[path], w)
	}
}

// firstBatch is the first batch of src, copied.
func firstBatch(t testing.TB, src pipelines.Source, o pipelines.Options) pipelines.Batch {
	t.Helper()
	for b, err := range pipelines.Stream(context.Background(), src, o) {
		if err != nil {
			t.Fatal(err)
		}
		b.Images, b.DeformedViews, b.Labels, b.Index = slices.Clone(b.Images), slices.Clone(b.DeformedViews), slices.Clone(b.Labels), slices.Clone(b.Index)
		b.Partners, b.Shares = slices.Clone(b.Partners), slices.Clone(b.Shares)
		return b
	}
	t.Fatal("no batch")
	return pipelines.Batch{}
}

func fetchAll(t testing.TB, net *graphs.Net, feeds graphs.Feeds, outs ...tf.Output) []graphtest.Array {
	t.Helper()
	got, err := net.Run(feeds, outs)
	if err != nil {
		t.Fatal(err)
	}
	arrays := make([]graphtest.Array, len(got))
	for i, x := range got {
		arrays[i] = graphtest.FromTensor(t, x)
	}
	return arrays
}

// adversaryOf makes the adversarial images that p trains on.
func adversaryOf(t testing.TB, p *TrainGraph, net *graphs.Net, seed pipelines.Seed) *attacker {
	t.Helper()
	a, err := p.newAttacker(net, p.Config.Adversary.Method.(imageAttack), p.adversaryStep, seed)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// stepFeeds feeds step 3 with a batch, through buffers that can be fed again.
func stepFeeds(t testing.TB, p *TrainGraph, b pipelines.Batch, rate float32) (*inputBuffers, graphs.Feeds) {
	t.Helper()
	f, err := p.newInputBuffers()
	if err != nil {
		t.Fatal(err)
	}
	feeds, err := f.feedStep(stepBatch{Batch: b}, 3, stepParams{rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	return f, feeds
}

// stepLosses fetches the terms of a training step, and makes the update where
// that is among the targets.
func stepLosses(t testing.TB, p *TrainGraph, net *graphs.Net, feeds graphs.Feeds, targets ...*tf.Operation) Losses {
	t.Helper()
	out, err := net.Run(feeds, []tf.Output{p.terms.vector}, targets...)
	if err != nil {
		t.Fatal(err)
	}
	return p.terms.losses(graphs.Floats(nil, out[0]))
}

// ofEq8 are the terms of eq. 8, in the order of [seen.loss].
func (l Losses) ofEq8() []float32 {
	return []float32{l.Total, l.Classification, l.Reconstruction, l.CodeChange}
}
