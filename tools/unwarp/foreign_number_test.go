package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
)

// numbersOf is the file of the network plain that gives class numbers instead of scores.
func numbersOf(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "numbers.onnx")
	if err := os.WriteFile(path, []byte("fake numbers"), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// A network that gives the number of a class is attacked by what needs that alone, with the
// distances that the same network with scores has; what reads scores is refused by name.
func TestForeignClassNumbers(t *testing.T) {
	scores, data := foreign(t, "plain", 1)
	numbers := numbersOf(t)
	var records [2]report.Record
	for i, model := range []string{scores, numbers} {
		out := filepath.Join(t.TempDir(), "out")
		args := []string{"attack", model, "--data", data, "--input-range", "0..1", "--eps", ".1 .3", "--images", "12", "--checks", "0", "--json", "--out", out}
		if i == 0 {
			args = append(args, "--attack", "random", "--attack", "hopskipjump(steps=20,budget=2000)")
		}
		done := must(t, args...)
		done.decode(t, &records[i])
		if i == 1 {
			wantText(t, done, "classes: 4, those of the data", "accuracy without attack: 100.0 %", "the output is the number of a class", "figures are upper bounds", "left out: attacks that follow a gradient or scores, of which the model gives none: fgsm, bim")
		}
	}
	with, without := records[0].Evaluation, records[1].Evaluation
	if without.CleanCorrect != 12 || !slices.Equal(with.Clean, without.Clean) {
		t.Errorf("%d correct", without.CleanCorrect)
	}
	if a, b := with.RobustCount(.3), without.RobustCount(.3); a != b || b == 12 {
		t.Errorf("%d images are left by their scores, %d by numbers", a, b)
	}
	for _, attack := range []string{"square", "pgd", "fgsm", "standard"} {
		r := unwarp(t, "attack", numbers, "--data", data, "--eps", ".3", "--attack", attack, "--out", t.TempDir())
		if wantText(t, r, "the predicted class alone, such as hopskipjump", "got \""+attack); r.code != exitUsage {
			t.Errorf("%s: exit code %d", attack, r.code)
		}
	}
	var e report.Evaluated
	if r := must(t, "evaluate", numbers, "--data", data); strings.Contains(r.out+r.err, "cross-entropy") || !strings.Contains(r.out, "accuracy") {
		t.Errorf("of class numbers there is no cross-entropy: %s%s", r.out, r.err)
	}
	wantText(t, must(t, "model", numbers), "of how many classes the file does not tell")
	asJSON := must(t, "evaluate", numbers, "--data", data, "--json")
	if asJSON.decode(t, &e); strings.Contains(asJSON.out, `"loss"`) || !strings.Contains(asJSON.out, `"accuracy"`) {
		t.Errorf("a cross-entropy of class numbers: %s", asJSON.out)
	}
	if e.Accuracy != 1 || e.Images != 60 {
		t.Errorf("evaluate: %+v", e)
	}
	out := filepath.Join(t.TempDir(), "out")
	wantText(t, must(t, "attack", numbers, "--data", data, "--eps", ".3", "--images", "12", "--checks", "12", "--attack", "battery", "--attack", "transfer(from="+filepath.Base(scores)+")", "--source", scores, "--out", out), "HopSkipJump", "transfer")
}

// Commands that want what only a model of unwarp has say so.
func TestForeignIsNotOurs(t *testing.T) {
	model, _ := foreign(t, "plain", 1)
	for _, command := range []string{"embed", "swap", "export"} {
		r := unwarp(t, command, model)
		r.fails(t, exitUsage, "got net.onnx, which another program wrote: train on it with unwarp train --data DATA --set 'model.encoder=onnx(path=")
		if len(r.last()) > 400 {
			t.Errorf("%s: %d characters", command, len(r.last()))
		}
	}
}
