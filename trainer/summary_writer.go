package trainer

import (
	"fmt"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
)

// summaryWriter writes TensorBoard event files with TensorFlow's own summary ops.
type summaryWriter struct {
	dir, tag, at, value graphs.Input

	create, scalar, close *tf.Operation
}

func declareSummaryWriter(b *graphs.Builder) summaryWriter {
	s := b.Pass("summary", graphs.Inference)
	w := summaryWriter{
		dir:   b.Input("summary_dir", tf.String),
		tag:   b.Input("summary_tag", tf.String),
		at:    b.Input("summary_step", tf.Int64),
		value: b.Input("summary_value", tf.Float),
	}
	// graft leaves out most of the summary ops.
	add := func(kind string, attrs map[string]any, inputs ...tf.Output) *tf.Operation {
		in := make([]tf.Input, len(inputs))
		for i, x := range inputs {
			in[i] = x
		}
		return s.Op(kind).AddOperation(tf.OpSpec{Type: kind, Attrs: attrs, Input: in})
	}
	writer := add("SummaryWriter", map[string]any{"shared_name": "summary"})
	if writer == nil {
		return w
	}
	handle := writer.Output(0)
	w.create = add("CreateSummaryFileWriter", nil, handle, w.dir.Value,
		op.Const(s.Op("queue"), int32(1000)), op.Const(s.Op("flush_millis"), int32(10_000)), op.Const(s.Op("suffix"), ""))
	w.scalar = add("WriteScalarSummary", nil, handle, w.at.Value, w.tag.Value, w.value.Value)
	w.close = add("CloseSummaryWriter", nil, handle)
	return w
}

func (w summaryWriter) openFile(net *graphs.Net, dir string) error {
	t, err := tf.NewTensor(dir)
	if err != nil {
		return err
	}
	if _, err := net.Run(graphs.Feeds{w.dir.Feed: t}, nil, w.create); err != nil {
		return fmt.Errorf("trainer: TensorBoard events in %s: not written: %w: free space or choose another run folder", dir, err)
	}
	return nil
}

func (w summaryWriter) writeScalar(net *graphs.Net, step int, tag string, value float64) error {
	feeds := graphs.Feeds{}
	var err error
	set := func(in graphs.Input, v any) {
		if t, e := tf.NewTensor(v); e != nil {
			err = e
		} else {
			feeds[in.Feed] = t
		}
	}
	set(w.tag, tag)
	set(w.at, int64(step))
	set(w.value, float32(value))
	if err == nil {
		_, err = net.Run(feeds, nil, w.scalar)
	}
	if err != nil {
		return fmt.Errorf("trainer: TensorBoard scalar %q: not written: %w: free space, then resume the run", tag, err)
	}
	return nil
}

func (w summaryWriter) closeFile(net *graphs.Net) error {
	_, err := net.Run(nil, nil, w.close)
	return err
}
