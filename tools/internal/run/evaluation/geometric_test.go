package evaluation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/corruption"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/pipelines/npz"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/run/config"
	"unwarp/tools/internal/run/experiment"
)

// leftHalf is a model of 3x3x1 images: class 1 where the left column is brighter
// than the right one.
type leftHalf struct{ threshold }

func (leftHalf) Shape() pipelines.Shape { return pipelines.Shape{H: 3, W: 3, C: 1} }

func (m leftHalf) Declare(*graphs.Builder) (experiment.Declared, error) {
	weights := [][]float32{{-1, 1}, {0, 0}, {1, -1}, {-1, 1}, {0, 0}, {1, -1}, {-1, 1}, {0, 0}, {1, -1}}
	return experiment.Declared{
		Victim: attacks.Victim{H: 3, W: 3, C: 1, Classes: 2, Logits: func(s *graphs.Scope, images tf.Output) tf.Output {
			return op.MatMul(s.Op("logits"), s.Reshape(images, 9), op.Const(s.Op("w"), weights))
		}},
		Restore: func(*graphs.Net) error { return nil },
	}, nil
}

func geometricSubject(change func(a *config.Attack)) *experiment.Subject {
	s := subject(change)
	s.Source, s.Model = leftHalf{}, leftHalf{}
	return s
}

// bars are images with a bright left or right column, and one that is brighter on
// the left by little.
func bars() attacks.Images {
	return attacks.Images{
		Pixels: []float32{1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, .3, .9, .2, .3, .9, .2, .3, .9, .2},
		Labels: []int32{1, 0, 1}, Index: []int{4, 5, 6},
	}
}

// TestGeometricRun evaluates a threat whose smallest moves are known, reads the
// record back, and finds the threat in it. A move of one pixel leaves zeros in one
// column: the third image becomes brighter on the right.
func TestGeometricRun(t *testing.T) {
	e, err := New(t.Context(), geometricSubject(func(a *config.Attack) { a.Threat, a.Attacks = "translate(2px,whole)", []string{"fgsm"} }), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	folder := filepath.Join(t.TempDir(), "threats", "translate-whole")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	r, err := e.Run(t.Context(), bars(), Options{Folder: folder, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	back, _, err := report.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range []*attacks.Evaluation{&r.Evaluation, &back.Evaluation} {
		if ev.Threat.String() != "translate(2px,whole)" || ev.Norm != "" || !slices.Equal(ev.Radii, []float32{1, 2}) || len(ev.Attacks) != 1 || ev.Attacks[0].Name != "moves" {
			t.Fatalf("threat %s, norm %q, sizes %v, attacks %v", ev.Threat, ev.Norm, ev.Radii, ev.Attacks)
		}
		var sizes []float64
		for _, at := range ev.Attacks[0].Results {
			sizes = append(sizes, float64(at.ThreatDistance))
		}
		if !slices.Equal(sizes, []float64{1, 1, 1}) && sizes[2] != 1 {
			t.Errorf("sizes %v", sizes)
		}
		if p := ev.Attacks[0].Results[2].Parameters; len(p) != 2 || max(p[0], -p[0]) != 1 {
			t.Errorf("want a move by a pixel, got %v", p)
		}
	}
	if raw, err := EncodeExamples(bars(), &r.Evaluation, pipelines.Shape{H: 3, W: 3, C: 1}); err != nil {
		t.Error(err)
	} else if all, err := npz.Decode(raw, 1<<20); err != nil || len(all["parameters"].Shape()) != 2 || string(all["parameter_names"].Uint8s()) != "dx\ndy" {
		t.Errorf("examples: %v, %v", all, err)
	}
}

// TestGeometricResume: an evaluation that was interrupted and goes on has the same
// results as one that was not.
func TestGeometricResume(t *testing.T) {
	for _, threat := range []string{"rotate+translate(40,1px)", "field(1px,smooth)"} {
		change := func(a *config.Attack) { a.Threat, a.Batch = threat, 1 }
		run := func(ctx context.Context, folder string, o Options) (report.Record, error) {
			e, err := New(t.Context(), geometricSubject(change), 3)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			o.Folder, o.Log = folder, io.Discard
			return e.Run(ctx, bars(), o)
		}
		straight, err := run(t.Context(), t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		if _, err := run(t.Context(), folder, Options{Keep: true}); err != nil {
			t.Fatal(err)
		}
		journal := JournalPath(folder)
		raw, err := os.ReadFile(journal)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(raw), "\n")
		if err := os.WriteFile(journal, []byte(strings.Join(lines[:len(lines)/2], "")), 0o600); err != nil {
			t.Fatal(err)
		}
		resumed, err := run(t.Context(), folder, Options{Resume: true})
		if err != nil {
			t.Fatal(err)
		}
		if resumed.Evaluation.Refuted > 0 {
			t.Errorf("%s: %d examples did not hold", threat, resumed.Evaluation.Refuted)
		}
		for a, want := range straight.Evaluation.Attacks {
			for i, w := range want.Results {
				g := resumed.Evaluation.Attacks[a].Results[i]
				if g.ThreatDistance != w.ThreatDistance || !reflect.DeepEqual(g.Parameters, w.Parameters) || !reflect.DeepEqual(g.Field, w.Field) || !slices.Equal(g.Image, w.Image) {
					t.Errorf("%s, %s, image %d: %v of %v, straight %v of %v", threat, want.Attack, i, g.Parameters, g.ThreatDistance, w.Parameters, w.ThreatDistance)
				}
			}
		}
		// Another threat is another evaluation.
		if err := os.WriteFile(journal, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		change = func(a *config.Attack) { a.Threat, a.Batch = "rotate(40)", 1 }
		if _, err := run(t.Context(), folder, Options{Resume: true}); err == nil || !strings.Contains(err.Error(), "attack.threat: the journal has "+threat[:5]) {
			t.Errorf("another threat: %v", err)
		}
	}
}

// TestCorruptionRun measures, resumes to the same table, and compares with a
// reference.
func TestCorruptionRun(t *testing.T) {
	change := func(a *config.Attack) { a.Threat = "corruption(kinds=box contrast,severities=1 5)" }
	base := t.TempDir()
	folder := report.CorruptionFolder(base)
	r, err := RunCorruptions(t.Context(), geometricSubject(change), bars(), Options{Folder: folder, Log: io.Discard, Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Table.Kinds) != 2 || !slices.Equal(r.Table.Severities, []int{1, 5}) || !r.Table.Done() || r.Table.CleanCorrect != 3 || len(r.Predicted) != 4 {
		t.Fatalf("table %+v", r.Table)
	}
	path := corruptionStatePath(folder)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var state corruptionState
	if err := json.Unmarshal(raw, &state); err != nil {
		t.Fatal(err)
	}
	state.Table.Kinds[1].Cells[1], state.path = corruption.Cell{}, path
	if err := state.save(); err != nil {
		t.Fatal(err)
	}
	var wrong *experiment.ConfigError
	if _, err := RunCorruptions(t.Context(), geometricSubject(change), bars(), Options{Folder: folder, Log: io.Discard}); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "--resume") {
		t.Errorf("neither resumed nor restarted: %v", err)
	}
	other := func(a *config.Attack) { change(a); a.Threat = "corruption(kinds=box contrast,severities=1 4)" }
	if _, err := RunCorruptions(t.Context(), geometricSubject(other), bars(), Options{Folder: folder, Log: io.Discard, Resume: true}); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "choice") {
		t.Errorf("another choice: %v", err)
	}
	again, err := RunCorruptions(t.Context(), geometricSubject(change), bars(), Options{Folder: folder, Log: io.Discard, Resume: true})
	if err != nil || !reflect.DeepEqual(again.Table, r.Table) || HasCorruptionState(folder) {
		t.Errorf("resumed: %+v, %v", again.Table, err)
	}
	if back, err := report.LoadCorruptions(folder); err != nil || !reflect.DeepEqual(back.Table, r.Table) {
		t.Errorf("read back: %+v, %v", back.Table, err)
	}
	against := func(a *config.Attack) { change(a); a.Baseline = base }
	_, err = RunCorruptions(t.Context(), geometricSubject(against), bars(), Options{Folder: t.TempDir(), Log: io.Discard})
	if r.Table.MeanError() == 0 && (err == nil || !strings.Contains(err.Error(), "errs under")) {
		t.Errorf("a reference without errors: %v", err)
	}
}
