package trainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// metricsLine is one line of metrics.jsonl.
type metricsLine struct {
	Kind            string  `json:"kind"` // train or validation
	Time            string  `json:"time"` // RFC 3339
	Step            int     `json:"step"`
	Epoch           int     `json:"epoch"`
	Rate            float32 `json:"rate,omitempty"`
	ImagesPerSecond float64 `json:"images_per_second,omitempty"`
	// Waiting is the share in [0,1] of the time since the line before in which
	// the loop waited for data; evaluation and saving are in neither.
	Waiting *float64 `json:"waiting,omitempty"`
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
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("trainer: metrics: %w", err)
	}
	return &metrics{f}, nil
}

func dropLinesAfter(path string, st State) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var keep []byte
	for l := range bytes.Lines(raw) {
		var at struct {
			Kind string
			Step int
		}
		if json.Unmarshal(l, &at) != nil || at.Step > st.Step || !bytes.HasSuffix(l, []byte("\n")) {
			continue
		}
		if again := at.Kind == "validation" && at.Step == st.Step && st.Evaluated < st.Step; !again {
			keep = append(keep, l...)
		}
	}
	if len(keep) == len(raw) {
		return nil
	}
	return WriteFile(path, keep)
}

func (m *metrics) write(l metricsLine) error {
	l.Time = time.Now().UTC().Format(time.RFC3339)
	raw, err := json.Marshal(l)
	if err == nil {
		_, err = m.f.Write(append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("trainer: metrics: not written: %w: free space, then resume the run", err)
	}
	return nil
}

func (m *metrics) close() error {
	if err := m.f.Close(); err != nil {
		return fmt.Errorf("trainer: metrics: %w", err)
	}
	return nil
}
