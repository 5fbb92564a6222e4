package main

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"unwarp/tools/internal/report"
)

// TestEmbed: figures, table and files agree with one another and with what
// unwarp attack finds.
func TestEmbed(t *testing.T) {
	run, out := trained(t), filepath.Join(t.TempDir(), "figure4")
	args := []string{"embed", run, "--count", "0", "--fit", "40", "--perplexity", "5", "--iterations", "60", "--attack", "fgsm(eps=.3)", "--out", out, "--json"}
	var e embedReport
	must(t, args...).decode(t, &e)
	if e.Images != 30 || e.Fitted != 40 || len(e.Codes) != 3 || e.Codes[0].Size != 16 || e.Codes[2].Code != "geometry" || e.Codes[2].Size != 8 {
		t.Fatalf("embed: %+v", e)
	}
	var a report.Record
	must(t, "attack", run, "--json", "--checks", "0", "--images", "0", "--attack", "fgsm(eps=.3)", "--out", t.TempDir()).decode(t, &a)
	if broken := a.Evaluation.MisclassifiedCount(0, .3); e.Found != broken || broken == 0 {
		t.Errorf("embed found %d examples, attack %d", e.Found, broken)
	}
	if math.Abs(e.Before-float64(a.Evaluation.CleanCorrect)/30) > 1e-12 || math.Abs(e.Before-*e.After-float64(e.Found)/30) > 1e-12 {
		t.Errorf("accuracy %g before, %g after, %d of 30 misclassified, %d correct before", e.Before, *e.After, e.Found, a.Evaluation.CleanCorrect)
	}
	for _, h := range e.Codes {
		if h.After == nil || h.KL == nil || !(*h.KL > 0) || h.Factors == nil || len(h.Factors.Factors)+len(h.Factors.Unseen) != 12 {
			t.Errorf("%s: %+v", h.Code, h)
		}
	}
	for _, name := range []string{"embed-tsne.svg", "embed-tsne.png", "embed-pca.svg", "embed-pca.png", "embed.csv", "embed.json"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}

	f, err := os.Open(filepath.Join(out, "embed.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1+2*3*(30+a.Evaluation.CleanCorrect) || strings.Join(rows[0], ",") != "index,class,code,method,when,x,y" {
		t.Fatalf("embed.csv: %d rows, %v, %v", len(rows), rows[0], err)
	}
	// The first principal component of what was mapped together has no mean.
	sum := 0.
	for _, r := range rows[1:] {
		i, err := strconv.Atoi(r[0])
		if class, _ := strconv.Atoi(r[1]); err != nil || i < 0 || i >= 30 || int(a.Evaluation.Labels[i]) != class {
			t.Errorf("row %v: want the class of image %d", r, i)
		}
		if r[2] == "geometry" && r[3] == "pca" {
			x, err := strconv.ParseFloat(r[5], 64)
			if sum += x; err != nil {
				t.Error(err)
			}
		}
	}
	if math.Abs(sum) > 1e-3 {
		t.Errorf("the first component adds up to %g", sum)
	}

	before := files(t, out)
	must(t, args...)
	for name, raw := range files(t, out) {
		if string(before[name]) != string(raw) {
			t.Errorf("%s: the second time it is another", name)
		}
	}
}

// TestEmbedKinds: models without a geometric code have one map; without attack
// nothing stands after it.
func TestEmbedKinds(t *testing.T) {
	for _, kind := range []string{"base", "reconstruction"} {
		out := t.TempDir()
		var e embedReport
		r := must(t, "embed", plainModel(t, kind), "--count", "10", "--fit", "20", "--method", "pca", "--attack", "none", "--out", out, "--json")
		r.decode(t, &e)
		if len(e.Codes) != 1 || e.Codes[0].Code != "embedding" || e.Codes[0].After != nil || e.After != nil || e.Attack != "" || e.Images != 10 || len(e.Files) != 4 {
			t.Errorf("%s: %+v", kind, e)
		}
		table, err := os.ReadFile(filepath.Join(out, "embed.csv"))
		if err != nil {
			t.Fatal(err)
		}
		for k, line := range strings.Split(strings.TrimSpace(string(table)), "\n")[1:] { // one of each three of 30
			index, _, _ := strings.Cut(line, ",")
			if i, err := strconv.Atoi(index); err != nil || i/3 != k {
				t.Errorf("row %d: want one of the images %d to %d, got %q", k, 3*k, 3*k+2, line)
			}
		}
		words := must(t, "embed", plainModel(t, kind), "--count", "10", "--fit", "20", "--method", "pca", "--attack", "none", "--out", out).out
		for _, want := range []string{"1-NN", "the classifier itself", "rotation", "embed-pca.png"} {
			if !strings.Contains(words, want) {
				t.Errorf("%s: want %q in\n%s", kind, want, words)
			}
		}
		if strings.Contains(words, "after") {
			t.Errorf("%s: no attack, but\n%s", kind, words)
		}
	}
}
