package trainer

import (
	"fmt"
	"path/filepath"
	"slices"

	"unwarp/graphs"
	"unwarp/pipelines/files"
)

// runLog writes metrics.jsonl and TensorBoard's events of a run.
type runLog struct {
	net       *graphs.Net
	events    []files.Place // TensorBoard's folder and its file of this session
	dir       string        // of the events
	metrics   *metrics
	summaries summaryWriter
}

// openLog opens the files in dir, without what st has not reached.
func (g *TrainGraph) openLog(net *graphs.Net, dir string, st State) (runLog, error) {
	l := runLog{net: net, summaries: g.summaries, dir: filepath.Join(dir, EventsDir)}
	var err error
	if l.metrics, err = openMetrics(filepath.Join(dir, MetricsFile), st); err != nil {
		return l, err
	}
	if err := l.summaries.openFile(net, l.dir, st.Step); err != nil {
		l.metrics.close()
		return l, err
	}
	if l.events, err = eventPlaces(l.dir); err != nil {
		l.metrics.close()
		return l, fmt.Errorf("trainer: TensorBoard events: %w", err)
	}
	return l, nil
}

// eventPlaces are the folder of events and the file in it that was made last.
func eventPlaces(dir string) ([]files.Place, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*tfevents*"))
	if err != nil {
		return nil, err
	}
	paths := []string{dir}
	if len(all) > 0 {
		paths = append(paths, slices.Max(all))
	}
	var places []files.Place
	for _, path := range paths {
		p, err := files.OpenPlace(path)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	return places, nil
}

// flush puts all that is logged into the files, before a checkpoint that the run
// may be resumed from.
func (l runLog) flush() error {
	if err := l.metrics.flush(); err != nil {
		return err
	}
	for _, p := range l.events {
		if err := p.Check(); err != nil {
			return l.summaries.notWritten(l.dir, err)
		}
	}
	return l.summaries.notWritten(l.dir, l.summaries.flushFile(l.net))
}

func (l runLog) close() error {
	err := l.flush()
	if cerr := l.metrics.close(); err == nil {
		err = cerr
	}
	if serr := l.summaries.closeFile(l.net); err == nil {
		err = l.summaries.notWritten(l.dir, serr)
	}
	return err
}

// scalar is a value of TensorBoard.
type scalar struct {
	tag   string
	value float64
}

// training writes the losses of a step; waiting is the share of time since the
// last line in which the loop waited for data.
func (l runLog) training(at Progress, terms []term, waiting float64) error {
	line := metricsLine{Kind: "train", Step: at.Step, Epoch: at.Epoch, Rate: at.Rate, ImagesPerSecond: at.ImagesPerSecond, Waiting: &waiting, Replicas: at.Replicas, Losses: &at.Losses}
	if err := l.metrics.write(line); err != nil {
		return err
	}
	var scalars []scalar
	for _, t := range terms {
		scalars = append(scalars, scalar{"train/" + t.name, float64(*t.field(&at.Losses))})
	}
	scalars = append(scalars, scalar{"train/rate", float64(at.Rate)}, scalar{"train/images_per_second", at.ImagesPerSecond})
	return l.writeScalars(at.Step, scalars)
}

// evaluation writes the result of an evaluation.
func (l runLog) evaluation(at Progress, e Evaluation) error {
	if err := l.metrics.write(metricsLine{Kind: "validation", Step: at.Step, Epoch: at.Epoch, Evaluation: &e}); err != nil {
		return err
	}
	scalars := []scalar{{"validation/accuracy", e.Accuracy}, {"validation/loss", e.Loss}}
	if e.Attacked != nil {
		scalars = append(scalars, scalar{"validation/attacked_accuracy", e.Attacked.Accuracy})
	}
	if e.Verified != nil {
		scalars = append(scalars, scalar{"validation/verified_accuracy", e.Verified.Accuracy})
	}
	return l.writeScalars(at.Step, scalars)
}

func (l runLog) writeScalars(step int, scalars []scalar) error {
	for _, s := range scalars {
		if err := l.summaries.writeScalar(l.net, step, s.tag, s.value); err != nil {
			return l.summaries.notWritten(l.dir, err)
		}
	}
	return nil
}
