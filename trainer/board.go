package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// board writes TensorBoard event files with TensorFlow's own summary ops.
type board struct {
	dir, tag, at, value graphs.Input

	create, scalar, close *tf.Operation
}

func declareBoard(b *graphs.Builder) board {
	s := b.Pass("board", graphs.Inference)
	o := board{
		dir:   b.Input("board_dir", tf.String),
		tag:   b.Input("board_tag", tf.String),
		at:    b.Input("board_step", tf.Int64),
		value: b.Input("board_value", tf.Float),
	}
	// graft leaves out most of the summary ops.
	add := func(kind string, attrs map[string]any, inputs ...tf.Output) *tf.Operation {
		in := make([]tf.Input, len(inputs))
		for i, x := range inputs {
			in[i] = x
		}
		return s.Op(kind).AddOperation(tf.OpSpec{Type: kind, Attrs: attrs, Input: in})
	}
	writer := add("SummaryWriter", map[string]any{"shared_name": "board"})
	if writer == nil {
		return o
	}
	w := writer.Output(0)
	o.create = add("CreateSummaryFileWriter", nil, w, o.dir.Value,
		op.Const(s.Op("queue"), int32(1000)), op.Const(s.Op("flush_millis"), int32(10_000)), op.Const(s.Op("suffix"), ""))
	o.scalar = add("WriteScalarSummary", nil, w, o.at.Value, o.tag.Value, o.value.Value)
	o.close = add("CloseSummaryWriter", nil, w)
	return o
}

func (o board) open(net *graphs.Net, dir string) error {
	t, err := tf.NewTensor(dir)
	if err != nil {
		return err
	}
	if _, err := net.Run(graphs.Feeds{o.dir.Feed: t}, nil, o.create); err != nil {
		return fmt.Errorf("trainer: TensorBoard events in %s: not written: %w: free space or choose another run folder", dir, err)
	}
	return nil
}

func (o board) write(net *graphs.Net, step int, tag string, value float64) error {
	feeds := graphs.Feeds{}
	var err error
	set := func(in graphs.Input, v any) {
		if t, e := tf.NewTensor(v); e != nil {
			err = e
		} else {
			feeds[in.Feed] = t
		}
	}
	set(o.tag, tag)
	set(o.at, int64(step))
	set(o.value, float32(value))
	if err == nil {
		_, err = net.Run(feeds, nil, o.scalar)
	}
	if err != nil {
		return fmt.Errorf("trainer: TensorBoard scalar %q: not written: %w: free space, then resume the run", tag, err)
	}
	return nil
}

func (o board) shut(net *graphs.Net) error {
	_, err := net.Run(nil, nil, o.close)
	return err
}
