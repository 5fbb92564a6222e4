package main

import (
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/pipelines/npz"
	"unwarp/tools/internal/report"
	"unwarp/tools/internal/setup/doctor"
	"unwarp/trainer"
)

// TestSpine follows a run from training to export: what one command writes the
// next must read, and they must agree.
func TestSpine(t *testing.T) {
	run := trained(t)
	var s report.Summary
	shared.r.decode(t, &s)
	if s.Run != run || s.Training.Steps != 4 || s.Test.Images != 30 || s.Attacks == nil || s.Export == nil {
		t.Errorf("summary: %+v", s)
	}
	for _, name := range append(s.Pictures, s.Export.Path+"/saved_model.pb", run+"/summary.json", run+"/metrics.jsonl") {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}

	var e report.Evaluated
	must(t, "evaluate", run, "--json").decode(t, &e)
	if e.Accuracy != s.Test.Accuracy || e.Loss != s.Test.Loss || e.Images != 30 || e.Step != 4 || e.Part != "test" {
		t.Errorf("evaluate disagrees with the summary's %+v: %+v", s.Test, e)
	}
	if !(e.Interval[0] <= e.Accuracy && e.Accuracy <= e.Interval[1] && e.Interval[0] < e.Interval[1]) {
		t.Errorf("interval %v does not hold %v", e.Interval, e.Accuracy)
	}
	right := 0
	for _, c := range e.PerClass {
		right += c.Right
	}
	if len(e.PerClass) != 10 || math.Abs(float64(right)/30-e.Accuracy) > 1e-12 {
		t.Errorf("classes do not add up to %v: %+v", e.Accuracy, e.PerClass)
	}
	var v report.Evaluated
	must(t, "evaluate", run, "--part", "validation", "--checkpoint", "best", "--json").decode(t, &v)
	if v.Images != 20 || v.Accuracy != s.Training.Validation.Accuracy {
		t.Errorf("validation: want what training saw, %+v, got %+v", s.Training.Validation, v)
	}

}

// TestAttack: the command agrees with what the training said, and what it saves
// with its own figures.
func TestAttack(t *testing.T) {
	run, home := trained(t), t.TempDir()
	var s report.Summary
	shared.r.decode(t, &s)
	save := filepath.Join(home, "adversarial.npz")
	var a report.Record
	must(t, "attack", run, "--json", "--exhaustive", "--checks", "0", "--precision", "float32", "--out", home, "--save", save).decode(t, &a)
	e := &a.Evaluation
	if e.CleanCorrect != s.Attacks.Clean.Count || len(e.Attacks) != 2 || e.Stopped != "" {
		t.Errorf("attack disagrees with the summary's: %+v", e)
	}
	arrays := readNPZ(t, save)
	which, index, predicted := arrays["attack"].Int32s(), arrays["index"].Int32s(), arrays["predicted"].Int32s()
	found := 0
	for k, series := range e.Attacks {
		for i, at := range series.Results {
			if at.Done && at.Class != int(e.Labels[i]) && strings.Contains(at.Tried, "1") {
				if int(which[found]) != k || int(index[found]) != e.Index[i] || int(predicted[found]) != at.Class {
					t.Errorf("row %d: want attack %d, image %d, class %d", found, k, e.Index[i], at.Class)
				}
				found++
			}
		}
	}
	if got := arrays["images"].Shape(); !equal(got, []int{found, 28, 28, 1}) || found == 0 {
		t.Errorf("saved images: want the %d examples, got %v", found, got)
	}
	loaded, images, err := report.Load(home)
	if err != nil || loaded.Evaluation.CleanCorrect != e.CleanCorrect || len(images.Clean) != 8 {
		t.Errorf("evaluation.json: got %+v, %d images, %v", loaded.About, len(images.Clean), err)
	}
	if left, _ := filepath.Glob(filepath.Join(home, "attack", "journal*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	// The export is the same model.
	var x report.Record
	out := filepath.Join(t.TempDir(), "out")
	must(t, "attack", filepath.Join(run, "export"), "--json", "--exhaustive", "--checks", "0", "--precision", "float32", "--out", out).decode(t, &x)
	for k, series := range x.Evaluation.Attacks {
		for i, at := range series.Results {
			if want := e.Attacks[k].Results[i]; at.Tried != want.Tried || at.Class != want.Class {
				t.Errorf("export: attack %d, image %d: %q, class %d; the run had %q, %d", k, i, at.Tried, at.Class, want.Tried, want.Class)
			}
		}
	}
}

// TestTransferSources: attacks transfer from a run folder and from an export
// alike. The two hold the same weights.
func TestTransferSources(t *testing.T) {
	run := trained(t)
	reaches := func(source string) (all []attacks.Distance) {
		t.Helper()
		var r report.Record
		must(t, "attack", run, "--json", "--exhaustive", "--checks", "0", "--precision", "float32", "--out", t.TempDir(),
			"--source", source, "--attack", "transfer(from="+filepath.Base(source)+")").decode(t, &r)
		for _, at := range r.Evaluation.Attacks[0].Results {
			all = append(all, at.ThreatDistance)
		}
		return all
	}
	if a, b := reaches(run), reaches(filepath.Join(run, "export")); !slices.Equal(a, b) || len(a) != 8 {
		t.Errorf("from the run %v, from its export %v", a, b)
	}
}

// readNPZ reads a file that a command wrote.
func readNPZ(t *testing.T, path string) map[string]npz.Array {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	arrays, err := npz.Decode(raw, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return arrays
}

// TestAttackList: every attack stands in the list with its keys.
func TestAttackList(t *testing.T) {
	list := must(t, "attack", "--list").out
	for _, name := range attacks.Names() {
		if !strings.Contains(list, "\n"+name+" ") && !strings.HasPrefix(list, name+" ") {
			t.Errorf("--list: %s is missing", name)
		}
	}
	for _, want := range []string{"restarts", "Croce and Hein 2020", "every attack also has", "budget"} {
		if !strings.Contains(list, want) {
			t.Errorf("--list: %q is missing", want)
		}
	}
}

func TestExport(t *testing.T) {
	run, dir := trained(t), t.TempDir()
	out, ref := filepath.Join(dir, "model"), filepath.Join(dir, "reference.npz")
	for _, args := range [][]string{
		{"--reference", ref, "--count", "5"},
		{"--inference-only", "--input", "uint8", "--reference", ref}, // replaces the first
	} {
		var e trainer.ExportReport
		must(t, append([]string{"export", run, "--out", out, "--json"}, args...)...).decode(t, &e)
		if e.Path != out || e.Bytes == 0 || len(e.Differences) == 0 {
			t.Errorf("%v: %+v", args, e)
		}
		arrays := readNPZ(t, ref)
		for sign, outputs := range e.Signatures {
			if sign == "serve_image" { // takes files, not images
				continue
			}
			for _, name := range outputs {
				if a, ok := arrays[name]; !ok || a.Shape()[0] != arrays["images"].Shape()[0] {
					t.Errorf("%v: reference lacks %s of %s: %v", args, name, sign, a.Shape())
				}
			}
		}
		if want := len(e.Differences) + 1; len(arrays) != want {
			t.Errorf("%v: want %d arrays, got %s", args, want, names(arrays))
		}
		p := arrays["probabilities"]
		for row := range slices.Chunk(p.Float32s(), p.Shape()[1]) {
			total := 0.0
			for _, x := range row {
				total += float64(x)
			}
			if math.Abs(total-1) > 1e-5 {
				t.Errorf("probabilities add up to %v", total)
			}
		}
	}
	arrays := readNPZ(t, ref)
	if len(arrays["images"].Uint8s()) == 0 || arrays["images"].Shape()[0] != 16 || len(arrays["field"].Float32s()) > 0 {
		t.Errorf("uint8, inference only: got %s", names(arrays))
	}
	words := must(t, "export", run, "--out", out).out
	for _, want := range []string{"serving_default", "reconstruct", "MB", "tf.saved_model.load", "keras.models.load_model"} {
		if !strings.Contains(words, want) {
			t.Errorf("want %q in\n%s", want, words)
		}
	}
}

func TestData(t *testing.T) {
	sheet := filepath.Join(t.TempDir(), "sheet.png")
	var d report.Data
	must(t, "data", "--config", configFile(t, tiny), "--json", "--sheet", sheet, "--count", "12", "--set", "train.augment=crop(24)|deform(shift=1..2)").decode(t, &d)
	if len(d.Parts) != 3 || d.Parts[0].Examples != 64 || !d.DeformedViews || d.Seen != [3]int{24, 24, 1} || d.Sheet != sheet {
		t.Errorf("data: %+v", d)
	}
	f, err := os.Open(sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	// Two rows of images, each with the row of its deformed views.
	scale := 84 / 24
	if want := 4 + 10*(24*scale+4); img.Bounds().Dx() != want {
		t.Errorf("width: want %d, got %v", want, img.Bounds())
	}
	if want := 4 + 4*(24*scale+13+4); img.Bounds().Dy() != want {
		t.Errorf("height: want %d, got %v", want, img.Bounds())
	}
	words := must(t, "data", "--config", configFile(t, tiny), "--set", "data.validation=0").out
	if strings.Contains(words, "validation") || !strings.Contains(words, "test: 30 images of 28x28x1") || !strings.Contains(words, "unchanged") {
		t.Errorf("data:\n%s", words)
	}
}

func TestEvaluateWords(t *testing.T) {
	words := must(t, "evaluate", trained(t)).out
	for _, want := range []string{"accuracy", "95 % interval", "cross-entropy", "reconstruction", "class  0 1", "checkpoint best, on 30 images of glyphs, part test\ntrained for 4 steps"} {
		if !strings.Contains(words, want) {
			t.Errorf("want %q in\n%s", want, words)
		}
	}
}

func TestVersion(t *testing.T) {
	var b doctor.Build
	must(t, "version", "--json").decode(t, &b)
	if !strings.HasPrefix(b.TensorFlow, "2.18") || !strings.HasPrefix(b.Go, "go1.") || b.Unwarp == "" {
		t.Errorf("version: %+v", b)
	}
	if words := must(t, "version").out; !strings.Contains(words, "tensorflow    2.18") {
		t.Errorf("version:\n%s", words)
	}
}

func TestDoctor(t *testing.T) {
	t.Setenv(beUnwarp, "1") // for the process that doctor starts
	var r doctor.Report
	must(t, "doctor", "--json").decode(t, &r)
	if len(r.Devices) == 0 || r.Cores < 1 || r.Broken() != 0 || len(r.Disks) == 0 {
		t.Errorf("doctor: %+v", r)
	}
	t.Setenv("UNWARP_TRAIN_BACH", "3")
	b := unwarp(t, "doctor")
	if b.code != exitFailed || !strings.Contains(b.out, "ERROR: the configuration is refused") || !strings.Contains(b.out, "UNWARP_TRAIN_BATCH") {
		t.Errorf("doctor with a wrong variable: exit code %d\n%s", b.code, b.out)
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
