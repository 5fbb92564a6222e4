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
	Accuracy    map[string]Count // without attack, by part: train, test, familiar
	Evaluations []Evaluated
}

// Evaluated is an evaluation of the model, behind a defence where there is one.
type Evaluated struct {
	*attacks.Evaluation
	Defence string // as attack.defence writes it; "" for none
}

// Results are runs of several arms and seeds.
type Results []*Run

// Holds tells whether the run has all that is measured.
func (r *Run) Holds(m Measurement) bool {
	return !slices.ContainsFunc(m.Cells, func(c Cell) bool {
		_, ok := r.measure(c, All, m.Images)
		return !ok
	})
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
		if e.Images != images || e.Defence != c.Defence {
			continue
		}
		for s := range e.Attacks {
			if !isSameAttack(e.Attacks[s], c.attackOn(r.Seed)) {
				continue
			}
			if wrong, ok := countMisclassified(e.Evaluation, s, c.Eps); ok {
				return d.share(e.Images, e.CleanCorrect, wrong, c.Clean), true
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

// share is, in per cent, what the definition makes of an evaluation of so many
// images, right of which are right without attack, and wrong of these misclassified
// under it; clean ignores the attack.
func (d Definition) share(images, right, wrong int, clean bool) float64 {
	if clean {
		wrong = 0
	}
	switch d {
	case Conditional:
		return 100 * float64(wrong) / float64(max(1, right))
	case UnderAttack:
		return 100 * float64(right-wrong) / float64(images)
	}
	return 100 * (1 - float64(right-wrong)/float64(images))
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

// cleanAccuracy returns the accuracies of an arm on a part without attack, per cent,
// over seeds.
func (rs Results) cleanAccuracy(arm, part string) []float64 {
	return rs.overSeeds(Cell{Arm: arm, Part: part}, "", 0)
}

// cleanGap returns the largest difference of the mean accuracies without attack
// of two rows' models, column by column, in points. It is 0 where a row measures
// that accuracy itself.
func (rs Results) cleanGap(a, b Row) (gap float64) {
	for i := range min(len(a.Cells), len(b.Cells)) {
		if a.Cells[i].Attack == "" || b.Cells[i].Attack == "" {
			continue
		}
		x, y := newFigure(rs.cleanAccuracy(a.Cells[i].Arm, "test")), newFigure(rs.cleanAccuracy(b.Cells[i].Arm, "test"))
		gap = math.Max(gap, math.Abs(x.Mean-y.Mean))
	}
	return gap
}

// isSameAttack tells whether a result is of the attack that a table's text stands for, at
// any radii: with the same hyper-parameters, as far as the result has them, since a default
// may have been another.
func isSameAttack(have attacks.AttackResult, text string) bool {
	want := parseAttack(text)
	if withoutEps(have.Attack) != attacks.Text(want) {
		return false
	}
	values := map[string]string{}
	for _, p := range attacks.Params(want) {
		values[p.Key] = p.Value
	}
	return !slices.ContainsFunc(have.Params, func(p attacks.Param) bool {
		value, known := values[p.Key]
		return known && p.Key != "eps" && value != p.Value
	})
}

// parseAttack reads an attack of a table.
func parseAttack(text string) attacks.Attack {
	a, err := attacks.Parse(text)
	if err != nil {
		panic(fmt.Sprintf("paper: %v", err)) // the tables are ours, and tested
	}
	return a
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
