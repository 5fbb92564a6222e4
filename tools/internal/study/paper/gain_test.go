package paper

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// The paper's own figures give the gains that it states.
func TestGain(t *testing.T) {
	for _, c := range []struct {
		table, label string
		least, most  float64
	}{{"table5", "gain of accuracy, %, *paper*", 14.8, 37}, {"table9", "gain of accuracy over the base CNN, %, *paper*", 2, 8.3}} {
		table, _ := FindTable(c.table)
		least, most := math.Inf(1), 0.
		for _, l := range Compare(table, nil, 0).Lines {
			if l.Label == c.label {
				least, most = slices.Min(l.Paper), slices.Max(l.Paper)
			}
		}
		if least < c.least || least > c.least+.5 || most > c.most || most < c.most-.5 {
			t.Errorf("%s: want %g to %g, got %g to %g", c.table, c.least, c.most, least, most)
		}
	}
	table, _ := FindTable("table9")
	all := []Cell{{Arm: "a", Part: "test"}}
	worst := Table{Success: All, Rows: []Row{{Label: "of", Cells: all}, {Label: "over", Cells: all}}}
	wrong := Results{{Arm: "a", Seed: 1, Accuracy: map[string]Count{"test": {10, 10}}}} // every image: the accuracy is 0
	if f := (Gain{"of", "over"}).ours(worst, wrong, 0)[0]; f.N != 0 {
		t.Errorf("want no gain over nothing, got %+v", f)
	}
	var rs Results
	for seed, right := range []int{50, 60} {
		for _, arm := range table.Arms() {
			n := right
			if strings.Contains(arm, "disentangled") {
				n = right + 10*(seed+1)
			}
			rs = append(rs, &Run{Arm: arm, Seed: uint64(seed + 1), Accuracy: map[string]Count{"test": {n, 100}, "familiar": {n, 100}}})
		}
	}
	for _, l := range Compare(table, rs, 0).Lines {
		if l.Label == "gain of accuracy over the base CNN, %" {
			if got := l.Ours[0].format(1); got != "26.7 ± 9.4" { // 20 and 33.3 %
				t.Errorf("want the mean of the gains by seeds, got %s", got)
			}
		}
	}
}
