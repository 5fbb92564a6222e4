package paper

import "math"

// Gain is by how many per cent of the accuracy of one row another is better: the
// paper's way to state improvements. Its 15 to 37 % of table 5, 2 and 8 % of table 9
// follow so from its figures.
type Gain struct {
	Of, Over string // labels of rows, ours or the paper's
}

// gain is that of a over b, which are what d defines: accuracies, or errors.
func (d Definition) gain(a, b float64) float64 {
	if d == All || d == Conditional {
		a, b = 100-a, 100-b
	}
	return 100 * (a - b) / b
}

// paper is the gain by the paper's figures; nil where a row is ours.
func (g Gain) paper(d Definition, printed map[string][]float64) (gains []float64) {
	of, over := printed[g.Of], printed[g.Over]
	if of == nil || over == nil {
		return nil
	}
	for i := range of {
		gains = append(gains, d.gain(of[i], over[i]))
	}
	return gains
}

// ours is the gain seed by seed, of the seeds that both rows have and in which the
// accuracy that it is relative to is not 0.
func (g Gain) ours(t Table, rs Results, images int) (figures []Figure) {
	of, over := t.row(g.Of), t.row(g.Over)
	for i := range of.Cells {
		var x []float64
		for _, r := range rs {
			rival := rs.find(over.Cells[i].Arm, r.Seed)
			if r.Arm != of.Cells[i].Arm || rival == nil {
				continue
			}
			a, ok := r.measure(of.Cells[i], t.Success, images)
			b, both := rival.measure(over.Cells[i], t.Success, images)
			if gain := t.Success.gain(a, b); ok && both && !math.IsInf(gain, 0) && !math.IsNaN(gain) {
				x = append(x, gain)
			}
		}
		figures = append(figures, newFigure(x))
	}
	return figures
}
