package trainer

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// tree is every file under dir with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		files[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A rate of 1e30 ruins the weights in one step; the loss shows it in the next.
// The run ends with the interval, keeps the good checkpoint as it is and
// writes no other.
func TestDiverges(t *testing.T) {
	for _, validate := range []bool{false, true} {
		c := DefaultConfig()
		c.Batch, c.Duration, c.Evaluate, c.Checkpoint, c.Log = 8, mustDuration(t, "4st"), mustDuration(t, "1st"), Duration{}, mustDuration(t, "1st")
		c.Optimizer.Name, c.Schedule = "sgd", Schedule{Name: "constant", Rate: .01}
		in := Inputs{Train: littleDots(36), Dir: t.TempDir(), Seed: 5}
		if validate {
			in.Validation = littleDots(10)
		}
		var encoder graphs.Encoder = graphs.Hinton{Embedding: 12}
		rate := 1e30
		if validate { // logits that overflow at once, so that the evaluation shows it
			encoder, rate = pixels{}, 3e38
		}
		p, net := declared(t, 1, c, littleModel("base", func(m *graphs.Disentangled) { m.Encoder = encoder }), littleShape)
		if _, err := p.Run(t.Context(), net, in); err != nil {
			t.Fatal(err)
		}
		good := tree(t, filepath.Join(in.Dir, CheckpointsDir))

		p.Config.Duration, p.Config.Schedule.Rate = mustDuration(t, "9st"), rate
		in.Resume = true
		seen := &recorder{}
		s, err := p.Run(t.Context(), net, in, seen)
		var d *DivergedError
		if !errors.As(err, &d) {
			t.Fatalf("validation %v: want a DivergedError, got %v", validate, err)
		}
		if d.From != 5 || d.To != 6 || d.Saved != 4 || d.Last != seen.loss[0] {
			t.Errorf("validation %v: want steps 5 to 6, loss %g, step 4 saved, got %+v", validate, seen.loss[0], d)
		}
		want := fmt.Sprintf("trainer: loss or weights stopped being finite numbers between step 5 (loss %.4g) and step 6; the checkpoint of step 4 is untouched: lower train.schedule.rate, or set train.optimizer.clip_norm", seen.loss[0])
		if err.Error() != want {
			t.Errorf("want %q, got %q", want, err)
		}
		if got := fmt.Sprint(seen.events); got != "[began 4 of 9 step 5 ended 5]" || s.Steps != 5 || seen.err != err {
			t.Errorf("validation %v: events %s, summary %+v", validate, got, s)
		}
		now := tree(t, filepath.Join(in.Dir, CheckpointsDir))
		if len(now) != len(good) {
			t.Errorf("validation %v: %d files before, %d after", validate, len(good), len(now))
		}
		for path, content := range good {
			if now[path] != content {
				t.Errorf("%s has changed", path)
			}
		}
		var steps []int
		for _, l := range metricLines(t, in.Dir) {
			if l.Kind == "train" {
				steps = append(steps, l.Step)
			}
		}
		if !slices.Equal(steps, []int{1, 2, 3, 4, 5}) {
			t.Errorf("validation %v: lines of steps %v", validate, steps)
		}
	}
}

// After the last step no loss is computed that would show ruined weights: they
// are looked at before they are saved.
func TestDivergesInTheLastStep(t *testing.T) {
	c := DefaultConfig()
	c.Batch, c.Duration = 8, mustDuration(t, "1st")
	c.Optimizer.Name, c.Schedule = "sgd", Schedule{Name: "constant", Rate: 1e30}
	p, net := declared(t, 1, c, littleModel("base", func(m *graphs.Disentangled) { m.Encoder = graphs.Hinton{Embedding: 12} }), littleShape)
	in := Inputs{Train: littleDots(36), Dir: t.TempDir()}
	_, err := p.Run(t.Context(), net, in)
	var d *DivergedError
	if !errors.As(err, &d) || d.From != 0 || d.To != 1 || d.Saved != 0 {
		t.Fatalf("want a DivergedError of steps 0 to 1 with nothing saved, got %v", err)
	}
	if (Checkpoints{filepath.Join(in.Dir, CheckpointsDir)}).Exists(Last) {
		t.Error("want no checkpoint")
	}
}

// Images that are not numbers end the first step.
func TestNotANumber(t *testing.T) {
	c := DefaultConfig()
	c.Batch = 8
	for _, kind := range []string{"base", "disentangled"} {
		p, net := declared(t, 1, c, littleModel(kind), littleShape)
		in := Inputs{Train: littleDots(36), Dir: t.TempDir()}
		r, err := p.begin(t.Context(), net, in, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := firstBatch(t, in.Train, pipelines.Options{Batch: 8})
		b.Images[77] = float32(math.NaN())
		err = r.step(t.Context(), stepBatch{Batch: b})
		var d *DivergedError
		if !errors.As(err, &d) || *d != (DivergedError{From: 0, To: 1}) {
			t.Errorf("%s: want a DivergedError from 0 to 1, got %v", kind, err)
		} else if !strings.Contains(err.Error(), "between step 0 (loss 0) and step 1; no checkpoint was saved: ") {
			t.Errorf("%s: %v", kind, err)
		}
		if err := r.log.close(); err != nil {
			t.Error(err)
		}
		if r.checkpoints.Exists(Last) || r.state.Step != 0 {
			t.Errorf("%s: want nothing saved and no step counted", kind)
		}
	}
}
