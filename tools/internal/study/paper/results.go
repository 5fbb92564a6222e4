package paper

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"unwarp/attacks"
)

// noFigure marks a figure that the paper does not have.
var noFigure = math.NaN()

// Count is the number of images that were classified correctly.
type Count struct {
	Right  int `json:"right"`
	Images int `json:"images"`
}

// Run is what was measured on one trained model.
type Run struct {
	Arm         string
	Seed        uint64
	Train       int              // images it was trained on
	Classes     int              // of them, 0 if unknown
	Accuracy    map[string]Count // without attack, by part
	Evaluations []*attacks.Evaluation
}

// Results are runs of several arms and seeds.
type Results []*Run

// Holds tells whether the run has all that the table measures on its arm, on so
// many images (0 for all), at most as many as the test part has.
func (r *Run) Holds(t Table, images int) bool {
	for _, row := range t.Rows {
		for _, c := range row.Cells {
			if c.Arm != r.Arm {
				continue
			}
			if _, ok := r.measure(c, t.Success, images); !ok {
				return false
			}
		}
	}
	return true
}

// measure returns a cell in per cent; false where the run does not hold it.
func (r *Run) measure(c Cell, d Definition, images int) (float64, bool) {
	if c.Attack == "" {
		n, ok := r.Accuracy[c.Part]
		return 100 * float64(n.Right) / float64(max(1, n.Images)), ok && n.Images > 0
	}
	if all := r.Accuracy["test"].Images; images == 0 || all > 0 && images > all {
		images = all
	}
	for _, e := range r.Evaluations {
		if e.Images != images {
			continue
		}
		for s := range e.Attacks {
			if withoutEps(e.Attacks[s].Attack) != normaliseAttack(c.Attack) {
				continue
			}
			if wrong, ok := countMisclassified(e, s, c.Eps); ok {
				if d == Conditional {
					return 100 * float64(wrong) / float64(max(1, e.CleanCorrect)), true
				}
				return 100 * (1 - float64(e.CleanCorrect-wrong)/float64(e.Images)), true
			}
		}
	}
	return 0, false
}

// countMisclassified counts the images, correct without attack, that are
// misclassified under attack s at eps, or at any distance where eps is 0; false if
// the attack was not run there on each of them.
func countMisclassified(e *attacks.Evaluation, s int, eps float32) (n int, ok bool) {
	if eps > 0 {
		k := slices.Index(e.Attacks[s].Radii, eps)
		if k < 0 {
			return 0, false
		}
		n, tried := e.SingleRuns(s, k)
		return n, tried == e.CleanCorrect
	}
	done := 0
	for _, a := range e.Attacks[s].Results {
		if a.Done {
			done++
			if !math.IsInf(float64(a.Distance), 1) {
				n++
			}
		}
	}
	return n, done == e.CleanCorrect
}

// overSeeds returns a cell's values over seeds.
func (rs Results) overSeeds(c Cell, d Definition, images int) (x []float64) {
	for _, r := range rs {
		if r.Arm == c.Arm {
			if v, ok := r.measure(c, d, images); ok {
				x = append(x, v)
			}
		}
	}
	return x
}

// cleanAccuracy returns the accuracies of an arm without attack, per cent, over
// seeds.
func (rs Results) cleanAccuracy(arm string) []float64 {
	return rs.overSeeds(Cell{Arm: arm, Part: "test"}, "", 0)
}

// normaliseAttack writes an attack as evaluations do.
func normaliseAttack(text string) string {
	a, err := attacks.Parse(text)
	if err != nil {
		panic(fmt.Sprintf("paper: %v", err)) // the tables are ours, and tested
	}
	return attacks.Text(a)
}

var epsKey = regexp.MustCompile(`\beps=[^,)]*,?`)

// withoutEps returns the text of an attack without its own radii.
func withoutEps(attack string) string {
	attack = epsKey.ReplaceAllString(attack, "")
	return strings.TrimSuffix(strings.ReplaceAll(attack, ",)", ")"), "()")
}

// Figure is a mean with its sample standard deviation over N seeds.
type Figure struct {
	Mean float64 `json:"mean"`
	Std  float64 `json:"std"`
	N    int     `json:"seeds"`
}

func newFigure(x []float64) Figure {
	f := Figure{N: len(x)}
	for _, v := range x {
		f.Mean += v / float64(len(x))
	}
	if len(x) > 1 {
		for _, v := range x {
			f.Std += (v - f.Mean) * (v - f.Mean)
		}
		f.Std = math.Sqrt(f.Std / float64(len(x)-1))
	}
	return f
}

// format writes mean ± std, the mean alone for one seed, "–" for none.
func (f Figure) format(digits int) string {
	switch f.N {
	case 0:
		return "–"
	case 1:
		return fmt.Sprintf("%.*f", digits, f.Mean)
	}
	return fmt.Sprintf("%.*f ± %.*f", digits, f.Mean, digits, f.Std)
}
