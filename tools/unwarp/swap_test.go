package main

import (
	"bytes"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestSwap: the counts add up, the pairs are those asked for, and the same
// seed gives the same pictures.
func TestSwap(t *testing.T) {
	run, dir := spoiled(t), t.TempDir()
	strip, flow, walk := filepath.Join(dir, "strip.png"), filepath.Join(dir, "flow.png"), filepath.Join(dir, "walk.gif")
	var s swapReport
	must(t, "swap", run, "--pair", "3,17", "--pair", "29,0", "--count", "300", "--strip", strip, "--framework", flow, "--gif", walk, "--steps", "4", "--json").decode(t, &s)
	e := s.Counts
	if e == nil || e.Pairs != 300 || e.Appearance.Count+e.Geometry.Count+e.Neither.Count != 300 || !(e.Appearance.Low <= e.Appearance.Share && e.Appearance.Share <= e.Appearance.High) {
		t.Errorf("exchange: %+v", e)
	}
	if len(s.Pairs) != 2 || s.Pairs[0].Index != [2]int{3, 17} || s.Pairs[1].Index != [2]int{29, 0} {
		t.Errorf("pairs: %+v", s.Pairs)
	}
	own := filepath.Join(run, "pictures", "swap.png")
	if strings.Join(s.Pictures, " ") != own+" "+strip+" "+flow+" "+walk {
		t.Errorf("pictures: %v", s.Pictures)
	}
	for _, name := range []string{own, strip, flow} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(raw)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw, err := os.ReadFile(walk)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := gif.DecodeAll(bytes.NewReader(raw)); err != nil || len(g.Image) != 6 {
		t.Errorf("%s: %v", walk, err)
	}

	// An export is the same model.
	var x swapReport
	export := filepath.Join(dir, "export.png")
	must(t, "swap", filepath.Join(run, "export"), "--pair", "3,17", "--pair", "29,0", "--count", "300", "--out", export, "--json").decode(t, &x)
	if *x.Counts != *e {
		t.Errorf("the export's counts %+v differ from %+v", x.Counts, e)
	}
	first, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(export); err != nil || !bytes.Equal(first, second) {
		t.Errorf("the export's picture differs: %v", err)
	}

	// Random pairs are of different classes.
	var r swapReport
	must(t, "swap", run, "--pairs", "12", "--count", "0", "--field", "colour", "--part", "train", "--json").decode(t, &r)
	if r.Counts != nil || len(r.Pairs) != 12 {
		t.Errorf("random: %+v", r)
	}
	for _, p := range r.Pairs {
		if p.Class[0] == p.Class[1] {
			t.Errorf("a pair of one class: %+v", p)
		}
	}
	words := must(t, "swap", run, "--pairs", "1", "--count", "50").out
	for _, want := range []string{"the appearance donor's class", "the geometry donor's class", "neither", "the canonical image", own} {
		if !strings.Contains(words, want) {
			t.Errorf("want %q in\n%s", want, words)
		}
	}
}

// plain are runs of models without a geometric code.
var plain = map[string]func() (string, result){
	"base": sync.OnceValues(func() (string, result) { return plainRun("base") }), "reconstruction": sync.OnceValues(func() (string, result) { return plainRun("reconstruction") }),
}

func plainRun(kind string) (string, result) {
	trained := shared.dir // which the test made first; it is removed at the end
	dir := filepath.Join(trained, kind)
	var out, err bytes.Buffer
	file := filepath.Join(trained, kind+".yaml")
	os.WriteFile(file, []byte(tiny), 0o644)
	code := run([]string{"train", "--config", file, "--set", "model.kind=" + kind, "--set", "attack.attacks=", "--run", dir}, &out, &err)
	return dir, result{code, out.String(), err.String()}
}

// plainModel is the folder of a run of the kind.
func plainModel(t *testing.T, kind string) string {
	t.Helper()
	trained(t)
	dir, r := plain[kind]()
	if r.code != exitDone {
		t.Fatalf("train: exit code %d: %s", r.code, r.err)
	}
	return dir
}

func TestFigureMisuse(t *testing.T) {
	run, file := trained(t), configFile(t, tiny)
	fill := strings.NewReplacer("RUN", run, "FILE", file, "BASE", plainModel(t, "base"), "ABLATION", plainModel(t, "reconstruction")).Replace
	for _, row := range []struct {
		args  string
		names string // separated by ;
	}{
		{"swap", "run folder"},
		{"swap BASE", "disentangled;kind base"},
		{"swap ABLATION", "disentangled;kind reconstruction"},
		{"swap RUN --pair 3", "--pair;3,17"},
		{"swap RUN --pair 3,x", "--pair;3,x"},
		{"swap RUN --pair -1,3", "--pair;-1,3"},
		{"swap RUN --pair 3,30", "--pair;0..29;30"},
		{"swap RUN --pairs 0", "--pairs;0"},
		{"swap RUN --pairs 3 --pair 1,2", "--pairs;--pair"},
		{"swap RUN --count -1", "--count;-1"},
		{"swap RUN --steps 5", "--steps;--strip"},
		{"swap RUN --steps 1 --strip strip.png", "--steps;1"},
		{"swap RUN --strip strip.gif", "--strip;.png"},
		{"swap RUN --out twice.png --strip ./twice.png", "--strip;another file"},
		{"swap RUN --out twice.png --framework ./twice.png", "--framework;another file"},
		{"swap RUN --strip twice.png --framework ./twice.png", "--framework;--strip"},
		{"swap RUN --gif no/such/walk.gif", "--gif;no/such"},
		{"swap RUN --field wheel", "--field;arrows;wheel"},
		{"swap RUN --part tst", "--part;validation"},
		{"swap RUN --out swap.jpg", "--out;.png"},
		{"swap RUN/export", "export;--out"},
		{"embed", "run folder"},
		{"embed RUN --attack fgms", "fgms;fgsm"},
		{"embed RUN --attack fgsm(eps=3)", "fgsm(eps=3)"},
		{"embed RUN --count 3", "--count;10"},
		{"embed RUN --fit 3", "--fit;10"},
		{"embed RUN --count 20 --perplexity 30", "--perplexity;19;30"},
		{"embed RUN --perplexity 0", "--perplexity;0"},
		{"embed RUN --perplexity NaN", "--perplexity;NaN"},
		{"embed RUN --iterations 0", "--iterations;0"},
		{"embed RUN --method umap", "--method;tsne;umap"},
		{"embed RUN --method pca --perplexity 5", "--perplexity;--method pca"},
		{"embed RUN --attack none --eps .2", "--eps;--attack none"},
		{"embed RUN --eps .2", "--eps;fgsm(eps=.3);--attack"},
		{"embed RUN --out FILE", "--out;FILE;folder"},
		{"embed RUN/export", "export;--out"},
	} {
		t.Run(row.args, func(t *testing.T) {
			unwarp(t, strings.Split(fill(row.args), " ")...).fails(t, exitUsage, strings.Split(fill(row.names), ";")...)
		})
	}
}
