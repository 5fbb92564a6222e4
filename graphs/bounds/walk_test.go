package bounds_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// refusal is the error of a walk through f, of images [2,6,6,2] or of any number.
func refusal(t *testing.T, f layer, mode graphs.Mode) error {
	t.Helper()
	var err error
	_, built := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		x := b.Input("x", tf.Float, -1, 6, 6, 2)
		s := b.Pass("p", mode)
		y := f(s, x.Value)
		if b.Err() != nil {
			return b.Err()
		}
		_, err = bounds.Walk(s.In("bounds"), x.Value, y)
		return errors.New("done")
	})
	if built == nil || !strings.Contains(built.Error(), "done") {
		t.Fatal(built)
	}
	return err
}

func dense(s *graphs.Scope, x tf.Output) tf.Output {
	return graphs.Dense{Out: 3}.Apply(s.In("fc"), s.Flatten(x))
}

// What has no bounds is refused by name, all of it at once.
func TestWalkRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		f    layer
		mode graphs.Mode
		says []string
	}{
		"two ops": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return dense(s, op.AddV2(s.Op("sum"), op.Exp(s.Op("exp"), x), op.Cos(s.Op("cos"), op.Floor(s.Op("floor"), x))))
		}, graphs.Inference, []string{"Exp", "Cos", "Floor", "p/exp/Exp", "attacks"}},
		"normalisation by the image": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return dense(s, graphs.Normalisation{By: graphs.ByImage}.Apply(s.In("n"), x))
		}, graphs.Inference, []string{"normalisation by the image's own mean", "model.normalise"}},
		"dropout": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return dense(s, graphs.Dropout{Rate: .5}.Apply(s.In("d"), x))
		}, graphs.Training, []string{"Random"}},
		"batch moments": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return dense(s, graphs.BatchNorm{}.Apply(s.In("n"), x))
		}, graphs.Training, []string{"FusedBatchNormV3", "the batch's own moments"}},
		"product": {func(s *graphs.Scope, x tf.Output) tf.Output { return dense(s, op.Mul(s.Op("m"), x, x)) },
			graphs.Inference, []string{"Mul", "two values of the image"}},
		"mean over images": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return dense(s, op.Sub(s.Op("c"), x, op.Mean(s.Op("m"), x, ints(s, 0), op.MeanKeepDims(true))))
		}, graphs.Inference, []string{"Mean", "over images"}},
		"reshape of the batch": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return dense(s, op.Reshape(s.Op("r"), x, ints(s, 4, 18, 2)))
		}, graphs.Inference, []string{"Reshape"}},
		"no path": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return op.Const(s.Op("c"), [][]float32{{1, 2}})
		}, graphs.Inference, []string{"computed from the image"}},
		"truncated draws": {func(s *graphs.Scope, x tf.Output) tf.Output {
			return dense(s, op.AddV2(s.Op("n"), x, op.TruncatedNormal(s.Op("draw"), op.Shape(s.Op("like"), op.Const(s.Op("c"), [][]float32{{1}})), tf.Float)))
		}, graphs.Inference, []string{"TruncatedNormal"}},
		"draws with a key": {func(s *graphs.Scope, x tf.Output) tf.Output {
			key, counter := op.Const(s.Op("key"), []uint64{1}), op.Const(s.Op("counter"), []uint64{1, 2})
			return dense(s, op.AddV2(s.Op("n"), x, op.StatelessTruncatedNormalV2(s.Op("draw"), ints(s, 1, 1), key, counter, op.Const(s.Op("algorithm"), int32(1)))))
		}, graphs.Inference, []string{"StatelessTruncatedNormalV2"}},
		"mask of the image": {func(s *graphs.Scope, x tf.Output) tf.Output {
			open := op.Cast(s.Op("mask"), op.Greater(s.Op("open"), x, op.Const(s.Op("zero"), float32(0))), tf.Float)
			return dense(s, op.Mul(s.Op("m"), x, open))
		}, graphs.Inference, []string{"Cast"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := refusal(t, c.f, c.mode)
			Says(t, err, append(c.says, "bounds: ")...)
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("%d characters: %v", len(err.Error()), err)
			}
		})
	}
}

// A second way from the placeholder to the logits, around the image, is no
// constant.
func TestWalkRefusesWayAround(t *testing.T) {
	var err error
	graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		x := b.Input("x", tf.Float, -1, 4)
		s := b.Pass("p", graphs.Inference)
		image := op.Square(s.Op("image"), x.Value)
		_, err = bounds.Walk(s, image, op.AddV2(s.Op("sum"), image, x.Value))
		return errors.New("done")
	})
	Says(t, err, "around")
}

// Queries that cannot be answered are refused, with what to do.
func TestVerifyRefuses(t *testing.T) {
	m := randomMLP(1, 3, 4, 2)
	c := certify(t, m.layers, []int64{3}, bounds.Settings{Method: bounds.CROWNIBP})
	good := bounds.Query{Images: []float32{.1, .2, .3}, Labels: []int32{1}, Eps: []float32{.1}}
	nan := float32(math.NaN())
	for name, x := range map[string]struct {
		change func(q *bounds.Query)
		says   string
	}{
		"size":    {func(q *bounds.Query) { q.Images = q.Images[:2] }, "want 3 values"},
		"label":   {func(q *bounds.Query) { q.Labels = []int32{2} }, "from 0 to 1, got 2"},
		"eps":     {func(q *bounds.Query) { q.Eps = []float32{-1} }, "not negative"},
		"eps NaN": {func(q *bounds.Query) { q.Eps = []float32{nan} }, "finite"},
		"image":   {func(q *bounds.Query) { q.Images = []float32{.1, 1.5, 0} }, "in [0,1], got 1.5 at 1"},
		"NaN":     {func(q *bounds.Query) { q.Images = []float32{.1, nan, 0} }, "in [0,1]"},
		"method":  {func(q *bounds.Query) { q.Method = bounds.CROWN }, "up to the verifier's crown-ibp"},
	} {
		t.Run(name, func(t *testing.T) {
			q := good
			x.change(&q)
			_, err := c.v.Verify(context.Background(), c.net, q)
			Says(t, err, "bounds: ", x.says)
		})
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.v.Verify(ended, c.net, good); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	for _, set := range []bounds.Settings{{Norm: "l7"}, {Method: "magic"}, {Slopes: "steep"}, {Steps: -1}, {Rounding: 2}} {
		_, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
			_, err := bounds.NewVerifier(b, "v", []int64{3}, m.layers, set)
			return err
		})
		Says(t, err, "bounds: ")
	}
}

// What is wrong already is never proven; what overflows is open.
func TestWrongAndOverflowing(t *testing.T) {
	m := randomMLP(1, 3, 4, 2)
	images, labels := m.points(4, 3)
	for i := range labels {
		labels[i] = 1 - labels[i]
	}
	c := certify(t, m.layers, []int64{3}, bounds.Settings{Method: bounds.CROWNIBP})
	for _, v := range c.verify(bounds.Query{Images: images, Labels: labels, Eps: []float32{0}}) {
		if v.Status != bounds.Misclassified {
			t.Errorf("want misclassified, got %+v", v)
		}
	}
	for _, v := range c.verify(bounds.Query{Images: images, Labels: labels, Eps: []float32{0}, Classified: true}) {
		if v.Status != bounds.Open { // nobody asks, and still nothing is proven
			t.Errorf("want open, got %+v", v)
		}
	}
	for l := range m.w {
		for i := range m.w[l] {
			for j := range m.w[l][i] {
				m.w[l][i][j] *= 1e25
			}
		}
	}
	images, labels = m.points(4, 3)
	c = certify(t, m.layers, []int64{3}, bounds.Settings{Method: bounds.AlphaCROWN, Steps: 2})
	for _, v := range c.verify(bounds.Query{Images: images, Labels: labels, Eps: []float32{.1}}) {
		if v.Status == bounds.Proven {
			t.Errorf("want open or misclassified, got %+v", v)
		}
	}
}

// A reduced precision is noticed.
func TestVerifyRefusesReducedPrecision(t *testing.T) {
	if !graphs.HasBfloat16() {
		t.Skip("this processor does not multiply bfloat16")
	}
	m := randomMLP(1, 3, 4, 2)
	var v *bounds.Verifier
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU, Precision: graphs.Bfloat16}, func(b *graphs.Builder) (err error) {
		v, err = bounds.NewVerifier(b, "v", []int64{3}, m.layers, bounds.Settings{Method: bounds.IBP})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	_, err = v.Verify(context.Background(), net, bounds.Query{Images: make([]float32, 3), Labels: []int32{0}, Eps: []float32{.1}})
	Says(t, err, "precision float32")
}
