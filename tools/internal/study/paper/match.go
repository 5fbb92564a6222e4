package paper

import "slices"

// Match asks, of each of the paper's figures for the base network, at which eps
// our base network has it, and what our other models have there: the paper does
// not say what unit its eps has, nor how its base network was trained.
type Match struct {
	Label       string    // of the attack, such as "(2)"
	Grid        []float32 // radii that are measured, ascending
	Base        Curve
	Paper       []float64 // its figures
	Others      []Curve
	OthersPaper []float64
}

// Curve is the success of an attack on an arm over the grid.
type Curve struct{ Label, Arm, Attack string }

// matchImages is how many images are attacked at most at the radii of a grid.
const matchImages = 1000

// count is how many images of a table's are attacked at the radii of the grid.
func (Match) count(images int) int {
	if images == 0 {
		return matchImages
	}
	return min(images, matchImages)
}

// curves are those of all models.
func (m Match) curves() []Curve { return append([]Curve{m.Base}, m.Others...) }

// cells are what is measured on an arm.
func (m Match) cells(arm string) (cells []Cell) {
	for _, c := range m.curves() {
		if c.Arm == arm {
			cells = append(cells, attackCells(arm, c.Attack, m.Grid)...)
		}
	}
	return cells
}

// lines are the rows of the comparison at equal strength.
func (m Match) lines(rs Results, d Definition, images int) []Line {
	images = m.count(images)
	n := len(m.Paper)
	reached, there := make([][]float64, n), make([][][]float64, len(m.Others))
	for k := range there {
		there[k] = make([][]float64, n)
	}
	for _, base := range rs {
		if base.Arm != m.Base.Arm {
			continue
		}
		for i, p := range m.Paper {
			eps, ok := firstReaching(m.Grid, base.curve(m.Base, m.Grid, d, images), p)
			if !ok {
				continue
			}
			reached[i] = append(reached[i], eps)
			for k, c := range m.Others {
				if r := rs.find(c.Arm, base.Seed); r != nil {
					if v, ok := interpolate(m.Grid, r.curve(c, m.Grid, d, images), eps); ok {
						there[k][i] = append(there[k][i], v)
					}
				}
			}
		}
	}
	out := []Line{
		{Label: m.Base.Label + ", *paper*", Paper: m.Paper},
		{Label: "eps at which ours has it", Ours: figuresOf(reached), Digits: 3},
		{Label: m.othersLabel() + ", *paper*", Paper: m.OthersPaper},
	}
	for k, c := range m.Others {
		out = append(out, Line{Label: c.Label + ", there", Ours: figuresOf(there[k])})
	}
	return out
}

func (m Match) othersLabel() string { return "disentangled" + m.Label }

func figuresOf(columns [][]float64) (all []Figure) {
	for _, x := range columns {
		all = append(all, newFigure(x))
	}
	return all
}

// find is the run of an arm and a seed, nil if there is none.
func (rs Results) find(arm string, seed uint64) *Run {
	k := slices.IndexFunc(rs, func(r *Run) bool { return r.Arm == arm && r.Seed == seed })
	if k < 0 {
		return nil
	}
	return rs[k]
}

// curve is the success at the radii of a grid; nil where some is not measured.
func (r *Run) curve(c Curve, grid []float32, d Definition, images int) (values []float64) {
	for _, cell := range attackCells(c.Arm, c.Attack, grid) {
		v, ok := r.measure(cell, d, images)
		if !ok {
			return nil
		}
		values = append(values, v)
	}
	return values
}

// firstReaching is the smallest eps at which values, straight between the points of
// the grid, reach want; false where they never do, or do so before the grid.
func firstReaching(grid []float32, values []float64, want float64) (eps float64, ok bool) {
	for i, v := range values {
		if v < want {
			continue
		}
		if i == 0 {
			return float64(grid[0]), v == want
		}
		share := (want - values[i-1]) / (v - values[i-1])
		return float64(grid[i-1]) + share*float64(grid[i]-grid[i-1]), true
	}
	return 0, false
}

// interpolate is the value at eps, straight between the points of the grid.
func interpolate(grid []float32, values []float64, eps float64) (v float64, ok bool) {
	if values == nil {
		return 0, false
	}
	for i := 1; i < len(grid); i++ {
		if a, b := float64(grid[i-1]), float64(grid[i]); eps >= a-1e-9 && eps <= b+1e-9 {
			return values[i-1] + (eps-a)/(b-a)*(values[i]-values[i-1]), true
		}
	}
	return 0, false
}
