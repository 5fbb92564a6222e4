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
)

// folder is a run's checkpoints with a net that can save and restore.
type folder struct {
	Checkpoints
	p   *TrainGraph
	net *graphs.Net
}

func newFolder(t *testing.T) folder {
	t.Helper()
	p, net := declared(t, 1, DefaultConfig(), littleModel("base"), littleShape)
	return folder{Checkpoints{filepath.Join(t.TempDir(), CheckpointsDir)}, p, net}
}

func (f folder) save(t *testing.T, step int, pointers ...string) {
	t.Helper()
	if err := f.Save(f.p, f.net, State{Step: step}, pointers...); err != nil {
		t.Fatal(err)
	}
}

// names are the entries of a folder, sorted.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func (f folder) want(t *testing.T, want string) {
	t.Helper()
	if got := names(t, f.Dir); got != want {
		t.Errorf("want %s in the folder, got %s", want, got)
	}
}

// wantFiles: the files of a checkpoint and no others.
func (f folder) wantFiles(t *testing.T, name string) {
	t.Helper()
	const want = "manifest.txt state.json variables.data-00000-of-00001 variables.index"
	if got := names(t, filepath.Join(f.Dir, name)); got != want {
		t.Errorf("want the files %s, got %s", want, got)
	}
}

// Only what a pointer names stays.
func TestPruning(t *testing.T) {
	f := newFolder(t)
	if f.Exists(Last) {
		t.Error("want no pointer yet")
	}
	f.save(t, 1, Last)
	f.want(t, "last step-00000001")
	f.save(t, 2, Best, Last)
	f.want(t, "best last step-00000002 step-00000002-best")
	f.save(t, 3, Last)
	f.want(t, "best last step-00000002-best step-00000003")
	f.save(t, 4, Last)
	f.want(t, "best last step-00000002-best step-00000004")
	f.save(t, 5, Best, Last)
	f.want(t, "best last step-00000005 step-00000005-best")
	// The same step again must not remove what the pointers name before they
	// have moved.
	f.save(t, 5, Last)
	f.want(t, "best last step-00000005-2 step-00000005-best")
	f.save(t, 5, Last)
	f.want(t, "best last step-00000005 step-00000005-best")
	f.save(t, 5, Best, Last)
	f.want(t, "best last step-00000005-2 step-00000005-best-2")
	for _, pointer := range []string{Best, Last} {
		if st, err := f.Load(f.p, f.net, pointer); err != nil || st.Step != 5 {
			t.Errorf("%s: %+v, %v", pointer, st, err)
		}
	}
	f.wantFiles(t, "step-00000005-2")
	f.wantFiles(t, "step-00000005-best-2")
}

// A kill in the middle of a save leaves an unfinished folder, or a finished
// one that no pointer names, or half a pointer: none hurts, and the next save
// clears them.
func TestKilledSave(t *testing.T) {
	f := newFolder(t)
	f.save(t, 3, Last)
	for _, name := range []string{"step-00000004.unfinished", "step-00000006.unfinished", "step-00000004"} {
		if err := os.Mkdir(filepath.Join(f.Dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.Dir, name, "variables.data-00000-of-00001.tempstate1"), []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".last.2770039008", ".best.17"} { // pointers on their way
		if err := os.WriteFile(filepath.Join(f.Dir, name), []byte("step-0"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := f.Load(f.p, f.net, Last); err != nil || st.Step != 3 {
		t.Errorf("want step 3, got %+v, %v", st, err)
	}
	f.save(t, 4, Last)
	f.want(t, "last step-00000004")
	f.wantFiles(t, "step-00000004")
	if st, err := f.Load(f.p, f.net, Last); err != nil || st.Step != 4 {
		t.Errorf("want step 4, got %+v, %v", st, err)
	}
}

// Damage of any kind is an error of one line that names the folder, never a
// crash, and the net goes on living.
func TestDamagedCheckpoint(t *testing.T) {
	f := newFolder(t)
	f.save(t, 3, Last)
	in := func(name string) string { return filepath.Join(f.Dir, "step-00000003", name) }
	cut := func(name string, keep func(n int) int) func() error {
		return func() error {
			raw, err := os.ReadFile(in(name))
			if err != nil {
				return err
			}
			return os.WriteFile(in(name), raw[:keep(len(raw))], 0o644)
		}
	}
	put := func(path, text string) func() error {
		return func() error { return os.WriteFile(path, []byte(text), 0o644) }
	}
	const data, index = "variables.data-00000-of-00001", "variables.index"
	good, pointer := t.TempDir(), filepath.Join(f.Dir, Last)
	if err := os.CopyFS(good, os.DirFS(f.Dir)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		do         func() error
	}{
		{"half the data", "cannot be restored", cut(data, func(n int) int { return n / 2 })},
		{"no data", "cannot be restored", cut(data, func(int) int { return 0 })},
		{"no data file", "cannot be restored", func() error { return os.Remove(in(data)) }},
		{"one bit", "cannot be restored", func() error {
			raw, err := os.ReadFile(in(data))
			if err != nil {
				return err
			}
			raw[len(raw)/3] ^= 4
			return os.WriteFile(in(data), raw, 0o644)
		}},
		{"half the index", "cannot be restored", cut(index, func(n int) int { return n / 2 })},
		{"no index", "cannot be restored", cut(index, func(int) int { return 0 })},
		{"no index file", "cannot be restored", func() error { return os.Remove(in(index)) }},
		{"torn state", "want a readable state.json", cut(stateFile, func(n int) int { return n / 2 })},
		{"empty state", "want a readable state.json", cut(stateFile, func(int) int { return 0 })},
		{"state of other types", "want a readable state.json", put(in(stateFile), `{"step": "three"}`)},
		{"no state", "want a readable state.json", func() error { return os.Remove(in(stateFile)) }},
		{"no manifest", "want a readable manifest.txt", func() error { return os.Remove(in(manifestFile)) }},
		{"torn manifest", "does not fit this model", cut(manifestFile, func(n int) int { return n / 2 })},
		{"a manifest of noise", `line "noise" is no variable with its shape`, put(in(manifestFile), "noise\n")},
		{"pointer to nothing", "want a readable state.json", put(pointer, "step-00000099\n")},
		{"empty pointer", `want the name of a folder such as step-00000500, got ""`, put(pointer, "")},
		{"pointer elsewhere", `got "../step-00000003"`, put(pointer, "../step-00000003\n")},
		{"pointer to a file", `got "best"`, put(pointer, "best\n")},
		{"no pointer", "write step-00000003, which has all its files", func() error { return os.Remove(pointer) }},
	} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		_, err := f.Load(f.p, f.net, Last)
		if err == nil {
			t.Errorf("%s: no error", c.name)
		} else {
			graphtest.Says(t, err, "checkpoint "+f.Dir, c.want)
		}
		if err := os.RemoveAll(f.Dir); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(f.Dir, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := f.Load(f.p, f.net, Last); err != nil || st.Step != 3 {
		t.Errorf("want the good one to load, got %+v, %v", st, err)
	}
}

// A checkpoint of another model is refused with every difference named.
func TestMismatch(t *testing.T) {
	f := newFolder(t)
	f.save(t, 3, Last)
	dir := filepath.Join(f.Dir, "step-00000003")
	other := littleModel("reconstruction", func(m *graphs.Disentangled) {
		m.Encoder, m.Classes, m.Appearance = little{units: 10}, 4, 5
	})
	c := DefaultConfig()
	c.Optimizer.Name = "sgd"
	p, net := declared(t, 1, c, other, littleShape)
	before := values(t, net)
	_, err := f.Load(p, net, Last)
	var m *MismatchError
	if !errors.As(err, &m) {
		t.Fatalf("want a MismatchError, got %v", err)
	}
	wantDifferences := []string{
		"encoder/fc/kernel: want [64 10], got [64 12]",
		"encoder/fc/bias: want [10], got [12]",
		"classifier/kernel: want [10 4], got [12 3]",
		"classifier/bias: want [4], got [3]",
		"decoder_a/fc/kernel [10 64] is missing in the checkpoint",
		"decoder_a/fc/bias [64] is missing in the checkpoint",
		"decoder_a/up1/kernel [5 5 1 4] is missing in the checkpoint",
		"decoder_a/up1/bias [1] is missing in the checkpoint",
	}
	for _, v := range net.Vars.All(graphs.Slot) {
		wantDifferences = append(wantDifferences, fmt.Sprintf("%s %v is missing in the checkpoint", v.Path, v.Shape))
	}
	if !slices.Equal(m.Differences, wantDifferences) {
		t.Errorf("want the differences\n%s\ngot\n%s", strings.Join(wantDifferences, "\n"), strings.Join(m.Differences, "\n"))
	}
	want := "checkpoint " + dir + ": does not fit this model: " + strings.Join(wantDifferences, "; ") + ": use the configuration it was trained with"
	if err.Error() != want {
		t.Errorf("want %q, got %q", want, err)
	}
	sameValues(t, "a refused checkpoint", values(t, net), before)

	// The other way round: what the model does not know.
	g := folder{Checkpoints{filepath.Join(t.TempDir(), CheckpointsDir)}, p, net}
	g.save(t, 1, Last)
	_, err = g.Load(f.p, f.net, Last)
	if !errors.As(err, &m) {
		t.Fatalf("want a MismatchError, got %v", err)
	}
	for _, d := range []string{
		"decoder_a/fc/kernel [10 64] is in the checkpoint but not in the model",
		"decoder_a/up1/bias [1] is in the checkpoint but not in the model",
		"classifier/bias: want [3], got [4]",
		"adam/m/classifier/bias [3] is missing in the checkpoint",
	} {
		if !slices.Contains(m.Differences, d) {
			t.Errorf("want the difference %q, got %v", d, m.Differences)
		}
	}
	for _, d := range m.Differences {
		if strings.HasPrefix(d, "momentum/") {
			t.Errorf("slots that the model does not use are no difference: %s", d)
		}
	}
}

// A data file whose shapes belie its manifest must not be loaded either:
// AssignVariableOp would accept it.
func TestManifestThatLies(t *testing.T) {
	f := newFolder(t)
	p, net := declared(t, 1, DefaultConfig(), littleModel("base", func(m *graphs.Disentangled) { m.Encoder = little{units: 10} }), littleShape)
	if err := f.Save(p, net, State{Step: 1}, Last); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(f.Dir, "step-00000001", manifestFile)
	if err := os.WriteFile(manifest, []byte(f.net.Vars.Manifest()), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := f.Load(f.p, f.net, Last)
	graphtest.Says(t, err, "cannot be restored")
}

// The inference net reads a training checkpoint: no slots, averages as the
// weights that its pass reads.
func TestInferenceReadsCheckpoint(t *testing.T) {
	for _, average := range []float32{0, .9} {
		c := fullConfig(t)
		c.Average = average
		c.Duration = mustDuration(t, "5st")
		in := fullInputs(t.TempDir())
		p, net := declared(t, 7, c, fullModel(), littleShape)
		if _, err := p.Run(t.Context(), net, in); err != nil {
			t.Fatal(err)
		}
		want, err := p.Evaluate(t.Context(), net, in.Validation)
		if err != nil {
			t.Fatal(err)
		}
		var q *TrainGraph
		inference, err := graphs.Build(graphs.Options{Seed: 50, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
			q, err = DeclareInference(b, c, fullModel(), littleShape)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { inference.Close() })
		if n := len(inference.Vars.All(graphs.Slot)); n > 0 {
			t.Errorf("want no slots for inference, got %d", n)
		}
		if _, err := (Checkpoints{filepath.Join(in.Dir, CheckpointsDir)}).Load(q, inference, Last); err != nil {
			t.Fatal(err)
		}
		got, err := q.Evaluate(t.Context(), inference, in.Validation)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("average %g: want %+v, got %+v, %v", average, want, got, err)
		}
	}
}

// Another configuration or other data must not go on with this run.
func TestIdentity(t *testing.T) {
	c := fullConfig(t)
	c.Duration, c.Schedule.Warmup = mustDuration(t, "2st"), Duration{}
	in := fullInputs(t.TempDir())
	p, net := declared(t, 7, c, fullModel(), littleShape)
	if _, err := p.Run(t.Context(), net, in); err != nil {
		t.Fatal(err)
	}
	in.Resume, in.Identity = true, "fedcba9876543210"
	_, err := p.Run(t.Context(), net, in)
	want := "trainer: " + in.Dir + ": want the configuration and data of the interrupted run (hash 0123456789ab), got fedcba987654: resume with its config.yaml, or start a new run"
	if err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}
