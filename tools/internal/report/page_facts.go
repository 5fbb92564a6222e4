package report

import (
	"fmt"
	"slices"
	"strings"

	"unwarp/tools/internal/printable"
)

func (r *Report) addCosts(p *page) error {
	p.Cost = r.tablePerAttack(table{Head: []string{"images", "forward", "backward", "referee", "passes", "seconds", "images broken", "passes each", "seconds each"}}, func(_ SummaryData, a AttackSummary) []tableCell {
		if !a.wasRun() {
			return slices.Repeat([]tableCell{{Text: "–"}}, 9)
		}
		each := func(n int) tableCell { return tableCell{Text: fmt.Sprintf("%.1f", float64(n)/float64(a.Attempted))} }
		cells := []tableCell{{Text: fmt.Sprint(a.Attempted)}, each(a.Cost.Forward), each(a.Cost.Backward), each(a.Cost.Referee)}
		for _, text := range a.Spent.cells() {
			cells = append(cells, tableCell{Text: text})
		}
		return cells
	})
	n := 0
	for i, f := range r.Runs {
		for _, a := range f.Attacks {
			if a.Queries == nil {
				continue
			}
			name := a.label()
			if len(r.Runs) > 1 {
				name = r.names[i] + ": " + name
			}
			c := chart{title: fmt.Sprintf("Images by forward passes until the first example, %s; median %d", name, a.Queries.Median), x: "forward passes, from", bars: a.Queries.Bins}
			svg, err := c.renderSVG(r.id("queries%d", n))
			if err != nil {
				return err
			}
			n++
			p.Queries = append(p.Queries, figure{Caption: fmt.Sprintf("%s: median %d", name, a.Queries.Median), Chart: svg})
		}
	}
	return nil
}

// facts describe a run and its evaluation.
var facts = []struct {
	name string
	of   func(f SummaryData) string
}{
	{"Model", func(f SummaryData) string { return strings.TrimSpace(f.Kind + " " + f.Encoder) }},
	{"Checkpoint", func(f SummaryData) string { return f.Checkpoint }},
	{"Model hash", func(f SummaryData) string { return f.ModelHash }},
	{"Data", func(f SummaryData) string { return strings.TrimSpace(f.Set + " " + f.Part) }},
	{"Data hash", func(f SummaryData) string { return f.DataHash }},
	{"Images", func(f SummaryData) string {
		return fmt.Sprintf("%d of %d×%d×%d, %s", f.Images, f.Shape[0], f.Shape[1], f.Shape[2], printable.Count(f.Classes, "class"))
	}},
	{"Threat", func(f SummaryData) string { return f.describeThreat() }},
	{"Attacks", func(f SummaryData) string {
		if len(f.Attacks) == 0 {
			return "none"
		}
		if f.Exhaustive {
			return "exhaustive: each on every image at every radius"
		}
		return "each only on images and radii that are still classified correctly"
	}},
	{"Ended", func(f SummaryData) string {
		if f.Stopped != "" {
			return fmt.Sprintf("early: %s; %d attempts not made", f.Stopped, f.Missing)
		}
		if f.Shards > 0 {
			return "complete, in " + printable.Count(f.Shards, "shard")
		}
		return "complete"
	}},
	{"Seed", func(f SummaryData) string { return fmt.Sprint(f.Seed) }},
	{"Gradients", func(f SummaryData) string { return f.Precision }},
	{"Successes", func(f SummaryData) string {
		if len(f.Attacks) == 0 {
			return "none, since nothing was attacked"
		}
		return "verified in float32, by a separate forward pass over each changed image"
	}},
	{"Time", func(f SummaryData) string {
		if len(f.Attacks) == 0 {
			return describeProofTime(f.Certificates)
		}
		text := fmt.Sprintf("%.1f s; %d forward, %d backward, %d referee passes", f.Seconds, f.Cost.Forward, f.Cost.Backward, f.Cost.Referee)
		if s := f.Spent; s.Broken > 0 {
			text += fmt.Sprintf("; %.0f passes and %.2g s for each of %s broken", s.PassesPerBroken, s.SecondsPerBroken, countImages(s.Broken))
		}
		return text
	}},
	{"Date", func(f SummaryData) string {
		if f.Date.IsZero() {
			return ""
		}
		return f.Date.UTC().Format("2006-01-02 15:04 UTC")
	}},
	{"Machine", func(f SummaryData) string { return f.Machine }},
	{"unwarp", func(f SummaryData) string { return f.Version }},
	{"TensorFlow", func(f SummaryData) string { return f.TensorFlow }},
	{"Command", func(f SummaryData) string { return f.Command }},
	{"Evidence", func(f SummaryData) string {
		if f.Bundle == nil {
			return "no bundle (unwarp attack --bundle)"
		}
		return fmt.Sprintf("%s, SHA-256 %s; unwarp verify recomputes it", f.Bundle.Name, f.Bundle.SHA256)
	}},
}

// describeProofTime is the time that all proofs took.
func describeProofTime(all []CertificateSummary) string {
	seconds := 0.
	for _, c := range all {
		seconds += c.Seconds
	}
	return fmt.Sprintf("%.1f s of proofs", seconds)
}

// addFacts adds what is needed to repeat the evaluations.
func (r *Report) addFacts(p *page) error {
	p.Facts = table{Head: r.names}
	for _, fact := range facts {
		row := tableRow{Name: fact.name, First: true, Span: 1}
		for _, f := range r.Runs {
			row.Cells = append(row.Cells, tableCell{Text: orUnknown(fact.of(f))})
		}
		p.Facts.Rows = append(p.Facts.Rows, row)
	}
	for _, text := range r.listAttacks() {
		for _, f := range r.Runs {
			if k := findAttack(f, text); k >= 0 {
				a := f.Attacks[k]
				p.Params = append(p.Params, params{a.Attack, a.label(), a.Paper, a.Params, describeSteps(f.measure(), a)})
				break
			}
		}
	}
	return nil
}

// describeSteps says how many steps of which size were made at which radius.
func describeSteps(m measure, a AttackSummary) string {
	var out []string
	for _, q := range a.Points {
		if q.Steps > 0 {
			out = append(out, fmt.Sprintf("%s %s: %s of %.4g", m.unit(), m.format(q.Eps), printable.Count(q.Steps, "step"), q.Alpha))
		}
	}
	return strings.Join(out, "; ")
}
