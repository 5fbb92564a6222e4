// Command tables prints tables 1, 2 and 10 of Duan et al. beside the figures of
// finished runs, as Markdown: mean ± sample standard deviation over seeds.
//
//	go run ./tools/tables runs/mnist-*
//
// It reads the summary.json of each run folder; no TensorFlow is needed.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/tables RUN...   prints tables 1, 2 and 10 of the paper beside the runs' figures")
		os.Exit(2)
	}
	runs, err := read(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
	write(os.Stdout, runs)
}

// run is what a table needs of a summary.json.
type run struct {
	Config struct {
		Model struct{ Kind string }
		Seed  uint64
	}
	Test    struct{ Accuracy float64 }
	Attacks struct {
		Images   int
		Outcomes []outcome
	}
}

type outcome struct {
	Attack, Loss         string
	Eps                  float32
	Steps, Images, Right int
}

func read(dirs []string) ([]run, error) {
	var out []run
	for _, d := range dirs {
		raw, err := os.ReadFile(filepath.Join(d, "summary.json"))
		if os.IsNotExist(err) {
			fmt.Fprintf(os.Stderr, "tables: %s has no summary.json (not finished?), left out\n", d)
			continue
		}
		var r run
		if err == nil {
			err = json.Unmarshal(raw, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: want a readable summary.json: %w", d, err)
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("want at least one finished run, got none of %v", dirs)
	}
	return out, nil
}

// row is one line of a table: the paper's figures, or what to look for in the
// runs.
type row struct {
	label string
	paper []float64
	kind  string // of the model
	loss  string // "" for random signs
	steps int
}

type table struct {
	title string
	eps   []float32
	rows  []row
}

var (
	large = []float32{.1, .2, .3, .4, .5}
	small = []float32{.01, .02, .03, .04, .05}
)

// The figures are those of Duan et al., per cent.
var tables = []table{
	{"Table 1: FGSM", large, append([]row{
		{label: "base CNN, *paper*", paper: []float64{76.3, 89.4, 96.7, 97.3, 97.6}},
		{label: "base CNN, on the classifier", kind: "base", loss: "classification", steps: 1},
		{label: "base CNN, on the classifier, margin loss", kind: "base", loss: "margin", steps: 1},
		{label: "base CNN, random signs", kind: "base", steps: 1},
		{label: "disentangled, *paper*", paper: []float64{8.8, 12.3, 16.2, 25.8, 38.5}},
	}, ours("disentangled", 1)...)},
	{"Table 10: FGSM, ablation", large, append([]row{
		{label: "reconstruction, *paper*", paper: []float64{11.5, 24.1, 43.8, 57.8, 67.6}},
	}, append(ours("reconstruction", 1),
		row{label: "disentangled, gradient of the whole training loss (closest to the paper)", kind: "disentangled", loss: "training", steps: 1},
		row{label: "disentangled, on the classifier", kind: "disentangled", loss: "classification", steps: 1})...)},
	{"Table 2: BIM, 2 and 3 steps of size eps", small, slices.Concat(
		[]row{
			{label: "base CNN (2), *paper*", paper: []float64{7.4, 29.4, 54.3, 74.4, 87.6}},
			{label: "base CNN (2), on the classifier", kind: "base", loss: "classification", steps: 2},
			{label: "disentangled (2), *paper*", paper: []float64{9.8, 20.6, 27.4, 31.0, 33.4}},
		}, bim(2), []row{
			{label: "base CNN (3), *paper*", paper: []float64{7.8, 30.7, 55.4, 75.3, 88.3}},
			{label: "base CNN (3), on the classifier", kind: "base", loss: "classification", steps: 3},
			{label: "disentangled (3), *paper*", paper: []float64{10.3, 22.1, 29.2, 32.4, 34.7}},
		}, bim(3), []row{
			{label: "base CNN, random signs", kind: "base", steps: 1},
			{label: "disentangled, random signs", kind: "disentangled", steps: 1},
		})},
}

func ours(kind string, steps int) []row {
	return []row{
		{label: kind + ", gradient of the whole training loss (closest to the paper)", kind: kind, loss: "training", steps: steps},
		{label: kind + ", on the classifier", kind: kind, loss: "classification", steps: steps},
		{label: kind + ", on the classifier, margin loss", kind: kind, loss: "margin", steps: steps},
		{label: kind + ", random signs", kind: kind, steps: steps},
	}
}

func bim(steps int) []row {
	n := fmt.Sprintf(" (%d)", steps)
	return []row{
		{label: "disentangled" + n + ", gradient of the whole training loss (closest to the paper)", kind: "disentangled", loss: "training", steps: steps},
		{label: "disentangled" + n + ", on the classifier", kind: "disentangled", loss: "classification", steps: steps},
	}
}

func write(w io.Writer, runs []run) {
	fmt.Fprintln(w, "| model | seeds | clean test accuracy, % |\n|---|---|---|")
	for _, kind := range []string{"base", "reconstruction", "disentangled"} {
		var acc []float64
		for _, r := range runs {
			if r.Config.Model.Kind == kind {
				acc = append(acc, 100*r.Test.Accuracy)
			}
		}
		if len(acc) > 0 {
			fmt.Fprintf(w, "| %s | %d | %s |\n", kind, len(acc), spread(acc, 2))
		}
	}
	for _, t := range tables {
		fmt.Fprintf(w, "\n**%s.** Attack success, 100 − accuracy under attack, %%; %s\n\n| eps |", t.title, counted(runs))
		for _, e := range t.eps {
			fmt.Fprintf(w, " %.4g |", e)
		}
		fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(t.eps)))
		for _, r := range t.rows {
			fmt.Fprintf(w, "| %s |", r.label)
			for i, e := range t.eps {
				if r.paper != nil {
					fmt.Fprintf(w, " *%.1f* |", r.paper[i])
				} else {
					fmt.Fprintf(w, " %s |", spread(find(runs, r, e), 1))
				}
			}
			fmt.Fprintln(w)
		}
	}
}

func counted(runs []run) string {
	n := map[int]bool{}
	for _, r := range runs {
		n[r.Attacks.Images] = true
	}
	var sizes []string
	for k := range n {
		sizes = append(sizes, fmt.Sprint(k))
	}
	slices.Sort(sizes)
	return strings.Join(sizes, " or ") + " test images."
}

// find collects the success rate of the row's attack over seeds.
func find(runs []run, w row, eps float32) []float64 {
	var out []float64
	for _, r := range runs {
		if r.Config.Model.Kind != w.kind {
			continue
		}
		for _, o := range r.Attacks.Outcomes {
			if o.Loss == w.loss && o.Eps == eps && o.Steps == w.steps && o.Images > 0 {
				out = append(out, 100*(1-float64(o.Right)/float64(o.Images)))
				break
			}
		}
	}
	return out
}

// spread is mean ± sample standard deviation, "–" without values.
func spread(x []float64, digits int) string {
	if len(x) == 0 {
		return "–"
	}
	mean, sq := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	if len(x) == 1 {
		return fmt.Sprintf("%.*f", digits, mean)
	}
	for _, v := range x {
		sq += (v - mean) * (v - mean)
	}
	return fmt.Sprintf("%.*f ± %.*f", digits, mean, digits, math.Sqrt(sq/float64(len(x)-1)))
}
