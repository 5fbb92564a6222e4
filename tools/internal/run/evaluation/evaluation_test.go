package evaluation

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

// threshold is a model of 1x1x1 images that no trainer made: class 1 from .5
// on. Its victim offers neither a training loss nor codes.
type threshold struct{ experiment.Source }

func (threshold) Path() string                 { return "some/threshold" }
func (threshold) Checkpoint() string           { return "last" }
func (threshold) WeightsHash() (string, error) { return "0123456789abcdef", nil }
func (threshold) GraphHash() string            { return "" }
func (threshold) Shape() pipelines.Shape       { return pipelines.Shape{H: 1, W: 1, C: 1} }
func (threshold) Classes() int                 { return 2 }

func (m threshold) Declare(*graphs.Builder) (experiment.Declared, error) {
	return experiment.Declared{
		Victim: attacks.Victim{H: 1, W: 1, C: 1, Classes: 2, Logits: func(s *graphs.Scope, images tf.Output) tf.Output {
			x := op.Sub(s.Op("centred"), s.Flatten(images), op.Const(s.Op("half"), float32(.5)))
			return op.ConcatV2(s.Op("logits"), []tf.Output{op.Neg(s.Op("negative"), x), x}, op.Const(s.Op("axis"), int32(1)))
		}},
		Restore: func(*graphs.Net) error { return nil },
	}, nil
}

func subject(change func(a *config.Attack)) *experiment.Subject {
	c := config.Default()
	c.Attack.Attacks, c.Attack.Eps, c.Attack.Checks, c.Attack.Precision, c.Attack.Batch = []string{"fgsm"}, ".05 .2", 0, graphs.Float32, 4
	change(&c.Attack)
	return &experiment.Subject{Source: threshold{}, Config: c, Model: threshold{}}
}

// TestRun attacks a model whose smallest distances are known: an image is
// misclassified within eps where it is less than eps from the threshold.
func TestRun(t *testing.T) {
	e, err := New(t.Context(), subject(func(*config.Attack) {}), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	set := attacks.Images{Pixels: []float32{.6, .53, .1}, Labels: []int32{1, 1, 0}, Index: []int{0, 1, 2}}
	folder := t.TempDir()
	r, err := e.Run(t.Context(), set, Options{Folder: folder, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for eps, want := range map[float32][]bool{.05: {false, true, false}, .2: {true, true, false}} {
		for i, w := range want {
			if got := r.Evaluation.Misclassified(0, i, eps); got != w {
				t.Errorf("eps %g, image %d: misclassified %v, want %v", eps, i, got, w)
			}
		}
	}
	if r.Run != "threshold" || r.ModelHash != "0123456789abcdef" || r.Shape != [3]int{1, 1, 1} || r.Classes != 2 {
		t.Errorf("record: %+v", r.About)
	}
	if back, _, err := report.Load(folder); err != nil || back.DataHash != HashData(set) {
		t.Errorf("saved: %+v, %v", back.About, err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, report.AttackDir, "journal*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestNewRefuses what the model or the configuration cannot do.
func TestNewRefuses(t *testing.T) {
	for text, change := range map[string]func(a *config.Attack){
		"attack.attacks": func(a *config.Attack) { a.Attacks = nil },
		"attack.defence": func(a *config.Attack) { a.Defence = "hope" },
		"appearance":     func(a *config.Attack) { a.Attacks = []string{"codes(code=appearance)"} },
		"attack.sources": func(a *config.Attack) { a.Sources = []string{"no/such/run"} },
	} {
		var wrong *experiment.ConfigError
		if _, err := New(t.Context(), subject(change), 0); !errors.As(err, &wrong) || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: want a ConfigError, got %v", text, err)
		}
	}
	e, err := New(t.Context(), subject(func(a *config.Attack) { a.Attacks = []string{"standard"} }), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var said strings.Builder
	e.ReportSkipped(&said)
	if !strings.Contains(said.String(), "left out: apgd-t") { // needs 4 classes
		t.Errorf("an ensemble on 2 classes: got %q", said.String())
	}
}

// TestOpenJournal: an interrupted evaluation is neither lost nor continued
// unasked, and never continued under other conditions.
func TestOpenJournal(t *testing.T) {
	folder := t.TempDir()
	open := func(identity string, resume, restart bool) error {
		j, err := OpenJournal(folder, identity, resume, restart)
		if err == nil {
			err = j.Close()
		}
		return err
	}
	refused := func(err error, text string) {
		t.Helper()
		var wrong *experiment.ConfigError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), text) {
			t.Errorf("want a ConfigError with %q, got %v", text, err)
		}
	}
	refused(open("one", true, false), "no interrupted evaluation")
	if err := open("one", false, false); err != nil {
		t.Fatal(err)
	}
	refused(open("one", false, false), "--resume")
	refused(open("two", true, false), "another evaluation")
	if err := open("one", true, false); err != nil {
		t.Errorf("resume: %v", err)
	}
	if err := open("two", false, true); err != nil {
		t.Errorf("restart: %v", err)
	}
}

func TestHashData(t *testing.T) {
	set := attacks.Images{Pixels: []float32{0, .5}, Labels: []int32{1, 2}}
	one := HashData(set)
	for name, other := range map[string]attacks.Images{
		"pixels": {Pixels: []float32{0, .25}, Labels: []int32{1, 2}},
		"labels": {Pixels: []float32{0, .5}, Labels: []int32{1, 3}},
	} {
		if HashData(other) == one {
			t.Errorf("other %s have the same hash", name)
		}
	}
	if HashData(attacks.Images{Pixels: []float32{0, .5}, Labels: []int32{1, 2}}) != one {
		t.Error("the same images have another hash")
	}
}
