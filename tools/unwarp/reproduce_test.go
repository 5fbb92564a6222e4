package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/pipelines"
	"unwarp/tools/internal/study/reproduce"
)

// digits and otherDigits write a folder of a few glyphs in MNIST's format.
func digits(t *testing.T) string      { return drawnDigits(t, 1) }
func otherDigits(t *testing.T) string { return drawnDigits(t, 2) }

func drawnDigits(t *testing.T, seed uint64) (data string) {
	t.Helper()
	data = t.TempDir()
	dir := filepath.Join(data, "mnist")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for prefix, n := range map[string]int{"train": 40, "t10k": 40} {
		g, err := pipelines.NewGlyphs(seed, prefix, n, 28)
		if err != nil {
			t.Fatal(err)
		}
		images := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 0x803), uint32(n)), 28), 28)
		labels := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 0x801), uint32(n))
		pixels := make([]uint8, 28*28)
		for i := range n {
			label, err := g.At(i, pixels)
			if err != nil {
				t.Fatal(err)
			}
			images, labels = append(images, pixels...), append(labels, uint8(label))
		}
		for name, raw := range map[string][]byte{"images-idx3-ubyte": images, "labels-idx1-ubyte": labels} {
			if err := os.WriteFile(filepath.Join(dir, prefix+"-"+name), raw, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return data
}

// short makes trainings that end in a second.
var short = []string{"--set", "train.duration=2st", "--set", "train.batch=20", "--set", "data.validation=10", "--set", "model.appearance=8",
	"--set", "model.geometry=8", "--set", "model.width=4", "--set", "train.attacked=off"}

// reproduce trains what a table needs and measures it once; asked again it
// takes what is there, and refuses what was trained in another way.
func TestReproduce(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	data, runs := digits(t), t.TempDir()
	args := append([]string{"reproduce", "table10", "--data", data, "--runs", runs}, short...)
	if r := must(t, append(args, "--plan")...); !strings.Contains(r.out, "2 runs: 0 finished, 0 to be resumed, 2 to be trained; 2 measurements left") || !strings.Contains(r.out, "1000 test images attacked instead of all") || !strings.Contains(r.out, "1 of 3 seeds") {
		t.Errorf("plan before:\n%s", r.out)
	}
	first := must(t, args...)
	for _, want := range []string{"| reconstruction, *paper*", "| disentangled, on the classifier, margin loss", "correct of 40, 10.00 % of the training images, 1 seed", "not confirmed: neither"} {
		if !strings.Contains(first.out, want) {
			t.Errorf("want %q in\n%s", want, first.out)
		}
	}
	if strings.Contains(first.out, "| – ") {
		t.Errorf("want every cell measured, got\n%s", first.out)
	}
	if r := must(t, append(args, "--plan")...); !strings.Contains(r.out, "2 runs: 2 finished, 0 to be resumed, 0 to be trained; 0 measurements left") || !strings.Contains(r.out, "measured: table10") {
		t.Errorf("plan after:\n%s", r.out)
	}
	second := must(t, args...)
	if second.out != first.out || strings.Contains(second.err, "training:") || strings.Contains(second.err, "attacking:") {
		t.Errorf("want the same tables without any work, got\n%s%s", second.err, second.out)
	}
	if raw, err := os.ReadFile(filepath.Join(runs, "table10.md")); err != nil || !strings.Contains(first.out, strings.TrimSpace(string(raw))) {
		t.Errorf("table10.md is not what was printed: %v", err)
	}
	if r := unwarp(t, append(args, "--set", "train.objective.lambda=.5")...); r.code != exitUsage || !strings.Contains(r.err, "train.objective.lambda is 1 instead of 0.5") {
		t.Errorf("want a run of another training refused, got %d: %s", r.code, r.err)
	}
	// What unwarp attack finds under another threat is no figure of a table, and
	// settings of attacks from elsewhere are not the tables'.
	must(t, "attack", filepath.Join(runs, "mnist-disentangled-seed1"), "--norm", "l2", "--eps", ".1 .2 .3 .4 .5", "--attack", "fgsm", "--images", "0", "--exhaustive", "--checks", "0")
	t.Setenv("UNWARP_ATTACK_NORM", "l2")
	if r := must(t, args...); r.out != first.out {
		t.Errorf("another threat's evaluation changed the table:\n%s", r.out)
	}
	// Other images make another training.
	if r := unwarp(t, append(args, "--data", otherDigits(t))...); r.code != exitUsage || !strings.Contains(r.err, "a training on other images") {
		t.Errorf("want a run on other images refused, got %d: %s", r.code, r.err)
	}
	// A table that is not measured yet is work for a finished run.
	plan := append([]string{"reproduce", "table1", "--plan", "--data", data, "--runs", runs}, short...)
	if r := must(t, plan...); !strings.Contains(r.out, "2 runs: 1 finished, 0 to be resumed, 1 to be trained; 3 measurements left") {
		t.Errorf("plan of another table:\n%s", r.out)
	}
	// Without the weights' evaluation there is work again.
	if err := os.RemoveAll(filepath.Join(runs, "mnist-disentangled-seed1", reproduce.TablesDir, "table10")); err != nil {
		t.Fatal(err)
	}
	if r := must(t, args...); r.out != first.out || !strings.Contains(r.err, "table10: 4 attacks on 40 images") {
		t.Errorf("want the missing evaluation made again, got\n%s%s", r.err, r.out)
	}
}

// A figure trains what it shows, once for all seeds, and draws it with the
// command for it. Asked for JSON, nothing else is on standard output.
func TestReproduceFigure(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	runs := t.TempDir()
	r := must(t, append([]string{"reproduce", "figure4", "--seeds", "2", "--json", "--data", digits(t), "--runs", runs}, short...)...)
	var tables []any
	if err := json.Unmarshal([]byte(r.out), &tables); err != nil || tables == nil || len(tables) != 0 {
		t.Errorf("want an empty list of tables, got %v in\n%s", err, r.out)
	}
	for _, arm := range []string{"mnist-base", "mnist-disentangled"} {
		if want := "figure4: unwarp embed " + filepath.Join(runs, arm+"-seed1"); !strings.Contains(r.err, want) {
			t.Errorf("want %q in\n%s", want, r.err)
		}
		for _, file := range []string{"embed-tsne.svg", "embed-pca.png", "embed.csv"} {
			if info, err := os.Stat(filepath.Join(runs, arm+"-seed1", "pictures", file)); err != nil || info.Size() == 0 {
				t.Errorf("%s: want %s drawn: %v", arm, file, err)
			}
		}
		if _, err := os.Stat(filepath.Join(runs, arm+"-seed2")); err == nil {
			t.Errorf("%s: a second seed was trained, which the figure does not show", arm)
		}
	}
}

// all leaves out what needs data sets that are not there.
func TestReproduceLeavesOut(t *testing.T) {
	r := must(t, append([]string{"reproduce", "all", "--plan", "--data", digits(t), "--runs", t.TempDir()}, short...)...)
	for _, want := range []string{"table3 is left out", "table5 is left out", "table11 is left out", "figure3 is drawn without"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("want %q in\n%s", want, r.err)
		}
	}
	if !strings.Contains(r.out, "12 runs: 0 finished") || strings.Contains(r.out, "facescrub") {
		t.Errorf("want the twelve trainings on digits, got\n%s", r.out)
	}
}

func TestReproduceRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "want at least one of table1"},
		{[]string{"tabel1"}, `did you mean "table1"`},
		{[]string{"table1", "--budget", "large"}, `want small or full, got "large"`},
		{[]string{"table1", "--seeds", "-1"}, "--seeds: want 1 to 1000"},
		{[]string{"table1", "--data", t.TempDir()}, "name the folder that holds the folders of the sets with --data"},
		{[]string{"all", "--data", t.TempDir()}, "want a data set at"},
		{[]string{"all", "tabel1"}, `did you mean "table1"`},
		{[]string{"table1", "--set", "attack.norm=l2"}, "the tables decide about attack.norm"},
		{[]string{"table1", "--set", "seed=5"}, "the tables decide about seed"},
		{[]string{"table1", "--data", digits(t), "--set", "train.dration=1ep"}, "train.duration"},
		{[]string{"table3", "--data", digits(t)}, "facescrub"},
	} {
		if r := unwarp(t, append([]string{"reproduce"}, c.args...)...); r.code != exitUsage || !strings.Contains(r.err, c.want) {
			t.Errorf("%q: want exit code %d and %q, got %d: %s", c.args, exitUsage, c.want, r.code, r.err)
		}
	}
}
