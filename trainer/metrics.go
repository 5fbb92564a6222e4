package trainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"time"

	"unwarp/pipelines/files"
)

// metricsLine is one line of metrics.jsonl.
type metricsLine struct {
	Kind            string  `json:"kind"` // train or validation
	Time            string  `json:"time"` // RFC 3339
	Step            int     `json:"step"`
	Epoch           int     `json:"epoch"` // under way, from 1
	Rate            float32 `json:"rate,omitempty"`
	ImagesPerSecond float64 `json:"images_per_second,omitempty"`
	// Waiting is the share in [0,1] of the time since the line before in which
	// the loop waited for data; evaluation and saving are in neither.
	Waiting  *float64          `json:"waiting,omitempty"`
	Replicas []ReplicaProgress `json:"replicas,omitempty"` // the same time
	*Losses
	Evaluation *Evaluation `json:"evaluation,omitempty"`
}

// metrics appends JSON lines to a file.
type metrics struct{ f *os.File }

// openMetrics opens path for appending, after dropping lines of steps later
// than st: a killed run has written metrics that the resumed one will write
// again.
func openMetrics(path string, st State) (*metrics, error) {
	if err := dropLinesAfter(path, st); err != nil {
		return nil, fmt.Errorf("trainer: metrics: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, fmt.Errorf("trainer: metrics: %w", files.NotWritten(path, err))
	}
	return &metrics{f}, nil
}

func dropLinesAfter(path string, st State) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return files.NotRead(path, err)
	}
	var keep []byte
	n, damaged := 0, error(nil) // a damaged end is what a power cut leaves
	for l := range bytes.Lines(raw) {
		n++
		var at struct {
			Kind string
			Step int
		}
		if !bytes.HasSuffix(l, []byte("\n")) {
			continue // the end of a write that was cut off
		}
		if json.Unmarshal(l, &at) != nil {
			damaged = fmt.Errorf("%s: line %d: want a line in JSON, got %.40q: the file is damaged: remove the line, or move the file away, and resume again", files.ShortPath(path), n, l)
			continue
		}
		if damaged != nil {
			return damaged
		}
		if at.Step > st.Step {
			continue
		}
		if again := at.Kind == "validation" && at.Step == st.Step && st.Evaluated < st.Step; !again {
			keep = append(keep, l...)
		}
	}
	if keep = countEpochsFromOne(keep); bytes.Equal(keep, raw) {
		return nil
	}
	return files.Write(path, keep)
}

var epochs = regexp.MustCompile(`"epoch":\d+,`)

// countEpochsFromOne changes lines of earlier versions, which counted epochs from
// 0, so that a resumed run does not count in two ways.
func countEpochsFromOne(lines []byte) []byte {
	if !bytes.Contains(lines, []byte(`"epoch":0,`)) {
		return lines
	}
	return epochs.ReplaceAllFunc(lines, func(key []byte) []byte {
		var n int
		_, _ = fmt.Sscanf(string(key), `"epoch":%d`, &n)
		return fmt.Appendf(nil, `"epoch":%d,`, n+1)
	})
}

func (m *metrics) write(l metricsLine) error {
	l.Time = time.Now().UTC().Format(time.RFC3339)
	raw, err := json.Marshal(l)
	if err == nil {
		err = files.Append(m.f, append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("trainer: metrics: %w", err)
	}
	return nil
}

// flush puts what is written on the disk: a checkpoint that follows is not
// ahead of its metrics, also after a power cut.
func (m *metrics) flush() error {
	err := files.CheckOpen(m.f)
	if err == nil {
		err = files.NotWritten(m.f.Name(), m.f.Sync())
	}
	if err != nil {
		return fmt.Errorf("trainer: metrics: %w", err)
	}
	return nil
}

func (m *metrics) close() error {
	if err := m.f.Close(); err != nil {
		return fmt.Errorf("trainer: metrics: %w", files.NotWritten(m.f.Name(), err))
	}
	return nil
}
