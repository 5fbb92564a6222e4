package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// slow takes a while for each image.
type slow struct {
	dots
	image time.Duration
}

func (s slow) At(i int, dst []uint8) (int, error) {
	time.Sleep(s.image)
	return s.dots.At(i, dst)
}

// The clock is synctest's: it moves only while all goroutines sleep, so what
// computes takes no time and the shares are exact, in ms: a batch takes the one
// worker 8·10 and all else in a step 25, so that a step waits 80-25 = 55, the
// first one of a session 80. During an evaluation of 1000 the queue fills up,
// for four steps without waiting; leaving the stream waits for the worker's image.
func TestWaitingShare(t *testing.T) {
	c := DefaultConfig()
	c.Batch, c.Workers = 8, 1
	c.Duration, c.Log, c.Evaluate, c.Checkpoint = mustDuration(t, "9st"), mustDuration(t, "3st"), mustDuration(t, "5st"), mustDuration(t, "5st")
	src := slow{littleDots(64), 10 * time.Millisecond}
	for _, x := range []struct {
		name  string
		cut   string // the event at which a first session is interrupted
		lines []float64
		all   float64
	}{
		{"in one go", "", []float64{190. / 265, (55. + 55 + 0) / (80 + 80 + 25), 0}, 300. / (300 + 9*25)},
		{"interrupted and resumed", "step 6", []float64{190. / 265, 110. / 185, 190. / 265}, (300. + 190) / (300 + 190 + 9*25 + 5)},
	} {
		in := Inputs{Train: src, Validation: littleDots(8), Dir: t.TempDir(), Identity: "x", Resume: true}
		var s Summary
		synctest.Test(t, func(t *testing.T) {
			p, net := declared(t, 1, c, littleModel("base"), src.shape) // a session must be closed in the bubble that it ran in
			session := func(cut string) (Summary, error) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				return p.Run(ctx, net, in, &recorder{on: func(event string) {
					switch {
					case strings.HasPrefix(event, "step"):
						time.Sleep(25 * time.Millisecond)
					case strings.HasPrefix(event, "evaluated"):
						time.Sleep(time.Second)
					}
					if event == cut {
						cancel()
					}
				}})
			}
			var err error
			if x.cut != "" {
				if _, err = session(x.cut); !errors.Is(err, ErrInterrupted) {
					t.Fatalf("%s: want an interruption, got %v", x.name, err)
				}
			}
			if s, err = session(""); err != nil {
				t.Fatalf("%s: %v", x.name, err)
			}
		})
		if math.Abs(s.Waiting-x.all) > 1e-9 {
			t.Errorf("%s: want a share of %.6f in the summary, got %.6f", x.name, x.all, s.Waiting)
		}
		checkWaiting(t, x.name, in.Dir, x.lines)
	}
}

// checkWaiting reads the shares of the lines on training.
func checkWaiting(t *testing.T, name, dir string, want []float64) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for text := range strings.Lines(string(raw)) {
		var l struct {
			Kind    string
			Waiting *float64
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		if (l.Kind == "train") != (l.Waiting != nil) {
			t.Errorf("%s: want a share on each line on training and on no other, got %s", name, text)
		}
		if l.Waiting != nil {
			got = append(got, *l.Waiting)
		}
	}
	for i := range max(len(got), len(want)) {
		if len(got) != len(want) || math.Abs(got[i]-want[i]) > 1e-9 {
			t.Errorf("%s: want the shares %.4f in metrics.jsonl, got %.4f", name, want, got)
			return
		}
	}
}
