package reproduce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/paper"
)

// newReproduction schedules tables, and returns what was noted.
func newReproduction(t *testing.T, q Request) (*Reproduction, *[]string) {
	t.Helper()
	notes := new([]string)
	if q.Budget == "" {
		q.Budget = paper.Small
	}
	r, err := New(q, func(format string, args ...any) { *notes = append(*notes, fmt.Sprintf(format, args...)) })
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Schedule(context.Background()); err != nil {
		t.Fatal(err)
	}
	return r, notes
}

func wantCalls(t *testing.T, when string, w *fakeWorker, want ...string) {
	t.Helper()
	if !slices.Equal(w.calls, want) {
		t.Errorf("%s: want the calls\n  %s\ngot\n  %s", when, strings.Join(want, "\n  "), strings.Join(w.calls, "\n  "))
	}
	w.calls = nil
}

// What is missing is trained, counted and evaluated once, in order; what is
// finished is not touched again.
func TestRunMakesWhatIsMissing(t *testing.T) {
	q := Request{Names: []string{"table10"}, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}}
	w := new(fakeWorker)
	r, notes := newReproduction(t, q)
	if p := r.Plan(); p.Count[Missing] != 2 || p.Left != 2 || len(p.Jobs) != 2 || fmt.Sprint(p.Jobs[0].Left) != "[table10]" {
		t.Errorf("plan before: %+v", p)
	}
	first, err := r.Run(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	wantCalls(t, "first", w,
		"train mnist-reconstruction-seed1 resume false", "count mnist-reconstruction-seed1", "evaluate table10 on mnist-reconstruction-seed1",
		"train mnist-disentangled-seed1 resume false", "count mnist-disentangled-seed1", "evaluate table10 on mnist-disentangled-seed1")
	if len(*notes) != 2 || (*notes)[0] != "[1/2] mnist-reconstruction, seed 1: to be trained" {
		t.Errorf("notes: %q", *notes)
	}
	// 30 of 40 are correct, and 10, 14, 18, 22, 26 fewer under attack.
	for _, l := range first[0].Lines {
		for k, f := range l.Ours {
			if want := 100 - 100*float64(testRight-10-4*k)/testImages; f.N != 1 || f.Mean != want {
				t.Errorf("%s, column %d: want %g, got %+v", l.Label, k, want, f)
			}
		}
	}
	c := w.configs["table10"]
	if c.Attack.Eps != "0.1 0.2 0.3 0.4 0.5" || !c.Attack.Exhaustive || c.Attack.Checks != 0 || c.Attack.Images != 1000 || len(c.Attack.Attacks) != 4 {
		t.Errorf("attacks of table 10: %+v", c.Attack)
	}

	r, _ = newReproduction(t, q)
	if p := r.Plan(); p.Count[Finished] != 2 || p.Left != 0 || fmt.Sprint(p.Jobs[1].Measured) != "[table10]" {
		t.Errorf("plan after: %+v", p)
	}
	second, err := r.Run(t.Context(), w)
	if err != nil || fmt.Sprint(second) != fmt.Sprint(first) {
		t.Errorf("again: %v, want the same table\n%v\ngot\n%v", err, first, second)
	}
	wantCalls(t, "again", w)

	// Another table needs one more evaluation of the finished run.
	q.Names = []string{"table7", "table10"}
	r, _ = newReproduction(t, q)
	if p := r.Plan(); p.Count[Finished] != 2 || p.Count[Missing] != 1 || p.Left != 2 {
		t.Errorf("plan of two tables: %+v", p)
	}
}

// An interrupted training is resumed, and an interrupted measurement repeated.
func TestRunContinues(t *testing.T) {
	q := Request{Names: []string{"table10"}, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}}
	w := &fakeWorker{stopAt: "train mnist-reconstruction-seed1 resume false"}
	stop := func() {
		t.Helper()
		r, _ := newReproduction(t, q)
		var at *JobError
		if _, err := r.Run(t.Context(), w); !errors.Is(err, errStopped) || !errors.As(err, &at) || at.Job.Seed != 1 {
			t.Fatalf("want the job that stopped, got %v", err)
		}
		w.calls = nil
	}
	stop()
	r, _ := newReproduction(t, q)
	if p := r.Plan(); p.Count[Interrupted] != 1 || p.Count[Missing] != 1 {
		t.Errorf("plan after an interrupted training: %+v", p)
	}
	w.stopAt = "evaluate table10 on mnist-reconstruction-seed1"
	stop()
	w.stopAt = ""
	r, _ = newReproduction(t, q)
	if p := r.Plan(); p.Count[Finished] != 1 || p.Left != 2 {
		t.Errorf("plan after an interrupted evaluation: %+v", p)
	}
	if _, err := r.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, "after both", w, "evaluate table10 on mnist-reconstruction-seed1",
		"train mnist-disentangled-seed1 resume false", "count mnist-disentangled-seed1", "evaluate table10 on mnist-disentangled-seed1")
}

// Measurements of other weights than the present ones are stale.
func TestStaleMeasurements(t *testing.T) {
	q := Request{Names: []string{"table10"}, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}}
	w := new(fakeWorker)
	r, _ := newReproduction(t, q)
	if _, err := r.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	w.calls = nil
	if err := setWeights(filepath.Join(q.Runs, "mnist-disentangled-seed1"), "others"); err != nil {
		t.Fatal(err)
	}
	r, _ = newReproduction(t, q)
	if p := r.Plan(); p.Count[Finished] != 2 || p.Left != 1 {
		t.Errorf("plan: %+v", p)
	}
	if _, err := r.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, "other weights", w, "count mnist-disentangled-seed1", "evaluate table10 on mnist-disentangled-seed1")
	if err := os.RemoveAll(filepath.Join(q.Runs, "mnist-disentangled-seed1", TablesDir, "table10")); err != nil {
		t.Fatal(err)
	}
	r, _ = newReproduction(t, q)
	if _, err := r.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, "a removed evaluation", w, "evaluate table10 on mnist-disentangled-seed1")
}

// Runs of another training and of other images are refused.
func TestScheduleRefuses(t *testing.T) {
	q := Request{Names: []string{"table10"}, Budget: paper.Small, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}}
	r, _ := newReproduction(t, q)
	if _, err := r.Run(t.Context(), new(fakeWorker)); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		change func(*Request)
		want   string
	}{
		"training": {func(q *Request) { q.Set = []string{"data.validation=10", "train.objective.lambda=.5"} }, "train.objective.lambda is 1 instead of 0.5"},
		"images":   {func(q *Request) { q.Data = writeDigits(t, 1) }, "a training on other images"},
		"key":      {func(q *Request) { q.Set = []string{"data.validation=10", "train.dration=1ep"} }, "train.duration"},
	} {
		other := q
		row.change(&other)
		r, err := New(other, t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		var wrong *study.RequestError
		if err := r.Schedule(t.Context()); !errors.As(err, &wrong) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: want a wrong request that names %q, got %v", name, row.want, err)
		}
	}
	if err := os.WriteFile(filepath.Join(q.Runs, "mnist-reconstruction-seed1", experiment.ConfigFile), []byte("nonsense: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.Schedule(t.Context()); err == nil {
		t.Error("a damaged configuration was accepted")
	}
}

// Jobs are listed seed by seed; a figure adds its arms for seed 1 alone, and
// tables that share an arm share its run.
func TestScheduleOrder(t *testing.T) {
	r, _ := newReproduction(t, Request{Names: []string{"table1", "table10", "figure4"}, Seeds: 2, Runs: "none", Data: writeDigits(t, 0), Set: []string{"data.validation=10"}})
	var got []string
	for _, j := range r.Jobs {
		names := []string{}
		for _, table := range j.Tables {
			names = append(names, table.Name)
		}
		got = append(got, fmt.Sprintf("%s %d %v", j.Arm.Name, j.Seed, names))
	}
	want := []string{
		"mnist-base 1 [table1]", "mnist-disentangled 1 [table1 table10]", "mnist-reconstruction 1 [table10]",
		"mnist-base 2 [table1]", "mnist-disentangled 2 [table1 table10]", "mnist-reconstruction 2 [table10]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
	r, _ = newReproduction(t, Request{Names: []string{"figure4"}, Seeds: 3, Runs: "none", Data: writeDigits(t, 0), Set: []string{"data.validation=10"}})
	if len(r.Jobs) != 2 || r.Jobs[0].Tables != nil {
		t.Errorf("figure 4: want two runs of seed 1, got %d", len(r.Jobs))
	}
	commands, err := r.DrawingCommands()
	if err != nil || len(commands) != 2 || !slices.Equal(commands[0].Args[:2], []string{"embed", filepath.Join("none", "mnist-base-seed1")}) || !strings.HasSuffix(commands[0].Args[7], "/mnist") {
		t.Errorf("figure 4: got %q, %v", commands, err)
	}
	r = &Reproduction{Request: Request{Runs: "none", Set: []string{"data.train=60"}}, Figures: []Figure{{"figure1", []string{"mnist-disentangled"}}, {"figure2", []string{"smallnorb-elevation-base"}}}}
	commands, err = r.DrawingCommands()
	if err != nil || len(commands) != 2 {
		t.Fatalf("figures 1 and 2: got %q, %v", commands, err)
	}
	for i, want := range []string{
		"swap none/mnist-disentangled-seed1 --count 0 --framework none/mnist-disentangled-seed1/pictures/framework.png",
		"data --preset smallnorb-base --nearest none/figure2-smallnorb-elevation-base.png --count 16 --set data.view=elevation --set data.train=60",
	} {
		if got := filepath.ToSlash(strings.Join(commands[i].Args, " ")); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

// All leaves out what needs a missing data set; a named experiment must have it.
func TestMissingData(t *testing.T) {
	r, notes := newReproduction(t, Request{Names: []string{All}, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}})
	text := strings.Join(*notes, "\n")
	for _, want := range []string{"table3 is left out", "table5 is left out", "table11 is left out", "figure3 is drawn without"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	if len(r.Jobs) != 12 || len(r.Tables) != 9 || len(r.Figures) != 3 {
		t.Errorf("want twelve trainings on digits for nine tables and three figures, got %d, %d and %d", len(r.Jobs), len(r.Tables), len(r.Figures))
	}
	var wrong *study.RequestError
	for _, name := range []string{"table3", "figure3", All} {
		if _, err := New(Request{Names: []string{name}, Budget: paper.Small, Data: t.TempDir()}, t.Logf); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "--data") {
			t.Errorf("%s: want a wrong request, got %v", name, err)
		}
	}
}

func TestRequestRefuses(t *testing.T) {
	for want, q := range map[string]Request{
		`want small or full, got "large"`:     {Names: []string{"table1"}, Budget: "large"},
		"--seeds: want 1 to 1000":             {Names: []string{"table1"}, Seeds: -1},
		`did you mean "table1"`:               {Names: []string{All, "tabel1"}},
		"the tables decide about attack.norm": {Names: []string{"table1"}, Set: []string{"attack.norm=l2"}},
		"the tables decide about seed":        {Names: []string{"table1"}, Set: []string{" Seed = 5"}},
		"the tables decide about data.set:":   {Names: []string{"table1"}, Set: []string{"data.set=glyphs"}},
	} {
		if q.Budget == "" {
			q.Budget = paper.Full
		}
		var wrong *study.RequestError
		if _, err := New(q, t.Logf); !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("want a wrong request that says %q, got %v", want, err)
		}
	}
	q := Request{Names: []string{"table1"}, Budget: paper.Full}
	if err := q.complete(); err != nil || q.Seeds != 3 || q.Runs != filepath.Join("runs", "reproduce-full") {
		t.Errorf("defaults: %+v, %v", q, err)
	}
}

// Deviations from the full protocol are listed, each once.
func TestDeviations(t *testing.T) {
	r, _ := newReproduction(t, Request{Names: []string{"table1"}, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"train.batch=20"}})
	want := []string{"Trained with --set train.batch=20.", "1 of 3 seeds.", "Small budget: at most 1000 test images attacked instead of all."}
	got := r.deviations(r.Tables[0])
	if len(got) != 4 || !slices.Equal(got[:3], want) || !strings.Contains(got[3], "train.duration is 2ep instead of") {
		t.Errorf("got %q", got)
	}
	r, _ = newReproduction(t, Request{Names: []string{"table1"}, Budget: paper.Full, Runs: t.TempDir(), Data: writeDigits(t, 0)})
	if got := r.deviations(r.Tables[0]); got != nil {
		t.Errorf("the full protocol: got %q", got)
	}
}
