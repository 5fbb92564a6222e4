package trainer

import (
	"bytes"
	"fmt"
	"image"
	"path/filepath"
	"time"

	// The format of a [Picture].
	_ "image/png"

	summary "github.com/wamuir/graft/tensorflow/core/framework/summary_go_proto"
	event "github.com/wamuir/graft/tensorflow/core/util/event_go_proto"
	"google.golang.org/protobuf/proto"

	"unwarp/graphs"
)

// Board is what TensorBoard shows of a run besides its scalars. The zero value adds
// nothing.
type Board struct {
	// HyperParameters are texts, bools and float64s by name, for the table of runs.
	HyperParameters map[string]any
	// Begin draws pictures before the first step; nil: none.
	Begin func() ([]Picture, error)
	// Evaluated draws pictures after an evaluation; nil: none.
	Evaluated func(at Progress, e Evaluation) ([]Picture, error)
}

// Picture is a picture in TensorBoard.
type Picture struct {
	Tag string // such as validation/confusion
	PNG []byte
}

// event is the picture at a step.
func (p Picture) event(step int) (*event.Event, error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(p.PNG))
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w", p.Tag, err)
	}
	const rgba = 4
	return newSummary(step, &summary.Summary_Value{Tag: p.Tag, Value: &summary.Summary_Value_Image{Image: &summary.Summary_Image{
		Height: int32(size.Height), Width: int32(size.Width), Colorspace: rgba, EncodedImageString: p.PNG,
	}}}), nil
}

// newSummary is a value at a step, now.
func newSummary(step int, v *summary.Summary_Value) *event.Event {
	return &event.Event{
		WallTime: float64(time.Now().UnixMicro()) / 1e6, Step: int64(step),
		What: &event.Event_Summary{Summary: &summary.Summary{Value: []*summary.Summary_Value{v}}},
	}
}

// writeEvent writes an event as it is.
func (w summaryWriter) writeEvent(net *graphs.Net, e *event.Event) error {
	raw, err := proto.Marshal(e)
	if err != nil {
		return err
	}
	return w.run(net, w.record, feed{w.event, string(raw)})
}

// pictures writes what draw draws at a step.
func (l runLog) pictures(step int, drawn []Picture, err error) error {
	if err != nil {
		return err
	}
	for _, p := range drawn {
		e, err := p.event(step)
		if err == nil {
			err = l.summaries.writeEvent(l.net, e)
		}
		if err != nil {
			return l.summaries.notWritten(l.dir, err)
		}
	}
	return nil
}

// begin writes what is known before the first step of a session.
func (l runLog) begin(step int, b Board) error {
	if b.HyperParameters != nil {
		start, err := startOfSession(b.HyperParameters)
		if err == nil {
			err = l.summaries.writeEvent(l.net, start)
		}
		if err != nil {
			return l.summaries.notWritten(l.dir, err)
		}
	}
	if b.Begin == nil || step > 0 {
		return nil
	}
	drawn, err := b.Begin()
	return l.pictures(step, drawn, err)
}

// end says how the session ended.
func (l runLog) end(b Board, err error) error {
	if b.HyperParameters == nil {
		return nil
	}
	return l.summaries.notWritten(l.dir, l.summaries.writeEvent(l.net, endOfSession(err)))
}

// WriteBoard adds pictures to the events of a run folder whose training has ended
// after step.
func WriteBoard(dir string, step int, all []Picture) (err error) {
	l := runLog{dir: filepath.Join(dir, EventsDir)}
	l.net, err = graphs.Build(graphs.Options{Device: graphs.CPU}, func(b *graphs.Builder) error {
		l.summaries = declareSummaryWriter(b)
		return b.Err()
	})
	if err != nil {
		return err
	}
	defer l.net.Close()
	if err := l.summaries.openFile(l.net, l.dir, step); err != nil {
		return err
	}
	err = l.pictures(step, all, nil)
	if err == nil {
		err = l.summaries.notWritten(l.dir, l.summaries.flushFile(l.net))
	}
	if cerr := l.summaries.closeFile(l.net); err == nil {
		err = l.summaries.notWritten(l.dir, cerr)
	}
	return err
}
