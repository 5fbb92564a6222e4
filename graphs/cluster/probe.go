package cluster

import (
	"context"
	"errors"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// Speed is how fast a worker is reached, each at its best of a few tries.
type Speed struct {
	RoundTrip time.Duration `json:"round_trip_ns"`
	Up        float64       `json:"bytes_per_second_up"` // to the worker
	Down      float64       `json:"bytes_per_second_down"`
}

// probed is how many floats go each way: about the weights of Hinton's CNN.
const probed = 4 << 20

// Probe measures the way to a worker for a second or so. Its errors are those of
// [Connect].
func Probe(ctx context.Context, address string) (s Speed, err error) {
	var in graphs.Input
	var sum, filled tf.Output
	net, err := graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		in = b.Input("x", tf.Float, -1)
		scope := b.Pass("probe", graphs.Inference)
		sum = op.Sum(scope.Op("sum"), in.Value, op.Const(scope.Op("axis"), int32(0)))
		filled = op.AddV2(scope.Op("filled"), op.Fill(scope.Op("zeros"), op.Const(scope.Op("shape"), []int32{probed}), op.Const(scope.Op("zero"), float32(0))), sum)
		return b.Err()
	})
	if err != nil {
		return s, err
	}
	defer net.Close()
	w, err := Connect(ctx, address, net, graphs.Values{}, DefaultConfig())
	if err != nil {
		return s, err
	}
	defer w.Close()
	few, err := graphs.NewBuffer(tf.Float, 1)
	many, err2 := graphs.NewBuffer(tf.Float, probed)
	if err := errors.Join(err, err2); err != nil {
		return s, err
	}
	if s.RoundTrip, err = w.best(ctx, 20, in, few, sum); err != nil {
		return s, err
	}
	up, err := w.best(ctx, 4, in, many, sum)
	down, err2 := w.best(ctx, 4, in, few, filled)
	s.Up, s.Down = 4*probed/up.Seconds(), 4*probed/down.Seconds()
	return s, errors.Join(err, err2)
}

// best is the shortest time of a call, after one that prepares it.
func (w *Worker) best(ctx context.Context, tries int, in graphs.Input, x *graphs.Buffer, fetch tf.Output) (best time.Duration, err error) {
	for i := range tries + 1 {
		began := time.Now()
		if _, err := w.Run(ctx, graphs.Feeds{in.Feed: x.Tensor}, []tf.Output{fetch}); err != nil {
			return 0, err
		}
		if took := time.Since(began); i > 0 && (best == 0 || took < best) {
			best = took
		}
	}
	return max(best, 1), nil
}
