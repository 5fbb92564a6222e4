package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMisuse(t *testing.T) {
	run, file := trained(t), configFile(t, tiny)
	other := filepath.Join(t.TempDir(), "x")
	for _, row := range []struct {
		args  string // "RUN" and "FILE" stand for the run and the configuration file
		code  int
		names string // separated by ;
	}{
		{"foo", 2, `"foo"`},
		{"trian", 2, `"trian";"train"`},
		{"help trian", 2, `"train"`},
		{"predcit x", 2, `did you mean "predict"`},
		{"eval x", 2, `did you mean "evaluate"`},
		{"list", 2, `did you mean "runs"`},
		{"classify x", 2, `did you mean "predict"`},
		{"train --lr 1", 2, "did you mean --rate?"},
		{"train --epoch 1", 2, "did you mean --epochs?"},
		{"train --batch_size 1", 2, "did you mean --batch?"},
		{"train --steps 9", 2, "did you mean --set train.duration=500st?"},
		{"train --img-size 96", 2, "did you mean --set data.size=VALUE?"},
		{"train --set train.optimizer.lr=1", 2, `did you mean "train.schedule.rate"?`},
		{"train --set model.kidn=base", 2, `did you mean "model.kind"?`},
		{"evaluate RUN --lr 1", 2, "--lr: unwarp evaluate --help"},
		{"attack RUN --attack pdg", 2, `"pdg";did you mean "pgd"`},
		{"completion fsh", 2, `"fish"`},
		{"train --sed 3", 2, "--sed;--seed;unwarp train --help"},
		{"train --batch three", 2, "train.batch;three"},
		{"train --norm 3", 2, "--set train.objective.norm=VALUE"},
		{"train --epochs many", 2, "--epochs;many"},
		{"train --data no/such", 2, "no/such"},
		{"train -x", 2, "-x"},
		{"train --seed", 2, "--seed"},
		{"train x", 2, `"x"`},
		{"train --resume a --run b", 2, "--run;--resume"},
		{"train --resume " + other, 2, other + ";no such file"},
		{"train --run RUN", 2, "RUN;--resume"},
		{"train -c FILE --set train.batch=1000", 2, "train.batch;64;1000"},
		{"train -c FILE --set data.size=4", 2, "8 to 256;4"},
		{"train -c FILE --set train.augment=crop(99)", 2, "train.augment;99x99;28x28"},
		{"train -c FILE --set data.set=mnst", 2, "data.set;mnist"},
		{"train -c FILE --set data.set=mnist", 2, "data.path"},
		{"train -c FILE --set data.set=mnist --set data.path=no/such", 2, "data.path;no/such;working folder"},
		{"train -c no.yaml", 2, "no.yaml;no such file"},
		{"evaluate", 2, "run folder"},
		{"evaluate RUN b", 2, "2 arguments"},
		{"evaluate " + other, 2, other + ";no such file"},
		{"evaluate RUN --part tst", 2, "--part;validation"},
		{"evaluate RUN --part validation --set data.validation=0", 2, "data.validation"},
		{"evaluate RUN --checkpoint lst", 2, "--checkpoint;best"},
		{"evaluate RUN --set model.width=16", 4, "decoder_a/up1/kernel;decoder_g/up2/kernel;28x28x1"},
		{"evaluate RUN --set data.size=20", 4, "encoder/fc/kernel;20x20x1"},
		{"attack RUN --set model.kind=base", 4, "decoder_a/fc/kernel"},
		{"attack RUN --attack foo", 2, "foo;fgsm"},
		{"attack RUN --attack bim(stps=3)", 2, "stps;steps"},
		{"attack RUN --eps two", 2, "attack.eps;two"},
		{"attack RUN --eps 2", 2, "(0,1]"},
		{"attack RUN --norm l3", 2, "attack.norm;l2"},
		{"attack RUN --images -1", 2, "attack.images"},
		{"attack RUN --set attack.attacks=", 2, "attack.attacks"},
		{"attack RUN --set attack.batch=0", 2, "attack.batch"},
		{"attack RUN --attack pgdd", 2, `"pgdd";did you mean "pgd"`},
		{"attack RUN --attack fgsm(target=10)", 2, "target;0..9;10"},
		{"attack RUN --out RUN/export", 2, "RUN/export;another folder"},
		{"attack RUN --save a.npy", 2, "--save;.npz"},
		{"attack RUN --save no/such/a.npz", 2, "--save;no/such"},
		{"export RUN/export", 2, "RUN/export;--out"},
		{"export RUN --input int", 2, "export.input;uint8"},
		{"export RUN --count 0", 2, "--count"},
		{"export RUN --count few", 2, `--count;"few"`},
		{"export RUN --out FILE", 1, "FILE;found a file"},
		{"export RUN --out RUN", 1, "RUN;choose another name"},
		{"data --sheet a.jpg", 2, "--sheet;.png"},
		{"data --sheet RUN/checkpoints.png --count 0", 2, "--count"},
		{"data --count 3", 2, "--sheet"},
		{"data --sheet a.png --nearest b.png", 2, "--sheet;--nearest"},
		{"data --device cpu", 2, "--device"},
		{"config train.bach", 2, `"train.bach";"train.batch"`},
		{"config a b", 2, "2 arguments"},
		{"config train.batch --markdown", 2, "--markdown"},
		{"config --set train.batch=0", 2, "train.batch"},
		{"config --set data.set=mnst", 2, "data.set;mnist"},
		{"version 3", 2, `"3"`},
		{"version --json=maybe", 2, `--json;"maybe"`},
	} {
		t.Run(row.args, func(t *testing.T) {
			fill := strings.NewReplacer("RUN", run, "FILE", file).Replace
			var args []string
			for _, a := range strings.Split(row.args, " ") {
				args = append(args, fill(a))
			}
			unwarp(t, args...).fails(t, row.code, strings.Split(fill(row.names), ";")...)
		})
	}
}

func TestDiverged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	unwarp(t, "train", "-c", configFile(t, tiny), "--run", dir, "--set", "train.schedule.rate=1e9", "--set", "train.optimizer.name=sgd", "--json").
		failsAfter(t, exitDiverged, "step", "train.schedule.rate")
}

// TestSpoiled spoils a run in one way after another.
func TestSpoiled(t *testing.T) {
	at := func(dir string, name ...string) string {
		return filepath.Join(append([]string{dir, "checkpoints"}, name...)...)
	}
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, index := "step-00000004/variables.data-00000-of-00001", "step-00000004/variables.index"
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		code  int
		names []string
	}{
		{"no configuration", func(t *testing.T, d string) { os.Remove(d + "/config.yaml") }, 2, []string{"config.yaml"}},
		{"broken configuration", func(t *testing.T, d string) { write(t, d+"/config.yaml", "x: [") }, 2, []string{"config.yaml", "YAML"}},
		{"no checkpoints", func(t *testing.T, d string) { os.RemoveAll(at(d)) }, 1, []string{"checkpoints", "last"}},
		{"rubbish in the pointer", func(t *testing.T, d string) { write(t, at(d, "last"), "../../x") }, 1, []string{"last", "../../x", "step-"}},
		{"empty pointer", func(t *testing.T, d string) { write(t, at(d, "last"), "") }, 1, []string{"last"}},
		{"pointer to nowhere", func(t *testing.T, d string) { write(t, at(d, "last"), "step-00000009") }, 1, []string{"step-00000009"}},
		{"truncated data", func(t *testing.T, d string) { os.Truncate(at(d, data), 1000) }, 1, []string{"step-00000004", "restored"}},
		{"no data", func(t *testing.T, d string) { os.Remove(at(d, data)) }, 1, []string{"step-00000004"}},
		{"truncated index", func(t *testing.T, d string) { os.Truncate(at(d, index), 100) }, 1, []string{"step-00000004"}},
		{"no index", func(t *testing.T, d string) { os.Remove(at(d, index)) }, 1, []string{"step-00000004"}},
		{"a flipped bit", func(t *testing.T, d string) {
			raw, err := os.ReadFile(at(d, data))
			if err != nil {
				t.Fatal(err)
			}
			raw[1000] ^= 1
			write(t, at(d, data), string(raw))
		}, 1, []string{"step-00000004"}},
		{"broken state", func(t *testing.T, d string) { write(t, at(d, "step-00000004/state.json"), "{") }, 1, []string{"state.json"}},
		{"broken manifest", func(t *testing.T, d string) { write(t, at(d, "step-00000004/manifest.txt"), "x\n") }, 1, []string{"manifest.txt", `line "x"`}},
		{"empty manifest", func(t *testing.T, d string) { write(t, at(d, "step-00000004/manifest.txt"), "") }, 1, []string{"manifest.txt", "it is empty"}},
		{"no pointer", func(t *testing.T, d string) { os.Remove(at(d, "last")) }, 1, []string{`want a pointer file "last"`, "write step-00000004"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := spoiled(t)
			row.spoil(t, dir)
			unwarp(t, "evaluate", dir, "--checkpoint", "last").fails(t, row.code, row.names...)
		})
	}
}

func TestResumeRefusesAnotherRun(t *testing.T) {
	dir := spoiled(t)
	before := files(t, filepath.Join(dir, "checkpoints"))
	unwarp(t, "train", "--resume", dir, "--set", "seed=7").failsAfter(t, 1, "config.yaml", "seed is 7 instead of 1")
	unwarp(t, "train", "--resume", dir, "--set", "model.width=16").failsAfter(t, 4, "model.width is 16 instead of 4")
	after := files(t, filepath.Join(dir, "checkpoints"))
	if len(before) != len(after) {
		t.Errorf("checkpoints changed: %s to %s", names(before), names(after))
	}
	for name, raw := range before {
		if string(after[name]) != string(raw) {
			t.Errorf("%s changed", name)
		}
	}
}

// failsAfter is fails for commands that have said something before.
func (r result) failsAfter(t *testing.T, code int, names ...string) {
	t.Helper()
	r.err = r.last() + "\n"
	r.fails(t, code, names...)
}

// A baseline that cannot be read is refused before an attack runs.
func TestBaselineIsReadFirst(t *testing.T) {
	home := t.TempDir()
	unwarp(t, "attack", trained(t), "--attack", "fgsm", "--images", "4", "--baseline", "nowhere", "--out", home).
		fails(t, exitUsage, "attack.baseline", "nowhere")
	if _, err := os.Stat(filepath.Join(home, "attack", "journal.jsonl")); err == nil {
		t.Error("want no attack begun, found its journal")
	}
}
