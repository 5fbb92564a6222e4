package reproduce

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unwarp/tools/internal/study/paper"
)

// What takes examples from other runs is measured when all are trained, and again
// when a source has other weights.
func TestSources(t *testing.T) {
	q := Request{Names: []string{"transfer"}, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}}
	w := new(fakeWorker)
	run := func() {
		t.Helper()
		r, _ := newReproduction(t, q)
		if _, err := r.Run(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	run()
	wantCalls(t, "first", w,
		"train mnist-base-seed1 resume false", "count mnist-base-seed1", "evaluate transfer on mnist-base-seed1",
		"train mnist-disentangled-seed1 resume false", "count mnist-disentangled-seed1", "evaluate transfer on mnist-disentangled-seed1",
		"evaluate transfer-mnist-disentangled on mnist-base-seed1", "evaluate transfer-mnist-base on mnist-disentangled-seed1")
	c := w.configs["transfer-mnist-base"].Attack
	if !slices.Equal(c.Attacks, []string{"transfer(from=mnist-base-seed1)"}) || !slices.Equal(c.Sources, []string{filepath.Join(q.Runs, "mnist-base-seed1")}) {
		t.Errorf("want the base as source, got %q, %q", c.Attacks, c.Sources)
	}
	run()
	wantCalls(t, "again", w)
	if err := os.Remove(filepath.Join(q.Runs, "mnist-disentangled-seed1", TablesDir, "transfer-mnist-base", sourcesFile)); err != nil {
		t.Fatal(err)
	}
	run()
	wantCalls(t, "killed before the source was named", w, "evaluate transfer-mnist-base on mnist-disentangled-seed1")
	if err := setWeights(filepath.Join(q.Runs, "mnist-base-seed1"), "others"); err != nil {
		t.Fatal(err)
	}
	run()
	wantCalls(t, "another source", w, "count mnist-base-seed1", "evaluate transfer on mnist-base-seed1",
		"evaluate transfer-mnist-disentangled on mnist-base-seed1", "evaluate transfer-mnist-base on mnist-disentangled-seed1")
}

// A teacher is trained before what it teaches, which is told its folder; defences
// are measured one by one.
func TestTeacherAndDefences(t *testing.T) {
	q := Request{Names: []string{"distillation", "defences"}, Seeds: 2, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}}
	w := new(fakeWorker)
	r, _ := newReproduction(t, q)
	if _, err := r.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	teacher, student := slices.Index(w.calls, "train mnist-teacher-seed2 resume false"), slices.Index(w.calls, "train mnist-distilled-seed2 resume false")
	if teacher < 0 || student < teacher {
		t.Errorf("want the teacher first, got %q", w.calls)
	}
	alone := &Reproduction{Tables: []paper.Table{{Rows: []paper.Row{{Cells: []paper.Cell{{Arm: "mnist-distilled", Part: "test"}}}}}}}
	if order, _, _ := alone.listArms(); !slices.Equal(order, []string{"mnist-teacher", "mnist-distilled"}) {
		t.Errorf("want the teacher also where no table measures it, got %q", order)
	}
	for _, j := range r.Jobs {
		if want := fmt.Sprintf("mnist-teacher-seed%d", j.Seed); j.Arm.Name == "mnist-distilled" && filepath.Base(j.Config.Train.Teacher) != want {
			t.Errorf("want the teacher %s, got %q", want, j.Config.Train.Teacher)
		}
	}
	if c := w.configs["defences-tv-weight--03-drop--5-"].Attack; c.Defence != "tv(weight=.03,drop=.5)" || len(c.Attacks) != 2 || c.Eps != "0.2" || c.Images != 20 {
		t.Errorf("want two attacks behind the defence, got %+v", c)
	}
	if c := w.configs["distillation-steps"].Attack; !slices.Equal(c.Attacks, []string{"jsma"}) {
		t.Errorf("want JSMA by itself, got %q", c.Attacks)
	}
	w.calls = nil
	r, _ = newReproduction(t, q)
	if _, err := r.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, "again", w)
}
