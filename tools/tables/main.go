// Command tables prints tables 1, 2, 7 and 10 of Duan et al. beside the figures
// of finished evaluations, as Markdown: mean ± sample standard deviation over
// seeds.
//
//	unwarp attack RUN --exhaustive --checks 0     # for each run
//	go run ./tools/tables runs/mnist-*
//
// It reads attack/evaluation.json of each folder; no TensorFlow is needed.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/tables RUN...   prints tables 1, 2, 7 and 10 of the paper beside the runs' figures")
		os.Exit(2)
	}
	runs, err := read(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
	write(os.Stdout, runs)
}

// run is what a table needs of an evaluation.
type run struct {
	Kind       string
	Seed       uint64
	Evaluation struct {
		Images     int
		CleanRight int `json:"clean_right"`
		Series     []series
	}
}

type series struct {
	Attack   string
	Radii    []float32
	Attempts []struct {
		Tried    string   // at each radius: '1' broken, '0' not, '.' not run
		Distance *float64 // nil: nothing found
		Done     bool
	}
}

func read(dirs []string) ([]run, error) {
	var out []run
	for _, d := range dirs {
		file := filepath.Join(d, "attack", "evaluation.json")
		raw, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			fmt.Fprintf(os.Stderr, "tables: %s is not there (make it with unwarp attack), left out\n", file)
			continue
		}
		var r run
		if err == nil {
			err = json.Unmarshal(raw, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: want a readable evaluation: %w", file, err)
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("want at least one evaluated run, got none of %v", dirs)
	}
	return out, nil
}

// row is one line of a table: the paper's figures, or what to look for in the
// runs.
type row struct {
	label  string
	paper  []float64
	kind   string   // of the model
	attack string   // as unwarp writes it, without its eps
	each   []string // attacks, one for each column, where the columns are no eps
}

type table struct {
	title string
	head  string
	eps   []float32
	rows  []row
}

var (
	large = []float32{.1, .2, .3, .4, .5}
	small = []float32{.01, .02, .03, .04, .05}
)

const whole = ", gradient of the whole training loss (closest to the paper)"

// The figures are those of Duan et al., per cent.
var tables = []table{
	{title: "Table 1: FGSM", head: "eps", eps: large, rows: append([]row{
		{label: "base CNN, *paper*", paper: []float64{76.3, 89.4, 96.7, 97.3, 97.6}},
		{label: "base CNN, on the classifier", kind: "base", attack: "fgsm"},
		{label: "base CNN, on the classifier, margin loss", kind: "base", attack: "fgsm(loss=margin)"},
		{label: "base CNN, random signs", kind: "base", attack: "random"},
		{label: "disentangled, *paper*", paper: []float64{8.8, 12.3, 16.2, 25.8, 38.5}},
	}, ours("disentangled")...)},
	{title: "Table 10: FGSM, ablation", head: "eps", eps: large, rows: append([]row{
		{label: "reconstruction, *paper*", paper: []float64{11.5, 24.1, 43.8, 57.8, 67.6}},
	}, append(ours("reconstruction"),
		row{label: "disentangled" + whole, kind: "disentangled", attack: "fgsm(loss=training)"},
		row{label: "disentangled, on the classifier", kind: "disentangled", attack: "fgsm"})...)},
	{title: "Table 2: BIM, 2 and 3 steps of size eps", head: "eps", eps: small, rows: slices.Concat(
		bim(2, []float64{7.4, 29.4, 54.3, 74.4, 87.6}, []float64{9.8, 20.6, 27.4, 31.0, 33.4}),
		bim(3, []float64{7.8, 30.7, 55.4, 75.3, 88.3}, []float64{10.3, 22.1, 29.2, 32.4, 34.7}),
		[]row{
			{label: "base CNN, random signs", kind: "base", attack: "random"},
			{label: "disentangled, random signs", kind: "disentangled", attack: "random"},
		})},
	{title: "Table 7: LocalSearch, 50 and 150 rounds", head: "rounds", rows: slices.Concat(
		searched("base", "base CNN", []float64{57.3, 62.5}),
		searched("disentangled", "disentangled", []float64{47.9, 57.8}))},
}

func ours(kind string) []row {
	return []row{
		{label: kind + whole, kind: kind, attack: "fgsm(loss=training)"},
		{label: kind + ", on the classifier", kind: kind, attack: "fgsm"},
		{label: kind + ", on the classifier, margin loss", kind: kind, attack: "fgsm(loss=margin)"},
		{label: kind + ", random signs", kind: kind, attack: "random"},
	}
}

func bim(steps int, base, disentangled []float64) []row {
	n := fmt.Sprintf(" (%d)", steps)
	plain, training := fmt.Sprintf("bim(preset=paper,steps=%d)", steps), fmt.Sprintf("bim(loss=training,preset=paper,steps=%d)", steps)
	return []row{
		{label: "base CNN" + n + ", *paper*", paper: base},
		{label: "base CNN" + n + ", on the classifier", kind: "base", attack: plain},
		{label: "disentangled" + n + ", *paper*", paper: disentangled},
		{label: "disentangled" + n + whole, kind: "disentangled", attack: training},
		{label: "disentangled" + n + ", on the classifier", kind: "disentangled", attack: plain},
	}
}

// searched are the rows of LocalSearch in its two readings; 150 rounds are its
// default.
func searched(kind, label string, paper []float64) []row {
	return []row{
		{label: label + ", *paper*", paper: paper},
		{label: label + ", as in the attack's own paper", kind: kind, each: []string{"localsearch(rounds=50)", "localsearch"}},
		{label: label + ", as in Foolbox 1", kind: kind, each: []string{"localsearch(mode=foolbox,rounds=50)", "localsearch(mode=foolbox)"}},
	}
}

// rounds are the columns of table 7.
var rounds = []int{50, 150}

func write(w io.Writer, runs []run) {
	fmt.Fprintln(w, "| model | seeds | clean accuracy, % |\n|---|---|---|")
	for _, kind := range []string{"base", "reconstruction", "disentangled"} {
		var acc []float64
		for _, r := range runs {
			if r.Kind == kind && r.Evaluation.Images > 0 {
				acc = append(acc, 100*float64(r.Evaluation.CleanRight)/float64(r.Evaluation.Images))
			}
		}
		if len(acc) > 0 {
			fmt.Fprintf(w, "| %s | %d | %s |\n", kind, len(acc), spread(acc, 2))
		}
	}
	for _, t := range tables {
		fmt.Fprintf(w, "\n**%s.** Attack success, 100 − accuracy under attack, %%; %s\n\n| %s |", t.title, counted(runs), t.head)
		columns := len(t.eps)
		for _, e := range t.eps {
			fmt.Fprintf(w, " %.4g |", e)
		}
		if columns == 0 {
			columns = len(rounds)
			for _, n := range rounds {
				fmt.Fprintf(w, " %d |", n)
			}
		}
		fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", columns))
		for _, r := range t.rows {
			fmt.Fprintf(w, "| %s |", r.label)
			for i := range columns {
				switch {
				case r.paper != nil:
					fmt.Fprintf(w, " *%.1f* |", r.paper[i])
				case t.eps != nil:
					fmt.Fprintf(w, " %s |", spread(find(runs, r.kind, r.attack, t.eps[i]), 1))
				default:
					fmt.Fprintf(w, " %s |", spread(find(runs, r.kind, r.each[i], 0), 1))
				}
			}
			fmt.Fprintln(w)
		}
	}
}

func counted(runs []run) string {
	n := map[int]bool{}
	for _, r := range runs {
		n[r.Evaluation.Images] = true
	}
	var sizes []string
	for k := range n {
		sizes = append(sizes, fmt.Sprint(k))
	}
	slices.Sort(sizes)
	return strings.Join(sizes, " or ") + " test images."
}

// find collects an attack's success over seeds: at eps, or, for an attack
// without radii, eps 0, at any distance.
func find(runs []run, kind, attack string, eps float32) []float64 {
	var out []float64
	for _, r := range runs {
		if r.Kind != kind || r.Evaluation.Images == 0 {
			continue
		}
		for _, s := range r.Evaluation.Series {
			k := slices.Index(s.Radii, eps)
			if withoutEps(s.Attack) != attack || eps > 0 && k < 0 {
				continue
			}
			if broken, ok := s.broken(k); ok {
				out = append(out, 100*(1-float64(r.Evaluation.CleanRight-broken)/float64(r.Evaluation.Images)))
				break
			}
		}
	}
	return out
}

// broken counts what the attack broke at radius k, -1 for any distance; false
// if it was not run there on every image that was right.
func (s series) broken(k int) (n int, ok bool) {
	for _, a := range s.Attempts {
		if !a.Done {
			continue
		}
		if k < 0 {
			if a.Distance != nil {
				n++
			}
			continue
		}
		if k >= len(a.Tried) || a.Tried[k] == '.' {
			return 0, false
		}
		if a.Tried[k] == '1' {
			n++
		}
	}
	return n, true
}

var epsKey = regexp.MustCompile(`\beps=[^,)]*,?`)

// withoutEps is the text of an attack without its own radii.
func withoutEps(attack string) string {
	attack = epsKey.ReplaceAllString(attack, "")
	return strings.TrimSuffix(strings.ReplaceAll(attack, ",)", ")"), "()")
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
