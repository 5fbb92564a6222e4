package reproduce

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study"
	"unwarp/tools/internal/study/paper"
)

// A finished run that remembers its data is no run on others: one label of the
// test part is enough.
func TestScheduleComparesAllImages(t *testing.T) {
	q := Request{Names: []string{"table10"}, Budget: paper.Small, Runs: t.TempDir(), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}}
	r, _ := newReproduction(t, q)
	if _, err := r.Run(t.Context(), new(fakeWorker)); err != nil {
		t.Fatal(err)
	}
	for _, j := range r.Jobs {
		data, err := experiment.OpenData(t.Context(), j.Config.Data)
		if err != nil {
			t.Fatal(err)
		}
		id := experiment.RunIdentity{Format: 1}
		if id.Data, _, err = data.Identity(t.Context(), j.Config.Data); err != nil {
			t.Fatal(err)
		}
		if id.Config, err = j.Config.Canonical().Leaves(); err != nil {
			t.Fatal(err)
		}
		raw, _ := json.Marshal(id)
		if err := os.WriteFile(filepath.Join(j.Dir, experiment.IdentityFile), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r, _ = newReproduction(t, q); r.Jobs[0].State != Finished {
		t.Fatalf("the same images: the run is %s", r.Jobs[0].State)
	}
	labels := filepath.Join(q.Data, "mnist", "t10k-labels-idx1-ubyte")
	raw, err := os.ReadFile(labels)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1]--
	if err := os.WriteFile(labels, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err = New(q, t.Logf); err != nil {
		t.Fatal(err)
	}
	var wrong *study.RequestError
	if err := r.Schedule(t.Context()); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "part test has other labels") {
		t.Errorf("want a wrong request that names the part, got %v", err)
	}
}

// Of a teacher its weights count: runs may be moved, but a run whose teacher was trained
// anew is not taken.
func TestStudentsOfAnotherTeacher(t *testing.T) {
	q := Request{Names: []string{"distillation"}, Budget: paper.Small, Runs: filepath.Join(t.TempDir(), "here"), Data: writeDigits(t, 0), Set: []string{"data.validation=10"}}
	r, _ := newReproduction(t, q)
	if _, err := r.Run(t.Context(), new(fakeWorker)); err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(filepath.Dir(q.Runs), "there")
	if err := os.Rename(q.Runs, moved); err != nil {
		t.Fatal(err)
	}
	q.Runs = moved
	r, _ = newReproduction(t, q)
	if _, err := r.Run(t.Context(), new(fakeWorker)); err != nil {
		t.Errorf("moved runs: %v", err)
	}
	if err := setWeights(filepath.Join(moved, "mnist-teacher-seed1"), "trained anew"); err != nil {
		t.Fatal(err)
	}
	var wrong *study.RequestError
	r, _ = newReproduction(t, q)
	if _, err := r.Run(t.Context(), new(fakeWorker)); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "mnist-distilled-seed1 was taught by other weights") {
		t.Errorf("want a wrong request that names the student, got %v", err)
	}
}
