package bounds_test

import (
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// written is a network with its bounds in a graph.
type written struct {
	t                  testing.TB
	net                *graphs.Net
	walked             *bounds.Network
	image, labels, eps graphs.Input
	logits, ibp, crown tf.Output
	full               tf.Output // by CROWN throughout
}

// open builds f of images [B,shape...], and bounds of it.
func open(t testing.TB, shape []int64, n bounds.Norm, u bounds.Rounding, f layer, slopes ...bounds.Slopes) *written {
	t.Helper()
	x := &written{t: t}
	net, err := graphs.Build(graphs.Options{Seed: 3, Device: graphs.CPU}, func(b *graphs.Builder) error {
		x.image = b.Input("image", tf.Float, append([]int64{-1}, shape...)...)
		x.labels = b.Input("labels", tf.Int32, -1)
		x.eps = b.Input("eps", tf.Float, -1)
		s := b.Pass("model", graphs.Inference)
		x.logits = f(s, x.image.Value)
		if err := b.Err(); err != nil {
			return err
		}
		in := s.In("bounds")
		var err error
		if x.walked, err = bounds.Walk(in, x.image.Value, x.logits); err != nil {
			return err
		}
		bs, err := bounds.New(in, x.walked, bounds.Ball(n, x.image.Value, x.eps.Value), u)
		if err != nil {
			return err
		}
		for _, bs.Slopes = range slopes {
		}
		known := bs.IBP(nil)
		x.ibp, x.crown = bs.IBPMargins(x.labels.Value, known), bs.CROWNMargins(x.labels.Value, known)
		if product(shape) == 64 {
			bs.Alone()
			x.full = bs.CROWNMargins(x.labels.Value, bs.CROWN(known))
		}
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	x.net = net
	return x
}

func product(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

// margins are the bounds [B,classes] by IBP and by CROWN-IBP.
func (x *written) margins(images Array, labels []int32, eps []float32) (ibp, crown Array) {
	x.t.Helper()
	out := x.fetch(images, labels, eps, x.ibp, x.crown)
	return out[0], out[1]
}

// fetch runs bounds of images.
func (x *written) fetch(images Array, labels []int32, eps []float32, outs ...tf.Output) []Array {
	x.t.Helper()
	y, err := tf.NewTensor(labels)
	if err != nil {
		x.t.Fatal(err)
	}
	feeds := graphs.Feeds{x.image.Feed: images.Tensor(x.t), x.labels.Feed: y, x.eps.Feed: Of(eps, int64(len(eps))).Tensor(x.t)}
	out, err := x.net.Run(feeds, outs)
	if err != nil {
		x.t.Fatal(err)
	}
	var arrays []Array
	for _, v := range out {
		arrays = append(arrays, FromTensor(x.t, v))
	}
	return arrays
}

// run fetches the logits of images.
func (x *written) run(images Array) Array {
	x.t.Helper()
	out, err := x.net.Run(graphs.Feeds{x.image.Feed: images.Tensor(x.t)}, []tf.Output{x.logits})
	if err != nil {
		x.t.Fatal(err)
	}
	return FromTensor(x.t, out[0])
}

func ints(s *graphs.Scope, v ...int32) tf.Output { return op.Const(s.Op("ints"), v) }
