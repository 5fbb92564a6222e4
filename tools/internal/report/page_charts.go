package report

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/attacks"
)

// newChartPair draws accuracy and success, with one legend for each.
func newChartPair(id, title string, m measure, ticks []float32, accuracy, success []curve) ([]figure, error) {
	out := []figure{{Caption: "Accuracy under attack"}, {Caption: "Success: misclassified after, given correct before"}}
	for k, curves := range [][]curve{accuracy, success} {
		c := chart{title: fmt.Sprintf("%s. %s against %s, for %s", title, out[k].Caption, m.unit(), listNames(curves)), x: m.axis(), curves: curves, shares: true, ticks: ticks}
		svg, err := c.renderSVG(fmt.Sprintf("%s-%d", id, k))
		if err != nil {
			return nil, err
		}
		out[k].Chart = svg
		for _, q := range curves {
			out[k].Keys = append(out[k].Keys, key{q.key(), q.name})
		}
	}
	return out, nil
}

func listNames(curves []curve) string {
	var names []string
	for _, c := range curves {
		names = append(names, c.name)
	}
	return strings.Join(names, "; ")
}

// accuracyCurve returns the accuracy at each radius; its first point is without
// attack.
func accuracyCurve(clean Rate, points []Point) []curvePoint {
	out := []curvePoint{{0, clean.Share, clean.Low, clean.High}}
	for _, q := range points {
		out = append(out, curvePoint{float64(q.Eps), q.Robust.Share, q.Robust.Low, q.Robust.High})
	}
	return out
}

func successCurve(clean Rate, points []Point) []curvePoint {
	out := []curvePoint{{}}
	if clean.Count == 0 {
		return nil
	}
	for _, q := range points {
		out = append(out, curvePoint{float64(q.Eps), q.Misclassified.Share, q.Misclassified.Low, q.Misclassified.High})
	}
	return out
}

// addAttackCharts draws one panel for each family of attacks of a single run, or
// for each attack of several.
func (r *Report) addAttackCharts(p *page) error {
	if len(r.Runs) == 1 {
		return r.addFamilyCharts(p, r.Runs[0])
	}
	for n, text := range r.listAttacks() {
		for k, m := range r.listMeasures() {
			if err := r.addAttackChart(p, r.id("attack%d-%d", n, k), text, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// addAttackChart draws an attack of the runs with a norm, where it was run.
func (r *Report) addAttackChart(p *page, id, text string, m measure) error {
	var accuracy, success []curve
	title := text
	for i, f := range r.Runs {
		k := findAttack(f, text)
		if k < 0 || f.measure() != m || len(f.Attacks[k].Points) == 0 {
			continue
		}
		a := f.Attacks[k]
		points, name := pointsOf(a), r.runLabel(i)
		if runs := a.describeRuns(); runs != "" {
			name += " (" + runs + ")"
		}
		title = a.Title
		accuracy = append(accuracy, curve{name, i, false, accuracyCurve(f.Clean, points)})
		success = append(success, curve{name, i, false, successCurve(f.Clean, points)})
	}
	if len(accuracy) == 0 {
		return nil
	}
	return p.addPanel(id, title, m, r.listRadii(m), accuracy, success)
}

// runLabel is a run's name. It warns where the run's accuracies of single attacks
// are cumulative and those of another run are not: they cannot be compared.
func (r *Report) runLabel(i int) string {
	mixed := slices.ContainsFunc(r.Runs, func(f SummaryData) bool { return f.Exhaustive != r.Runs[i].Exhaustive })
	if mixed && !r.Runs[i].Exhaustive {
		return r.names[i] + " (cumulative)"
	}
	return r.names[i]
}

func (p *page) addPanel(id, title string, m measure, ticks []float32, accuracy, success []curve) error {
	pair, err := newChartPair(id, title, m, ticks, accuracy, success)
	if err != nil {
		return err
	}
	keys := pair[0].Keys
	pair[0].Keys, pair[1].Keys = nil, nil
	p.Panels = append(p.Panels, panel{Title: title, Figures: pair, Keys: keys})
	return nil
}

var familyWords = map[attacks.Family]string{
	attacks.Baseline: "Baselines: no knowledge of the model", attacks.WhiteBox: "White box: along the model's gradient",
	attacks.Adaptive: "Adaptive: designed for this model", attacks.Score: "Black box, reading scores",
	attacks.Decision: "Black box, reading the class alone", attacks.Transfer: "Transfer: along another model's gradient",
}

func (r *Report) addFamilyCharts(p *page, f SummaryData) error {
	for _, family := range []attacks.Family{attacks.Baseline, attacks.WhiteBox, attacks.Adaptive, attacks.Score, attacks.Decision, attacks.Transfer} {
		var accuracy, success []curve
		for _, a := range f.Attacks {
			if points := pointsOf(a); a.Family == family && len(points) > 0 {
				accuracy = append(accuracy, curve{a.label(), len(accuracy) + 1, false, accuracyCurve(f.Clean, points)})
				success = append(success, curve{a.label(), len(success) + 1, false, successCurve(f.Clean, points)})
			}
		}
		if len(accuracy) == 0 {
			continue
		}
		accuracy = append(accuracy, curve{worstCaseName(mayClaimRobustness(f)), 0, true, accuracyCurve(f.Clean, f.Worst)})
		success = append(success, curve{worstCaseName(mayClaimRobustness(f)), 0, true, successCurve(f.Clean, f.Worst)})
		if err := p.addPanel(r.id("family-%s", family), familyWords[family], f.measure(), f.Radii, accuracy, success); err != nil {
			return err
		}
	}
	return nil
}

func pointsOf(a AttackSummary) []Point {
	var out []Point
	for _, q := range a.Points {
		out = append(out, q.Point)
	}
	return out
}

func (r *Report) addWorstCase(p *page) error {
	for n, m := range r.listMeasures() {
		var accuracy, success chart
		for i, f := range r.Runs {
			if f.measure() == m && len(f.Worst) > 0 {
				points := f.Worst
				accuracy.curves = append(accuracy.curves, curve{r.names[i], i, true, accuracyCurve(f.Clean, points)})
				success.curves = append(success.curves, curve{r.names[i], i, true, successCurve(f.Clean, points)})
			}
		}
		if len(accuracy.curves) == 0 {
			continue
		}
		pair, err := newChartPair(r.id("worst%d", n), "Worst case per image", m, r.listRadii(m), accuracy.curves, success.curves)
		if err != nil {
			return err
		}
		p.Worst = append(p.Worst, pair...)
		p.Threats = append(p.Threats, m.describe())
	}
	for i, f := range r.Runs {
		if len(f.Worst) == 0 {
			continue
		}
		d := definition{Name: r.names[i], Unit: f.measure().unit(), Rows: []definitionRow{{"0", rateCell(f.Clean), tableCell{Text: "–"}, tableCell{Text: "–"}}}}
		for _, q := range f.Worst {
			d.Rows = append(d.Rows, definitionRow{f.measure().format(q.Eps), rateCell(q.Robust), rateCell(q.Misclassified), rateCell(q.Changed)})
		}
		p.Definitions = append(p.Definitions, d)
	}
	return nil
}
