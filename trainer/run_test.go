package trainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// Hinton's net on an easy set: the loss falls, the accuracy rises, the best
// checkpoint evaluates as well as it did.
func TestLearns(t *testing.T) {
	src := dots{240, 3, pipelines.Shape{H: 12, W: 12, C: 1}}
	m := graphs.DefaultModel()
	m.Appearance, m.Geometry, m.Width, m.Dropout = 8, 8, 4, .1
	c := DefaultConfig()
	c.Batch, c.Duration, c.Evaluate, c.Schedule.Rate = 24, Epochs(8), Epochs(2), 1e-2
	p, net := build(t, graphs.Options{Seed: 1}, c, m, src)
	before, err := p.Evaluate(t.Context(), net, src)
	if err != nil {
		t.Fatal(err)
	}
	seen, dir := &recorder{}, t.TempDir()
	s, err := p.Run(t.Context(), net, Inputs{Train: src, Validation: src, Dir: dir}, seen)
	if err != nil {
		t.Fatal(err)
	}
	if first, last := seen.loss[0], seen.loss[len(seen.loss)-1]; !(last < .7*first) {
		t.Errorf("want the loss to fall, got %g, then %g", first, last)
	}
	if v := s.Validation; v.Accuracy < .95 || before.Accuracy > .7 || v.Loss > before.Loss/2 || v.Reconstruction > before.Reconstruction {
		t.Errorf("want a net that learns, got %+v, then %+v", before, v)
	}
	if _, err := (Checkpoints{filepath.Join(dir, CheckpointsDir)}).Load(p, net, Best); err != nil {
		t.Fatal(err)
	}
	e, err := p.Evaluate(t.Context(), net, src)
	if err != nil || e.Accuracy != seen.evals[s.BestStep].Accuracy || e.Loss != seen.evals[s.BestStep].Loss {
		t.Errorf("want the best checkpoint to evaluate as %+v, got %+v, %v", seen.evals[s.BestStep], e, err)
	}
}

// Without validation there is no evaluation and no best; a cadence of zero
// means never, but the end is saved and logged.
func TestRunWithout(t *testing.T) {
	c := fullConfig(t)
	c.Duration, c.Evaluate, c.Checkpoint, c.Log = mustDuration(t, "3st"), Duration{}, Duration{}, Duration{}
	in, seen := fullInputs(t.TempDir()), &recorder{}
	in.Validation = nil
	_, s, err := session(t, t.Context(), c, in, seen)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(seen.events); got != "[began 0 of 3 step 1 step 2 step 3 saved 3 last ended 3]" {
		t.Errorf("got %s", got)
	}
	if s.Validation != nil || s.BestStep != 0 {
		t.Errorf("got %+v", s)
	}
	lines := metricLines(t, in.Dir)
	if len(lines) != 1 || lines[0].Step != 3 {
		t.Errorf("want one line at the end, got %+v", lines)
	}
}

// Of equal evaluations the first is the best: it took less training.
func TestFirstOfEquals(t *testing.T) {
	c := DefaultConfig()
	c.Batch, c.Duration, c.Evaluate, c.Checkpoint = 8, mustDuration(t, "3st"), mustDuration(t, "1st"), Duration{}
	c.Schedule.Rate = 1e-20
	p, net := declared(t, 1, c, littleModel("base"), littleShape)
	in, seen := fullInputs(t.TempDir()), &recorder{}
	s, err := p.Run(t.Context(), net, in, seen)
	if err != nil {
		t.Fatal(err)
	}
	want := "[began 0 of 3 step 1 evaluated 1 saved 1 best+last step 2 evaluated 2 step 3 evaluated 3 saved 3 last ended 3]"
	if got := fmt.Sprint(seen.events); got != want || s.BestStep != 1 {
		t.Errorf("want %s and the best at 1, got %s, %+v", want, got, s)
	}
}

func TestRunRefuses(t *testing.T) {
	p, net := declared(t, 1, fullConfig(t), fullModel(), littleShape)
	for want, spoil := range map[string]func(in *Inputs){
		"trainer: dots: want at least one batch of 8 images, got 7 images: lower train.batch": func(in *Inputs) { in.Train = littleDots(7) },
		"trainer: dots: want labels of at most 3 classes for this model, got 4 classes":       func(in *Inputs) { in.Train = dots{36, 4, littleShape} },
		`trainer: dots: want images of 8x8x1 for this model, got 8x8x2 (8x8x2 before the augmentation "")`: func(in *Inputs) {
			in.Validation = dots{36, 3, pipelines.Shape{H: 8, W: 8, C: 2}}
		},
		"no such file or directory": func(in *Inputs) { in.Dir = filepath.Join(in.Dir, "gone") },
	} {
		in, seen := fullInputs(t.TempDir()), &recorder{}
		spoil(&in)
		_, err := p.Run(t.Context(), net, in, seen)
		graphtest.Says(t, err, want)
		if len(seen.events) > 0 {
			t.Errorf("want nothing begun, got %v", seen.events)
		}
		if left, err := os.ReadDir(in.Dir); err == nil && len(left) > 0 {
			t.Errorf("%s: want nothing written, got %v", want, left)
		}
	}
}

// failing is a source that fails at one image.
type failing struct {
	dots
	at int
}

var errFailing = errors.New("image 9 cannot be read")

func (b failing) At(i int, dst []uint8) (int, error) {
	if i == b.at {
		return 0, errFailing
	}
	return b.dots.At(i, dst)
}

// A source that fails ends the run with its error and a checkpoint of what was
// reached.
func TestRunSourceError(t *testing.T) {
	c := fullConfig(t)
	c.Checkpoint, c.Evaluate = Duration{}, Duration{}
	in, seen := fullInputs(t.TempDir()), &recorder{}
	in.Train = failing{littleDots(36), 9}
	_, s, err := session(t, t.Context(), c, in, seen)
	if !errors.Is(err, errFailing) || strings.Contains(err.Error(), "\n") {
		t.Errorf("want the source's error, got %v", err)
	}
	want := fmt.Sprintf("saved %d last", s.Steps)
	if !slices.Contains(seen.events, want) {
		t.Errorf("want %q, got %v", want, seen.events)
	}
	if s.Steps >= 16 {
		t.Errorf("want the run to end early, got %d steps", s.Steps)
	}
}
