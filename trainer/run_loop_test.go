package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
)

// recorder is an observer that writes everything down.
type recorder struct {
	events []string // "began 0", "step 1", "evaluated 6", "saved 7 last", "ended 16"
	evals  map[int]Evaluation
	loss   []float32
	losses []Losses
	// Of trainObserved: all variables at the end, and what has computed replicas.
	values   map[string][]float32
	replicas []ReplicaProgress
	epochs   []int
	sum      Summary
	err      error
	notes    []string
	on       func(event string) // called after each
}

func (r *recorder) add(format string, args ...any) {
	r.events = append(r.events, fmt.Sprintf(format, args...))
	if r.on != nil {
		r.on(r.events[len(r.events)-1])
	}
}

func (r *recorder) Began(at Progress) { r.add("began %d of %d", at.Step, at.Steps) }
func (r *recorder) Stepped(at Progress) {
	r.loss, r.epochs, r.losses = append(r.loss, at.Losses.Total), append(r.epochs, at.Epoch), append(r.losses, at.Losses)
	r.add("step %d", at.Step)
}
func (r *recorder) Evaluated(at Progress, e Evaluation) {
	if r.evals == nil {
		r.evals = map[int]Evaluation{}
	}
	r.evals[at.Step] = e
	r.add("evaluated %d", at.Step)
}
func (r *recorder) Saved(at Progress, pointers []string) {
	r.add("saved %d %s", at.Step, strings.Join(pointers, "+"))
}
func (r *recorder) Noted(at Progress, text string) { r.notes = append(r.notes, text) }
func (r *recorder) Ended(at Progress, s Summary, err error) {
	r.sum, r.err = s, err
	r.add("ended %d", at.Step)
}

// cancelling cancels a run at an event.
func cancelling(t *testing.T, event string) (context.Context, *recorder) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, &recorder{on: func(e string) {
		if e == event {
			cancel()
		}
	}}
}

// fullConfig has everything on that a resumed run could forget: 16 steps in 4
// epochs, dropout (in fullModel), views, Adam's slots, decay, averages, a
// schedule that depends on the step.
func fullConfig(t testing.TB) Config {
	c := DefaultConfig()
	c.Batch = 8
	c.Duration, c.Evaluate, c.Checkpoint, c.Log = Epochs(4), mustDuration(t, "6st"), mustDuration(t, "7st"), mustDuration(t, "5st")
	c.Augment = mustAugment(t, "flip|brightness(.1)|deform(stretch=1..2,shift=1..2,step=1)")
	c.Schedule.Rate, c.Schedule.Warmup = .02, mustDuration(t, "3st")
	c.Optimizer.Decay, c.Optimizer.Clip, c.Average = .01, 5, .9
	c.Workers = 2
	return c
}

func fullModel() graphs.Disentangled {
	return littleModel("disentangled", func(m *graphs.Disentangled) {
		m.Encoder, m.Head = little{units: 12, norm: true}, graphs.LinearHead{Dropout: .3}
	})
}

// fullInputs: 36 images make 4 batches of 8 and a remainder that is left out.
func fullInputs(dir string) Inputs {
	return Inputs{Train: littleDots(36), Validation: littleDots(10), Dir: dir, Seed: 5, Identity: "0123456789abcdef"}
}

// session trains in a freshly built net and returns its variables.
func session(t *testing.T, ctx context.Context, c Config, in Inputs, obs ...Observer) (map[string][]float32, Summary, error) {
	t.Helper()
	p, net := declared(t, 7, c, fullModel(), littleShape)
	s, err := p.Run(ctx, net, in, obs...)
	return values(t, net), s, err
}

// TestRun compares one uninterrupted run with every other way to the same end.
func TestRun(t *testing.T) {
	dir, seen := t.TempDir(), &recorder{}
	want, summary, err := session(t, t.Context(), fullConfig(t), fullInputs(dir), seen)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("events", func(t *testing.T) { checkEvents(t, seen) })
	t.Run("summary", func(t *testing.T) { checkSummary(t, summary, seen) })
	t.Run("metrics", func(t *testing.T) { checkMetrics(t, dir, seen) })
	t.Run("board", func(t *testing.T) { checkSummaries(t, dir, seen) })
	t.Run("checkpoint", func(t *testing.T) {
		// What lies in the folder is what the session held.
		p, net := declared(t, 99, fullConfig(t), fullModel(), littleShape)
		st, err := (Checkpoints{filepath.Join(dir, CheckpointsDir)}).Load(p, net, Last)
		if err != nil {
			t.Fatal(err)
		}
		sameValues(t, "restored", values(t, net), want)
		if st.Step != 16 || st.Images != 128 || st.Identity != "0123456789abcdef" || st.BestStep != summary.BestStep || st.Evaluated != 16 || !(st.Seconds > 0) {
			t.Errorf("state %+v", st)
		}
		// A run that is done stays as it is.
		in := fullInputs(dir)
		in.Resume = true
		again := &recorder{}
		s, err := p.Run(t.Context(), net, in, again)
		if err != nil || s.Steps != 16 || fmt.Sprint(again.events) != "[began 16 of 16 ended 16]" {
			t.Errorf("resuming a finished run: %+v, %v, %v", s, err, again.events)
		}
		sameValues(t, "resumed at the end", values(t, net), want)
	})
	t.Run("two epochs and two more", func(t *testing.T) {
		resumed(t, want, seen, "step 8")
	})
	t.Run("interrupted after a save", func(t *testing.T) {
		resumed(t, want, seen, "saved 7 last")
	})
	t.Run("interrupted before the first step", func(t *testing.T) {
		resumed(t, want, seen, "began 0 of 16")
	})
	t.Run("interrupted before the last evaluation", func(t *testing.T) {
		resumed(t, want, seen, "step 16")
	})
	t.Run("one worker, more cores", func(t *testing.T) {
		c := fullConfig(t)
		c.Workers = 1
		got, _, err := session(t, t.Context(), c, fullInputs(t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		sameValues(t, "one worker", got, want)
	})
	t.Run("another seed", func(t *testing.T) {
		in := fullInputs(t.TempDir())
		in.Seed++
		got, _, err := session(t, t.Context(), fullConfig(t), in)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(got["classifier/kernel"], want["classifier/kernel"]) {
			t.Error("want another order and augmentation to give other weights")
		}
	})
}

// resumed interrupts a run at an event and resumes it.
func resumed(t *testing.T, want map[string][]float32, straight *recorder, at string) {
	t.Helper()
	dir := t.TempDir()
	ctx, before := cancelling(t, at)
	_, s, err := session(t, ctx, fullConfig(t), fullInputs(dir), before)
	if !errors.Is(err, ErrInterrupted) || before.err != err {
		t.Fatalf("want ErrInterrupted, got %v, observers %v", err, before.err)
	}
	_, err = os.Stat(filepath.Join(dir, CheckpointsDir, fmt.Sprintf("step-%08d", s.Steps)))
	if s.Steps == 0 && err == nil {
		t.Error("want no checkpoint of nothing")
	} else if s.Steps > 0 && err != nil {
		t.Error(err)
	}
	in := fullInputs(dir)
	in.Resume = true
	after := &recorder{}
	got, s, err := session(t, t.Context(), fullConfig(t), in, after)
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, at, got, want)
	// Together the two sessions do and report what one does.
	step := func(e string) bool { return strings.HasPrefix(e, "step") || strings.HasPrefix(e, "evaluated") }
	only := func(events []string) (out []string) {
		for _, e := range events {
			if step(e) {
				out = append(out, e)
			}
		}
		return out
	}
	if got, want := append(only(before.events), only(after.events)...), only(straight.events); !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	graphtest.Equal(t, "losses", append(before.loss, after.loss...), straight.loss)
	if s.Steps != 16 || s.Images != 128 || s.BestStep != straight.sum.BestStep || s.Validation == nil || s.Validation.Accuracy != straight.sum.Validation.Accuracy {
		t.Errorf("want the summary of one run, got %+v", s)
	}
	both := &recorder{evals: straight.evals, loss: straight.loss, epochs: straight.epochs}
	checkMetrics(t, dir, both)
	checkFolder(t, dir, s.BestStep)
}

// checkEvents follows the documented cadences by hand: 16 steps, a line every
// 5, an evaluation every 6, a checkpoint every 7, all of them at the end, and
// a checkpoint where an evaluation is the best so far.
func checkEvents(t *testing.T, seen *recorder) {
	t.Helper()
	want, best := []string{"began 0 of 16"}, worstEvaluation
	for step := 1; step <= 16; step++ {
		want = append(want, fmt.Sprint("step ", step))
		pointers := ""
		if slices.Contains([]int{7, 14, 16}, step) {
			pointers = "last"
		}
		if slices.Contains([]int{6, 12, 16}, step) {
			want = append(want, fmt.Sprint("evaluated ", step))
			if e := seen.evals[step]; better(e, best) {
				best, pointers = e, "best+last"
			}
		}
		if pointers != "" {
			want = append(want, fmt.Sprintf("saved %d %s", step, pointers))
		}
	}
	want = append(want, "ended 16")
	if !slices.Equal(seen.events, want) {
		t.Errorf("want %v, got %v", want, seen.events)
	}
	if got := fmt.Sprint(seen.epochs); got != "[1 1 1 1 2 2 2 2 3 3 3 3 4 4 4 4]" {
		t.Errorf("epochs %s", got)
	}
}

var worstEvaluation = Evaluation{Accuracy: -1}

// better is a higher accuracy, of equal ones that with the lower loss.
func better(a, b Evaluation) bool {
	return a.Accuracy > b.Accuracy || a.Accuracy == b.Accuracy && a.Loss < b.Loss
}

func checkSummary(t *testing.T, s Summary, seen *recorder) {
	t.Helper()
	best, step := worstEvaluation, 0
	for _, at := range []int{6, 12, 16} {
		if e := seen.evals[at]; better(e, best) {
			best, step = e, at
		}
	}
	if s.Steps != 16 || s.Epochs != 4 || s.Images != 128 || s.BestStep != step || !(s.Seconds > 0) || !(s.ImagesPerSecond > 0) || s.Losses.Total != seen.loss[15] {
		t.Errorf("want 16 steps, 4 epochs, 128 images, the best at %d, got %+v", step, s)
	}
	if s.Validation == nil || s.Validation.Images != 10 || s.Validation.Loss != seen.evals[16].Loss {
		t.Errorf("want the last evaluation, got %+v", s.Validation)
	}
	if seen.sum.Validation != s.Validation || seen.err != nil {
		t.Errorf("observers were given %+v, %v", seen.sum, seen.err)
	}
}

// checkFolder: two checkpoints at most, those that the pointers name, and no
// litter.
func checkFolder(t *testing.T, dir string, best int) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, CheckpointsDir))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{Best, Last}
	for _, pointer := range []string{Best, Last} {
		raw, err := os.ReadFile(filepath.Join(dir, CheckpointsDir, pointer))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSpace(string(raw))
		if step := map[string]int{Best: best, Last: 16}[pointer]; !strings.HasPrefix(name, fmt.Sprintf("step-%08d", step)) {
			t.Errorf("%s is %q, want step %d", pointer, name, step)
		}
		if !slices.Contains(want, name) {
			want = append(want, name)
		}
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("want %v in the folder, got %v", want, got)
	}
}
