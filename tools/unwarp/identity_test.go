package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
)

// edit replaces the content of a file, without a trace in its name.
func edit(t *testing.T, path string, change func(text string) string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(raw))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// lonelyExport is a copy of the shared run's export where there is no run.
func lonelyExport(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(trained(t), "export"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// An export says by itself what images it was trained with: away from its run it
// is measured on the same, and on no others unless told.
func TestExportKnowsItsData(t *testing.T) {
	run, export := trained(t), lonelyExport(t)
	var want, got report.Evaluated
	must(t, "evaluate", run, "--json").decode(t, &want)
	must(t, "evaluate", export, "--json").decode(t, &got)
	if got.Images != 30 || got.Accuracy != want.Accuracy || got.Loss != want.Loss || got.Reconstruction != want.Reconstruction {
		t.Errorf("the export on its own: %+v, the run %+v", got.Evaluation, want.Evaluation)
	}
	first, _, _ := strings.Cut(must(t, "evaluate", export).out, "\n")
	if first != export+", on 30 images of glyphs, part test" {
		t.Errorf("the first line is %q", first)
	}
	out := t.TempDir()
	attack := []string{"attack", export, "--out", out, "--images", "8", "--checks", "0", "--attack", "fgsm"}
	r := must(t, attack...)
	for _, text := range []string{r.out, r.err} {
		if !strings.HasPrefix(text, export+", on 8 images of glyphs, part test\n") {
			t.Errorf("attack begins with %.200q", text)
		}
	}
	others := []string{"--set", "data.seed=9"}
	for _, command := range [][]string{attack, {"evaluate", export}, {"embed", export, "--out", out, "--count", "10", "--method", "pca"}, {"swap", export, "--out", filepath.Join(out, "x.png")}, {"export", run, "--out", filepath.Join(out, "y")}} {
		unwarp(t, append(command, others...)...).fails(t, exitUsage, "other pixels", "--other-data", "is not that of the training")
	}
	var rec report.Record
	r = must(t, append(append(attack, others...), "--other-data", "--json")...)
	r.decode(t, &rec)
	if !strings.Contains(r.err, "(other data than the training's: other pixels") || !strings.Contains(rec.OtherData, "other pixels") {
		t.Errorf("on other images: it says %q, the record %q", r.err, rec.OtherData)
	}
	if text := must(t, "report", out, "--text").out; !strings.Contains(strings.Join(strings.Fields(text), " "), "These are not the test images of the set that the model was trained with: other pixels") {
		t.Errorf("the report does not say that the images are others:\n%s", text)
	}
}

// Exports of versions before 0.2 do not say what they were trained with.
func TestExportWithoutData(t *testing.T) {
	export := lonelyExport(t)
	edit(t, filepath.Join(export, "unwarp.json"), func(text string) string {
		var tree map[string]any
		if err := json.Unmarshal([]byte(text), &tree); err != nil {
			t.Fatal(err)
		}
		delete(tree, "data")
		raw, _ := json.Marshal(tree)
		return string(raw)
	})
	unwarp(t, "evaluate", export).fails(t, exitUsage, export, "does not say what data", "--set data.set=SET")
	r := must(t, "evaluate", export, "--set", "data.set=glyphs", "--set", "data.seed=1", "--set", "data.train=64", "--set", "data.validation=20", "--set", "data.test=30", "--json")
	var got, want report.Evaluated
	r.decode(t, &got)
	must(t, "evaluate", trained(t), "--json").decode(t, &want)
	if got.Accuracy != want.Accuracy {
		t.Errorf("told its data it has %g, the run %g", got.Accuracy, want.Accuracy)
	}
}

// What is attacked is the file saved_model.pb: without it nothing is measured.
func TestExportGraphDamaged(t *testing.T) {
	for name, change := range map[string]func(text string) string{
		"random":  func(string) string { return strings.Repeat("\x93\x17\x02unwarp", 300) },
		"emptied": func(string) string { return "" },
		"cut":     func(text string) string { return text[:len(text)/2] },
	} {
		export := lonelyExport(t)
		edit(t, filepath.Join(export, "saved_model.pb"), change)
		for _, command := range [][]string{{"attack", export, "--out", t.TempDir()}, {"evaluate", export}, {"embed", export, "--out", t.TempDir()}, {"swap", export, "--out", filepath.Join(t.TempDir(), "x.png")}} {
			if r := unwarp(t, command...); r.code != exitFailed || !strings.Contains(r.err, "saved_model.pb") || !strings.Contains(r.err, "export it again") {
				t.Errorf("%s, %s: exit code %d, %s", command[0], name, r.code, r.err)
			}
		}
	}
}

// Whatever file of an export is damaged, the command has failed: no other flags
// would mend that.
func TestExportFilesDamaged(t *testing.T) {
	cut := func(text string) string { return text[:len(text)/2] }
	for name, change := range map[string]func(text string) string{
		"unwarp.json": cut, "variables/variables.index": cut, "variables/variables.data-00000-of-00001": cut,
	} {
		export := lonelyExport(t)
		edit(t, filepath.Join(export, filepath.FromSlash(name)), change)
		for _, command := range [][]string{{"attack", export, "--out", t.TempDir()}, {"evaluate", export}, {"attack", trained(t), "--out", t.TempDir(), "--source", export, "--attack", "fgsm"}} {
			if r := unwarp(t, command...); r.code != exitFailed {
				t.Errorf("%s, %s: want exit code %d, got %d: %s", command, name, exitFailed, r.code, r.last())
			}
		}
	}
	for _, command := range [][]string{{"attack", t.TempDir()}, {"evaluate", filepath.Join(t.TempDir(), "none")}} {
		if r := unwarp(t, command...); r.code != exitUsage {
			t.Errorf("%s: want exit code %d, got %d: %s", command, exitUsage, r.code, r.last())
		}
	}
}

// An inference-only export of a disentangled model is attacked and measured; what
// needs its decoders is refused or left out.
func TestInferenceOnlyExport(t *testing.T) {
	run, export := trained(t), filepath.Join(t.TempDir(), "model")
	must(t, "export", run, "--out", export, "--inference-only")
	var want, got report.Evaluated
	must(t, "evaluate", run, "--json").decode(t, &want)
	must(t, "evaluate", export, "--json").decode(t, &got)
	if got.Accuracy != want.Accuracy || got.Loss != want.Loss || got.Reconstruction != 0 {
		t.Errorf("got %+v, the run %+v", got.Evaluation, want.Evaluation)
	}
	attack := func(path string, more ...string) report.Record {
		var r report.Record
		must(t, append([]string{"attack", path, "--out", t.TempDir(), "--json", "--images", "8", "--exhaustive", "--checks", "0", "--precision", "float32"}, more...)...).decode(t, &r)
		return r
	}
	ofRun, ofExport := attack(run, "--attack", "fgsm"), attack(export, "--attack", "fgsm")
	for i, at := range ofExport.Evaluation.Attacks[0].Results {
		if was := ofRun.Evaluation.Attacks[0].Results[i]; at.ThreatDistance != was.ThreatDistance || at.Class != was.Class {
			t.Errorf("image %d: %g, class %d; of the run %g, %d", i, at.ThreatDistance, at.Class, was.ThreatDistance, was.Class)
		}
	}
	for _, a := range attack(export).Evaluation.Attacks { // the configured ones
		if strings.Contains(a.Attack, "loss=training") {
			t.Errorf("%s has run without a training loss", a.Attack)
		}
	}
	unwarp(t, "attack", export, "--out", t.TempDir(), "--attack", "fgsm(loss=training)").fails(t, exitUsage, "training")
	unwarp(t, "swap", export, "--out", filepath.Join(t.TempDir(), "x.png")).fails(t, exitUsage, "inference-only")
	must(t, "embed", export, "--out", t.TempDir(), "--count", "12", "--method", "pca", "--attack", "none")
}

// A config.yaml that is cut, emptied, changed or gone is not completed by
// defaults.
func TestConfigIsThatOfTheTraining(t *testing.T) {
	for name, row := range map[string]struct {
		change func(text string) string
		want   []string
	}{
		"emptied":        {func(string) string { return "" }, []string{"want a complete config.yaml", "attack.attacks", "restore it"}},
		"cut":            {func(text string) string { return text[:strings.Index(text, "attack:")] }, []string{"want a complete config.yaml", "attack."}},
		"cut at the end": {func(text string) string { return text[:strings.Index(text, "    input:")] }, []string{"export.input"}},
		"half a line":    {func(text string) string { return text[:len(text)/2-3] }, []string{"config.yaml"}},
		"data":           {func(text string) string { return strings.Replace(text, "test: 30", "test: 25", 1) }, []string{"data.test is 25 instead of 30"}},
		"set":            {func(text string) string { return strings.Replace(text, "set: glyphs", "set: mnist", 1) }, []string{"data.set is mnist instead of glyphs"}},
		"model":          {func(text string) string { return strings.Replace(text, "border: clamp", "border: zero", 1) }, []string{"model.border is zero instead of clamp"}},
		"binary":         {func(text string) string { return text[:200] + "\x00\x01" + text[200:] }, []string{"config.yaml"}},
	} {
		run := spoiled(t)
		edit(t, filepath.Join(run, "config.yaml"), row.change)
		for _, command := range [][]string{{"evaluate", run}, {"attack", run}, {"train", "--resume", run}, {"swap", run}, {"embed", run}, {"export", run}} {
			r := unwarp(t, command...)
			if r.code == exitDone || r.out != "" {
				t.Errorf("%s: unwarp %s ran", name, command[0])
			}
			for _, want := range row.want {
				if !strings.Contains(r.last(), want) || len(r.last()) > 300+len(run) {
					t.Errorf("%s: unwarp %s: want %q and few words, got %s", name, command[0], want, r.last())
				}
			}
		}
	}
	run := spoiled(t)
	if err := os.Remove(filepath.Join(run, "config.yaml")); err != nil {
		t.Fatal(err)
	}
	unwarp(t, "evaluate", run).fails(t, exitUsage, "config.yaml", "restore it")
}

// Keys that do not change what was trained may be edited; that is said.
func TestConfigEdited(t *testing.T) {
	run := spoiled(t)
	edit(t, filepath.Join(run, "config.yaml"), func(text string) string {
		return "# mine\n" + strings.Replace(text, "images: 8", "images: 6", 1)
	})
	r := must(t, "attack", run, "--checks", "0", "--attack", "fgsm")
	if !strings.Contains(r.err, "config.yaml of "+run+" was edited after the training began: attack.images") || !strings.Contains(r.out, "on 6 images of glyphs") {
		t.Errorf("%s\n%s", r.err, r.out)
	}
}

// A folder without identity.json is of an earlier version: it opens with a remark.
func TestRunWithoutIdentity(t *testing.T) {
	run := spoiled(t)
	if err := os.Remove(filepath.Join(run, "identity.json")); err != nil {
		t.Fatal(err)
	}
	if r := must(t, "evaluate", run); !strings.Contains(r.err, "cannot be compared") {
		t.Errorf("it says %q", r.err)
	}
	edit(t, filepath.Join(run, "config.yaml"), func(text string) string { return text[:strings.Index(text, "export:")] })
	unwarp(t, "evaluate", run).fails(t, exitUsage, "want a complete config.yaml", "export.input")
	run = spoiled(t)
	edit(t, filepath.Join(run, "identity.json"), func(text string) string { return text[:40] })
	unwarp(t, "evaluate", run).fails(t, exitUsage, "identity.json", "remove it to open the folder unchecked")
}

// An evaluation is not continued as another one. What differs is named.
func TestAttackResumedAsAnother(t *testing.T) {
	run, other := trained(t), filepath.Join(t.TempDir(), "other")
	if err := os.CopyFS(other, os.DirFS(run)); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	args := func(more ...string) []string {
		return append([]string{"attack", run, "--out", out, "--checks", "0", "--source", other, "--attack", "fgsm", "--attack", "transfer(from=other)"}, more...)
	}
	must(t, args("--passes", "1", "--defence", "quantise")...)
	unwarp(t, args("--resume")...).fails(t, exitUsage, "attack.defence: the journal has quantise, now none", "--restart")
	unwarp(t, args("--resume", "--defence", "quantise", "--set", "attack.eps=.1")...).fails(t, exitUsage, "attack.eps: the journal has 0.1 0.3, now 0.1")
	unwarp(t, args("--resume", "--defence", "quantise", "--images", "7")...).fails(t, exitUsage, "data.images: the journal has 8, now 7")
	unwarp(t, args("--resume", "--defence", "quantise", "--attack", "random")...).fails(t, exitUsage, "attack.attacks[2].name: the journal has nothing, now random")
	must(t, "train", "--config", configFile(t, tiny), "--seed", "5", "--run", filepath.Join(t.TempDir(), "seed5", "other"))
	if err := os.RemoveAll(other); err != nil {
		t.Fatal(err)
	}
	must(t, "train", "--config", configFile(t, tiny), "--seed", "5", "--run", other)
	unwarp(t, args("--resume", "--defence", "quantise")...).fails(t, exitUsage, "attack.sources[0].weights: the journal has")
}

// numbers writes a set in the format of MNIST into a new folder: images of one
// grey value each, which is that of their class, of two classes in turn.
func numbers(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, n := range map[string]int{"train": 60, "t10k": 20} {
		var pixels, labels []byte
		for i := range n {
			labels = append(labels, byte(i%2))
			for p := range 28 * 28 {
				pixels = append(pixels, byte(40+170*(i%2)+(i+p)%17))
			}
		}
		count := string([]byte{0, 0, 0, byte(n)})
		for file, text := range map[string]string{
			name + "-images-idx3-ubyte": "\x00\x00\x08\x03" + count + "\x00\x00\x00\x1c\x00\x00\x00\x1c" + string(pixels),
			name + "-labels-idx1-ubyte": "\x00\x00\x08\x01" + count + string(labels),
		} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// flip changes one byte of a file.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	edit(t, path, func(text string) string {
		raw := []byte(text)
		raw[at] ^= 1
		return string(raw)
	})
}

// One label or one pixel of the training, validation or test images that is not
// what it was is noticed, in whatever folder they lie now.
func TestDataAreThoseOfTheTraining(t *testing.T) {
	data, run := numbers(t), filepath.Join(t.TempDir(), "run")
	set := func(dir string) []string { return []string{"--set", "data.path=" + dir} }
	must(t, append([]string{"train", "--config", configFile(t, tiny+"\nexport: {inference_only: true}\n"), "--run", run, "--set", "data.set=idx", "--set", "data.train=0", "--set", "data.test=0",
		"--set", "data.validation=10", "--set", "model.kind=base", "--set", "attack.attacks=[]"}, set(data)...)...)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.CopyFS(moved, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	must(t, append([]string{"evaluate", run}, set(moved)...)...)
	must(t, append([]string{"train", "--resume", run}, set(moved)...)...)
	for name, row := range map[string]struct {
		file string
		at   int
		want string
	}{
		"a training label": {"train-labels-idx1-ubyte", 8 + 59, "part train of the data has other labels"},
		"a training pixel": {"train-images-idx3-ubyte", 16 + 17*784 + 5, "other pixels"},
		"a test label":     {"t10k-labels-idx1-ubyte", 8 + 7, "part test of the data has other labels"},
	} {
		other := filepath.Join(t.TempDir(), "other")
		if err := os.CopyFS(other, os.DirFS(data)); err != nil {
			t.Fatal(err)
		}
		flip(t, filepath.Join(other, row.file), row.at)
		r := unwarp(t, append([]string{"train", "--resume", run}, set(other)...)...)
		if r.code == exitDone || !strings.Contains(r.last(), row.want) && !strings.Contains(r.last(), strings.ReplaceAll(row.want, "train", "validation")) {
			t.Errorf("%s: want %q, got %s", name, row.want, r.last())
		}
		tested := strings.HasPrefix(row.file, "t10k")
		for _, command := range []string{"evaluate", "attack"} {
			args := append([]string{command, run, "--set", "attack.attacks=[fgsm]", "--set", "attack.checks=0"}, set(other)...)
			if r := unwarp(t, args...); (r.code == exitDone) == tested {
				t.Errorf("%s, %s: exit code %d, %s", name, command, r.code, r.err)
			}
			if tested {
				unwarp(t, args...).fails(t, exitUsage, "part test", "other labels", "--other-data")
			}
		}
	}
}

// The same model in other words is the same training.
func TestResumeInOtherWords(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	must(t, "train", "--config", configFile(t, tiny), "--run", run, "--set", "model.kind=base", "--set", "model.encoder=resnet8", "--set", "train.duration=2st", "--set", "attack.attacks=[]")
	for _, words := range [][]string{{"model.encoder=resnet(depth=8)"}, {"model.encoder=resnet8"}, {"model.head=linear"}, {"model.dropout=0"}} {
		must(t, "train", "--resume", run, "--set", words[0])
	}
	unwarp(t, "train", "--resume", run, "--set", "model.encoder=resnet14").failsAfter(t, exitMismatch, "model.encoder is resnet(depth=14,embedding=features) instead of resnet(depth=8,embedding=features)")
}
