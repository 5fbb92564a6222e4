package trainer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// patient evaluates every second step of 30 and never improves.
func patient(t *testing.T) Config {
	c := DefaultConfig()
	c.Batch, c.Duration, c.Evaluate, c.Checkpoint = 8, mustDuration(t, "30st"), mustDuration(t, "2st"), Duration{}
	c.Schedule.Rate, c.Patience = 1e-20, 3
	return c
}

// Training ends after so many evaluations without a better one, saved, and a run that was
// interrupted before ends at the same step; resumed again it does nothing.
func TestPatience(t *testing.T) {
	for _, interrupted := range []string{"", "step 3", "evaluated 6"} {
		p, net := declared(t, 1, patient(t), littleModel("base"), littleShape)
		in, seen := fullInputs(t.TempDir()), &recorder{}
		in.Resume = true
		if interrupted != "" {
			ctx, first := cancelling(t, interrupted)
			if _, err := p.Run(ctx, net, in, first); err != ErrInterrupted {
				t.Fatalf("%s: %v", interrupted, err)
			}
		}
		s, err := p.Run(t.Context(), net, in, seen)
		if err != nil {
			t.Fatal(err)
		}
		if s.Steps != 8 || s.BestStep != 2 || !s.StoppedEarly || !strings.HasSuffix(fmt.Sprint(seen.events), "evaluated 8 saved 8 last ended 8]") {
			t.Errorf("%s: %+v, %v", interrupted, s, seen.events)
		}
		if want := "step 8: no better evaluation in 3 (train.patience): the training ends; the best was after step 2"; fmt.Sprint(seen.notes) != "["+want+"]" {
			t.Errorf("%s: noted %q", interrupted, seen.notes)
		}
		again := &recorder{}
		if s, err := p.Run(t.Context(), net, in, again); err != nil || s.Steps != 8 || !s.StoppedEarly || fmt.Sprint(again.events) != "[began 8 of 30 ended 8]" {
			t.Errorf("%s: resumed %+v, %v, %v", interrupted, s, again.events, err)
		}
	}
}

// A run whose last evaluation is its third without a better one has its whole length.
func TestPatienceAtTheEnd(t *testing.T) {
	c := patient(t)
	c.Duration = mustDuration(t, "8st")
	p, net := declared(t, 1, c, littleModel("base"), littleShape)
	seen := &recorder{}
	if s, err := p.Run(t.Context(), net, fullInputs(t.TempDir()), seen); err != nil || s.StoppedEarly || len(seen.notes) > 0 {
		t.Errorf("%+v, %v, %v", s, seen.notes, err)
	}
}

func TestPatienceRefused(t *testing.T) {
	for want, spoil := range map[string]func(c *Config, in *Inputs){
		"train.patience: want validation images": func(_ *Config, in *Inputs) { in.Validation = nil },
		"want evaluations during training":       func(c *Config, _ *Inputs) { c.Evaluate = Duration{} },
	} {
		c, in := patient(t), fullInputs(t.TempDir())
		spoil(&c, &in)
		p, net := declared(t, 1, c, littleModel("base"), littleShape)
		if _, err := p.Run(t.Context(), net, in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// Of equal accuracies the lower loss is better; where an earlier version has not
// recorded it, the first is.
func TestBestOfEquals(t *testing.T) {
	r := &run{graph: &TrainGraph{}}
	for i, c := range []struct {
		accuracy, loss float64
		best           bool
	}{{.8, 1, true}, {.8, 1, false}, {.8, .9, true}, {.7, .1, false}, {.9, 5, true}, {.9, 4.9, true}} {
		r.state.Step++
		if got := r.updateBest(Evaluation{Accuracy: c.accuracy, Loss: c.loss}); got != c.best {
			t.Errorf("evaluation %d: best %v", i, got)
		}
	}
	if err := json.Unmarshal([]byte(`{"step":7,"best_step":5,"best":0.9}`), &r.state); err != nil {
		t.Fatal(err)
	}
	r.state.BestLoss = nil
	if r.updateBest(Evaluation{Accuracy: .9, Loss: 0}) {
		t.Error("an equal accuracy replaces one of unknown loss")
	}
}
