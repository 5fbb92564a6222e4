package graphs

import (
	"fmt"
	"slices"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"
)

// Input is a value fed at run time. Feed is the key for the feed dictionary;
// Value is what layers use and what gradients are taken with respect to.
type Input struct {
	Feed, Value tf.Output
	Name        string
	Type        tf.DataType
	Shape       []int64 // -1 where any size will do
}

// Input declares a fed value. TensorFlow never checks the shape of a feed and
// some kernels abort the process on a wrong one, so [Net.Run] checks it
// against shape before the call and the graph checks it once more.
func (b *Builder) Input(name string, dt tf.DataType, shape ...int64) Input {
	s := b.feedOps.SubScope(name)
	in := Input{Name: name, Type: dt, Shape: slices.Clone(shape)}
	in.Feed = op.Placeholder(s, dt, op.PlaceholderShape(tf.MakeShape(shape...)))
	in.Value = op.EnsureShape(s, in.Feed, tf.MakeShape(shape...))
	b.inputs[in.Feed], b.inputs[in.Value] = in, in
	return in
}

// Step is the int64 scalar input that counts training steps from 0; dropout
// and the optimiser's bias correction depend on it.
func (b *Builder) Step() Input {
	if b.step.Feed.Op == nil {
		b.step = b.Input("step", tf.Int64)
	}
	return b.step
}

func (in Input) checkFeed(t *tf.Tensor) error {
	ok := t.DataType() == in.Type && len(t.Shape()) == len(in.Shape)
	for i := 0; ok && i < len(in.Shape); i++ {
		ok = in.Shape[i] < 0 || in.Shape[i] == t.Shape()[i]
	}
	if !ok {
		return fmt.Errorf("graphs: feed %q: want type %d and shape %v, got type %d and shape %v", in.Name, in.Type, in.Shape, t.DataType(), t.Shape())
	}
	return nil
}
