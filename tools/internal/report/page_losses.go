package report

import (
	"fmt"
	"math"
)

// addLosses draws, for each loss that attacks follow, its mean at each iterate:
// losses of different kinds share no axis.
func (r *Report) addLosses(p *page) error {
	var kinds []string
	by := map[string][]curve{}
	for i, f := range r.Runs {
		for _, a := range f.Attacks {
			if len(a.Loss) == 0 {
				continue
			}
			kind := "the attack's own loss"
			if len(a.Losses) > 0 {
				kind = lossName(a.Losses[0])
			}
			name := a.label()
			if len(r.Runs) > 1 {
				name = r.names[i] + ": " + name
			}
			var points []curvePoint
			for _, q := range a.Loss {
				if !math.IsInf(q.Mean, 0) && !math.IsNaN(q.Mean) {
					points = append(points, curvePoint{float64(q.Iterate), q.Mean, q.Mean, q.Mean})
				}
			}
			if by[kind] == nil {
				kinds = append(kinds, kind)
			}
			by[kind] = append(by[kind], curve{fmt.Sprintf("%s (%s)", name, countImages(a.Traced)), len(by[kind]), false, points})
		}
	}
	for n, kind := range kinds {
		c := chart{title: "Mean loss against iteration, " + kind + ": " + listNames(by[kind]), x: "iteration", curves: by[kind]}
		svg, err := c.renderSVG(r.id("loss%d", n))
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
