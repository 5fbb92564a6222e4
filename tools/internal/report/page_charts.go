package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"unwarp/attacks"
)

// pairOf draws accuracy and success, with one legend for each.
func pairOf(id, title string, norm attacks.Norm, ticks []float32, left, fooled []curve) ([]figure, error) {
	out := []figure{{Caption: "Accuracy left"}, {Caption: "Success: wrong after, given right before"}}
	for k, curves := range [][]curve{left, fooled} {
		c := chart{title: fmt.Sprintf("%s. %s against eps, for %s", title, out[k].Caption, nameList(curves)), x: "eps, " + normShort(norm), curves: curves, shares: true, ticks: ticks}
		svg, err := c.svg(fmt.Sprintf("%s-%d", id, k))
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

func nameList(curves []curve) string {
	var names []string
	for _, c := range curves {
		names = append(names, c.name)
	}
	return strings.Join(names, "; ")
}

// leftCurve begins without attack.
func leftCurve(clean Rate, points []Point) []place {
	out := []place{{0, clean.Share, clean.Low, clean.High}}
	for _, q := range points {
		out = append(out, place{float64(q.Eps), q.Left.Share, q.Left.Low, q.Left.High})
	}
	return out
}

func fooledCurve(clean Rate, points []Point) []place {
	out := []place{{}}
	if clean.Count == 0 {
		return nil
	}
	for _, q := range points {
		out = append(out, place{float64(q.Eps), q.Fooled.Share, q.Fooled.Low, q.Fooled.High})
	}
	return out
}

// attackCharts draws one panel for each family of attacks of a single run, or
// for each attack of several.
func (r *Report) attackCharts(p *page) error {
	if len(r.Runs) == 1 {
		return r.familyCharts(p, r.Runs[0])
	}
	for n, text := range r.texts() {
		for _, norm := range r.norms() {
			var left, fooled []curve
			title := text
			for i, f := range r.Runs {
				if k := find(f, text); k >= 0 && f.Norm == norm {
					points := own(f.Attacks[k])
					title = f.Attacks[k].Title
					left = append(left, curve{r.mode(i), i, false, leftCurve(f.Clean, points)})
					fooled = append(fooled, curve{r.mode(i), i, false, fooledCurve(f.Clean, points)})
				}
			}
			if len(left) == 0 {
				continue
			}
			if err := p.addPanel(fmt.Sprintf("attack%d%s", n, norm), title, norm, r.radii(norm), left, fooled); err != nil {
				return err
			}
		}
	}
	return nil
}

// mode is a run's name, with the warning that its figures of single attacks
// are cumulative where those of another run are not: they must not be taken for
// the same thing.
func (r *Report) mode(i int) string {
	mixed := slices.ContainsFunc(r.Runs, func(f Figures) bool { return f.Exhaustive != r.Runs[i].Exhaustive })
	if mixed && !r.Runs[i].Exhaustive {
		return r.names[i] + " (cumulative)"
	}
	return r.names[i]
}

func (p *page) addPanel(id, title string, norm attacks.Norm, ticks []float32, left, fooled []curve) error {
	pair, err := pairOf(id, title, norm, ticks, left, fooled)
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
	attacks.Adaptive: "Adaptive: made for this model", attacks.Score: "Black box, reading scores",
	attacks.Decision: "Black box, reading the class alone", attacks.Transfer: "Transfer: along another model's gradient",
	attacks.Natural: "Natural changes",
}

func (r *Report) familyCharts(p *page, f Figures) error {
	for _, family := range []attacks.Family{attacks.Baseline, attacks.WhiteBox, attacks.Adaptive, attacks.Score, attacks.Decision, attacks.Transfer, attacks.Natural} {
		var left, fooled []curve
		for _, a := range f.Attacks {
			if a.Family == family {
				points := own(a)
				left = append(left, curve{a.Title, len(left) + 1, false, leftCurve(f.Clean, points)})
				fooled = append(fooled, curve{a.Title, len(fooled) + 1, false, fooledCurve(f.Clean, points)})
			}
		}
		if len(left) == 0 {
			continue
		}
		left = append(left, curve{worstWords(claims(f)), 0, true, leftCurve(f.Clean, f.Worst)})
		fooled = append(fooled, curve{worstWords(claims(f)), 0, true, fooledCurve(f.Clean, f.Worst)})
		if err := p.addPanel("family-"+string(family), familyWords[family], f.Norm, f.Radii, left, fooled); err != nil {
			return err
		}
	}
	return nil
}

func own(a Attacked) []Point {
	var out []Point
	for _, q := range a.Points {
		out = append(out, q.Point)
	}
	return out
}

// losses draws, for each loss that attacks follow, its mean at each iterate:
// losses of different kinds share no axis.
func (r *Report) losses(p *page) error {
	var kinds []string
	by := map[string][]curve{}
	for i, f := range r.Runs {
		for _, a := range f.Attacks {
			if len(a.Loss) == 0 {
				continue
			}
			kind := "what the attack itself follows"
			if len(a.Losses) > 0 {
				kind = lossNames(a.Losses[0])
			}
			name := a.Title
			if len(r.Runs) > 1 {
				name = r.names[i] + ": " + name
			}
			var points []place
			for _, q := range a.Loss {
				if !math.IsInf(q.Mean, 0) && !math.IsNaN(q.Mean) {
					points = append(points, place{float64(q.Iterate), q.Mean, q.Mean, q.Mean})
				}
			}
			if by[kind] == nil {
				kinds = append(kinds, kind)
			}
			by[kind] = append(by[kind], curve{fmt.Sprintf("%s (%s)", name, images(a.Traced)), len(by[kind]), false, points})
		}
	}
	for n, kind := range kinds {
		c := chart{title: "Mean loss against iteration, " + kind + ": " + nameList(by[kind]), x: "iteration", curves: by[kind]}
		svg, err := c.svg(fmt.Sprintf("loss%d", n))
		if err != nil {
			return err
		}
		fig := figure{Caption: "Mean loss: " + kind, Chart: svg}
		for _, q := range by[kind] {
			fig.Keys = append(fig.Keys, key{q.key(), q.name})
		}
		p.Losses = append(p.Losses, fig)
	}
	return nil
}
