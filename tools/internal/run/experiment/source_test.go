package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/attacks"
	"unwarp/graphs"
	"unwarp/pipelines"
	"unwarp/tools/internal/run/config"
	"unwarp/trainer"
)

// sources are all kinds of source, with the same weights.
func sources(t *testing.T, c config.Config) map[string]Source {
	t.Helper()
	dir := trainRun(t, c)
	run := mustOpen(t, dir)
	x, _, err := Open(t.Context(), run, run.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	export := filepath.Join(dir, "export")
	if _, err := x.Graph.WriteSavedModel(x.Net, export, trainer.DefaultExport(), nil); err != nil {
		t.Fatal(err)
	}
	return map[string]Source{"run": run, "export": mustOpen(t, export)}
}

func mustOpen(t *testing.T, path string) Source {
	t.Helper()
	src, err := OpenSource(path, trainer.Last)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// victimLogits declares the model of s in a graph of its own, as an attack
// would, and runs it on set.
func victimLogits(t *testing.T, s *Subject, set attacks.Images) []float32 {
	t.Helper()
	var images graphs.Input
	var logits tf.Output
	var d Declared
	net, err := graphs.Build(graphs.Options{Seed: 99}, func(b *graphs.Builder) (err error) {
		if d, err = s.Model.Declare(b); err != nil {
			return err
		}
		v := d.Victim
		images = b.Input("attacked", tf.Float, -1, int64(v.H), int64(v.W), int64(v.C))
		logits = v.Logits(b.Pass("attack", graphs.Inference, v.Pass...), images.Value)
		return b.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if err := d.Restore(net); err != nil {
		t.Fatal(err)
	}
	b, err := graphs.NewBuffer(tf.Float, int64(set.Len()), int64(d.Victim.H), int64(d.Victim.W), int64(d.Victim.C))
	if err != nil {
		t.Fatal(err)
	}
	copy(b.Float32(), set.Pixels)
	out, err := net.Run(graphs.Feeds{images.Feed: b.Tensor}, []tf.Output{logits})
	if err != nil {
		t.Fatal(err)
	}
	return graphs.Floats(nil, out[0])
}

// TestSources is what every kind of source must do: it describes the model,
// its victim computes what the trained graph does, and its hash is that of its
// own file of weights. A new kind is a new entry of [sources].
func TestSources(t *testing.T) {
	c := brief()
	c.Model.Kind, c.Model.Width, c.Train.Average = "disentangled", 4, .5
	all := sources(t, c)
	x, _, err := Open(t.Context(), all["run"], all["run"].Config())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	set, err := x.Images(t.Context(), x.Data.Test, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The oracle is the evaluation pass, whose classes trainer counts.
	counted, err := x.Graph.Evaluate(t.Context(), x.Net, x.Data.Test)
	if err != nil {
		t.Fatal(err)
	}
	want := victimLogits(t, &x.Subject, set)
	for kind, src := range all {
		t.Run(kind, func(t *testing.T) {
			s, err := OpenSubject(t.Context(), src, src.Config())
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Model.Shape().String(); got != "28x28x1" || s.Model.Classes() != 10 {
				t.Errorf("want 28x28x1 of 10 classes, got %s of %d", got, s.Model.Classes())
			}
			if got := src.Config(); got.Model.Kind != "disentangled" || got.Model.Width != 4 || got.Data.Test != 20 {
				t.Errorf("configuration: got %+v, %+v", got.Model, got.Data)
			}
			got := victimLogits(t, s, set)
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("logit %d: want %v, got %v", i, want[i], got[i])
				}
			}
			if right := countRight(got, set.Labels); right != int(counted.Accuracy*20+.5) {
				t.Errorf("want %g of 20 images right, got %d", counted.Accuracy*20, right)
			}
			checkHash(t, src)
		})
	}
	run, export := all["run"], all["export"]
	if run.Results() != run.Path() || export.Results() != "" {
		t.Errorf("results go to %q and %q", run.Results(), export.Results())
	}
}

func countRight(logits []float32, labels []int32) (right int) {
	k := len(logits) / len(labels)
	for i, l := range labels {
		row := logits[i*k : (i+1)*k]
		best := 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		if best == int(l) {
			right++
		}
	}
	return right
}

// checkHash compares the hash with that of the one file of weights below the
// source, the export in a run folder left out.
func checkHash(t *testing.T, src Source) {
	t.Helper()
	var hashes []string
	filepath.WalkDir(src.Path(), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != src.Path() && d.Name() == "export" {
			return filepath.SkipDir
		}
		if raw, err := os.ReadFile(path); err == nil && strings.Contains(d.Name(), ".data-") {
			sum := sha256.Sum256(raw)
			hashes = append(hashes, hex.EncodeToString(sum[:]))
		}
		return nil
	})
	if got, err := src.WeightsHash(); err != nil || len(hashes) != 1 || got != hashes[0] {
		t.Errorf("hash: want %v, got %s, %v", hashes, got, err)
	}
}

// TestOpenSourceRefuses what is no model of unwarp, and weights that do not fit.
func TestOpenSourceRefuses(t *testing.T) {
	if _, err := OpenSource(t.TempDir(), trainer.Last); err == nil || !strings.Contains(err.Error(), ConfigFile) {
		t.Errorf("an empty folder: got %v", err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "saved_model.pb"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	damaged := mustOpen(t, foreign)
	if _, err := damaged.Model(damaged.Config(), pipelines.Shape{H: 28, W: 28, C: 1}, 10); err == nil || !strings.Contains(err.Error(), "saved_model.pb") {
		t.Errorf("a damaged SavedModel: got %v", err)
	}
	src := mustOpen(t, trainRun(t, brief()))
	c := src.Config()
	c.Model.Appearance = 9
	var mismatch *trainer.MismatchError
	if _, _, err := Open(t.Context(), src, c); !errors.As(err, &mismatch) || !strings.Contains(err.Error(), "28x28x1, of 10 classes") {
		t.Errorf("another architecture: got %v", err)
	}
	var wrong *ConfigError
	c.Model.Kind = "none"
	if _, err := OpenSubject(t.Context(), src, c); !errors.As(err, &wrong) {
		t.Errorf("an impossible model: want a ConfigError, got %v", err)
	}
}
