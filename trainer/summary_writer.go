package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	event "github.com/wamuir/graft/tensorflow/core/util/event_go_proto"
	"github.com/wamuir/graft/tensorflow/op"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
	"unwarp/pipelines/files"
)

// summaryWriter writes TensorBoard event files with TensorFlow's own summary ops.
type summaryWriter struct {
	dir, tag, at, value, event graphs.Input

	create, scalar, record, flush, close *tf.Operation
}

func declareSummaryWriter(b *graphs.Builder) summaryWriter {
	s := b.Pass("summary", graphs.Inference)
	w := summaryWriter{
		dir:   b.Input("summary_dir", tf.String),
		tag:   b.Input("summary_tag", tf.String),
		at:    b.Input("summary_step", tf.Int64),
		value: b.Input("summary_value", tf.Float),
		event: b.Input("summary_event", tf.String),
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
	w.record = add("ImportEvent", nil, handle, w.event.Value)
	w.flush = add("FlushSummaryWriter", nil, handle)
	w.close = add("CloseSummaryWriter", nil, handle)
	return w
}

// openFile begins a file of events in dir with the mark of a session that goes
// on after step: TensorBoard then drops what a killed session wrote of later
// steps. (It keeps steps below that of the mark.)
func (w summaryWriter) openFile(net *graphs.Net, dir string, step int) error {
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return w.notWritten(dir, err)
	}
	start, err := proto.Marshal(&event.Event{
		WallTime: float64(time.Now().UnixMicro()) / 1e6, Step: int64(step) + 1,
		What: &event.Event_SessionLog{SessionLog: &event.SessionLog{Status: event.SessionLog_START}},
	})
	if err == nil {
		err = awaitNewName(dir)
	}
	if err == nil {
		err = w.run(net, w.create, feed{w.dir, dir})
	}
	if err == nil {
		err = w.run(net, w.record, feed{w.event, string(start)})
	}
	if err == nil {
		err = w.flushFile(net)
	}
	return w.notWritten(dir, err)
}

// eventsName is the start of an events file's name; the second of its creation
// (Unix time, ten digits), the host and the process follow.
const eventsName = "events.out.tfevents."

// awaitNewName waits until a new events file in dir comes last in the order of
// names, which is the order that TensorBoard reads in: two sessions of one second
// would be ordered by their process identifiers. It waits for a second at most; a
// clock that was set back further cannot be waited for.
func awaitNewName(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		digits, _, _ := strings.Cut(strings.TrimPrefix(e.Name(), eventsName), ".")
		made, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			continue // not an events file
		}
		if wait := time.Until(time.Unix(made+1, 0)); wait <= time.Second {
			time.Sleep(wait)
		}
	}
	return nil
}

func (w summaryWriter) notWritten(dir string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("trainer: TensorBoard events: %w", files.NotWritten(dir, err))
}

func (w summaryWriter) writeScalar(net *graphs.Net, step int, tag string, value float64) error {
	return w.run(net, w.scalar, feed{w.tag, tag}, feed{w.at, int64(step)}, feed{w.value, float32(value)})
}

// flushFile puts what is written into the file: up to then it is in memory.
func (w summaryWriter) flushFile(net *graphs.Net) error { return w.run(net, w.flush) }

func (w summaryWriter) closeFile(net *graphs.Net) error { return w.run(net, w.close) }

// feed is the value of an input.
type feed struct {
	to    graphs.Input
	value any
}

func (w summaryWriter) run(net *graphs.Net, target *tf.Operation, values ...feed) error {
	feeds := graphs.Feeds{}
	for _, v := range values {
		t, err := tf.NewTensor(v.value)
		if err != nil {
			return err
		}
		feeds[v.to.Feed] = t
	}
	_, err := net.Run(feeds, nil, target)
	return err
}
