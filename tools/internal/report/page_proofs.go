package report

import (
	"fmt"

	"unwarp/attacks"
)

// proofPanel shows a certificate: curves of both bounds, and the counts.
type proofPanel struct {
	Title, Headline, Note string
	Chart                 figure
	Head                  []string
	Rows                  []proofRow
}

type proofRow struct {
	Size                  string
	Proven, Broken, Open  string
	Lower, Upper, Sampled string
}

// addProofs adds a panel for each certificate of each run.
func (r *Report) addProofs(p *page) error {
	for i, f := range r.Runs {
		for k, c := range f.Certificates {
			if len(c.Points) == 0 {
				continue
			}
			panel, err := newProofPanel(r.id("proofs%d-%d", i, k), f, c)
			if err != nil {
				return err
			}
			if panel.Title = c.describeThreat() + ", by " + c.describeMethod(); len(r.Runs) > 1 {
				panel.Title = r.names[i] + ": " + panel.Title
			}
			p.Proofs = append(p.Proofs, panel)
		}
	}
	return nil
}

func newProofPanel(id string, f SummaryData, c CertificateSummary) (proofPanel, error) {
	out := proofPanel{Headline: c.Headline}
	if c.Proves != "" {
		out.Note = "These proofs are of " + shortName(c.Proves) + ", not of the model that the attacks saw."
	}
	if words := c.describeProvers(); words != "" {
		out.Note += " " + words
	}
	if c.Radii != nil {
		out.Note += " " + c.describeRadii()
	}
	if c.Confidence != "" {
		out.Note += " " + c.describeConfidence()
	}
	for _, q := range c.Points {
		broken := formatCount(q.Broken + q.Misclassified)
		open := formatCount(q.Open)
		if q.Abstained > 0 {
			open += fmt.Sprintf(" and %s without answer", formatCount(q.Abstained))
		}
		out.Rows = append(out.Rows, proofRow{
			c.formatSize(q.Size), formatCount(q.Proven), broken, open,
			fmt.Sprintf("%.1f", 100*q.Lower.Share), fmt.Sprintf("%.1f", 100*q.Upper.Share), fmt.Sprintf("%.1f–%.1f", 100*q.Interval[0], 100*q.Interval[1]),
		})
	}
	svg, err := c.chart(f).renderSVG(id)
	if err != nil {
		return out, err
	}
	out.Chart = figure{Caption: "Share of images that stay right, between its bounds", Chart: svg}
	for _, q := range c.chart(f).curves {
		out.Chart.Keys = append(out.Chart.Keys, key{q.key(), q.name})
	}
	return out, nil
}

// chart draws both bounds against the size.
func (c CertificateSummary) chart(f SummaryData) chart {
	lower, upper := curve{name: "proven: at least these", style: 0, strong: true}, curve{name: "not broken: at most these", style: 1, strong: true}
	var ticks []float32
	if c.Proves == "" { // nothing is changed at size 0
		start := curvePoint{0, f.Clean.Share, f.Clean.Low, f.Clean.High}
		lower.points, upper.points = append(lower.points, start), append(upper.points, start)
	}
	for _, p := range c.Points {
		x := float64(p.Size)
		lower.points = append(lower.points, curvePoint{x, p.Lower.Share, p.Lower.Low, p.Lower.High})
		upper.points = append(upper.points, curvePoint{x, p.Upper.Share, p.Upper.Low, p.Upper.High})
		ticks = append(ticks, p.Size)
	}
	if c.Radii != nil {
		lower.points = c.radiusCurve(f)
	}
	x := "size"
	if isNorm(c.Threat) {
		x = "eps, " + normSymbol(attacks.Norm(c.Threat))
	} else if c.Unit != "" {
		x += ", " + shortName(c.Unit)
	}
	return chart{title: "Bounds of the share of images that stay right against the size of the change: " + listNames([]curve{lower, upper}), x: x, curves: []curve{lower, upper}, shares: true, ticks: ticks}
}

// radiusCurve is the share of the images proven at each radius that was found.
func (c CertificateSummary) radiusCurve(f SummaryData) []curvePoint {
	out := []curvePoint{{0, f.Clean.Share, f.Clean.Low, f.Clean.High}}
	for _, q := range c.Radii.Curve {
		r := NewRate(int(q.Share*float64(f.Images)+.5), f.Images)
		out = append(out, curvePoint{q.Radius, r.Share, r.Low, r.High})
	}
	return out
}
