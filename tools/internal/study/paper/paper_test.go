package paper

import (
	"math"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
)

// The tables are data: what they name must exist, and rows must fit columns.
func TestTablesAreWhole(t *testing.T) {
	if len(tables) != 11 {
		t.Errorf("want the paper's 11 tables, got %d", len(tables))
	}
	for _, table := range tables {
		labels := map[string]Row{}
		for _, r := range table.Rows {
			if _, twice := labels[r.Label]; twice {
				t.Errorf("%s: row %q twice", table.Name, r.Label)
			}
			labels[r.Label] = r
			if n := max(len(r.Paper), len(r.Cells)); n != len(table.Columns) || len(r.Paper) > 0 && len(r.Cells) > 0 {
				t.Errorf("%s, %s: want the paper's figures or cells for %d columns, got %d and %d", table.Name, r.Label, len(table.Columns), len(r.Paper), len(r.Cells))
			}
			for _, c := range r.Cells {
				if c.Arm == "" {
					continue
				}
				if _, ok := FindArm(c.Arm); !ok {
					t.Errorf("%s, %s: no arm %q", table.Name, r.Label, c.Arm)
				}
				if (c.Attack == "") == (c.Part == "") {
					t.Errorf("%s, %s: want an attack or a part, got %+v", table.Name, r.Label, c)
				}
				if c.Attack != "" {
					if _, err := attacks.Parse(c.Attack); err != nil {
						t.Errorf("%s, %s: %v", table.Name, r.Label, err)
					}
				}
			}
		}
		if slices.Contains(table.Arms(), "") {
			t.Errorf("%s: want names of arms, got %q", table.Name, table.Arms())
		}
		for _, r := range table.Rows {
			if r.PaperRow != "" && labels[r.PaperRow].Paper == nil {
				t.Errorf("%s, %s: %q is no row of the paper", table.Name, r.Label, r.PaperRow)
			}
			if r.ComparedWith != "" && (labels[r.ComparedWith].Cells == nil || labels[labels[r.ComparedWith].PaperRow].Paper == nil) {
				t.Errorf("%s, %s: rival %q is no measured row with one of the paper", table.Name, r.Label, r.ComparedWith)
			}
		}
	}
}

// Every arm's configuration must load with either budget.
func TestArmsLoad(t *testing.T) {
	names := map[string]bool{}
	for _, a := range arms {
		if names[a.Name] {
			t.Errorf("arm %s twice", a.Name)
		}
		names[a.Name] = true
		for _, b := range []Budget{Small, Full} {
			c, err := a.Load(b, 3, "", []string{"data.path=" + t.TempDir()})
			if err != nil {
				t.Errorf("%s, %s: %v", a.Name, b, err)
				continue
			}
			if c.Seed != 3 || c.Attack.Attacks != nil {
				t.Errorf("%s: want seed 3 and no attacks of its own, got %d, %v", a.Name, c.Seed, c.Attack.Attacks)
			}
			if strings.HasSuffix(a.Name, "-at") != (c.Train.Augment.Deforms() && c.Train.Objective.Gamma == 0 || a.Name == "smallnorb-azimuth-base-at" || a.Name == "smallnorb-elevation-base-at") {
				t.Errorf("%s: AT without CR is twins with gamma 0, got twins %t, gamma %g", a.Name, c.Train.Augment.Deforms(), c.Train.Objective.Gamma)
			}
		}
	}
	if _, err := arms[0].Load(Full, 1, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "data.path") {
		t.Errorf("want an error about the folder of the data, got %v", err)
	}
}

// fakeEvaluation is an evaluation of images, right of which are right without attack,
// and of which an attack breaks some at .1 and more at .2.
func fakeEvaluation(attack string, images, right, first, second int) *attacks.Evaluation {
	e := &attacks.Evaluation{Images: images, CleanCorrect: right}
	s := attacks.AttackResult{Attack: attack, Radii: []float32{.1, .2}}
	for i := range images {
		a := attacks.ImageResult{Done: i < right, Distance: attacks.Distance(math.Inf(1))}
		if i < right {
			tried := []byte("00")
			if i < second {
				tried[1], a.Distance = '1', .2
			}
			if i < first {
				tried[0] = '1'
			}
			a.Tried = string(tried)
		}
		s.Results = append(s.Results, a)
	}
	e.Attacks = []attacks.AttackResult{s}
	return e
}

func TestValue(t *testing.T) {
	r := &Run{Arm: "a", Accuracy: map[string]Count{"test": {9, 10}, "familiar": {3, 4}},
		Evaluations: []*attacks.Evaluation{fakeEvaluation("fgsm(loss=training,eps=0.1 0.2)", 10, 8, 2, 4), fakeEvaluation("localsearch", 5, 4, 0, 3), fakeEvaluation("fgsm", 10, 8, 1, 1)}}
	for _, c := range []struct {
		cell   Cell
		d      Definition
		images int
		want   float64
		ok     bool
	}{
		{Cell{"a", "fgsm(loss=training)", .1, ""}, All, 10, 40, true}, // 6 of 10 stand
		{Cell{"a", "fgsm( loss = training )", .2, ""}, All, 0, 60, true},
		{Cell{"a", "fgsm(loss=training)", .2, ""}, Conditional, 10, 50, true}, // 4 of 8
		{Cell{"a", "fgsm", .2, ""}, All, 10, 30, true},
		{Cell{"a", "fgsm", .3, ""}, All, 10, 0, false},
		{Cell{"a", "fgsm", .1, ""}, All, 7, 0, false},  // other images
		{Cell{"a", "fgsm", .2, ""}, All, 99, 30, true}, // more than there are
		{Cell{"a", "localsearch", 0, ""}, All, 5, 80, true},
		{Cell{"a", "", 0, "test"}, "", 0, 90, true},
		{Cell{"a", "", 0, "familiar"}, "", 0, 75, true},
	} {
		got, ok := r.measure(c.cell, c.d, c.images)
		if ok != c.ok || math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v, %s, %d images: want %g, %t, got %g, %t", c.cell, c.d, c.images, c.want, c.ok, got, ok)
		}
	}
	// An attack that was not run on an image that was right gives no figure.
	r.Evaluations[2].Attacks[0].Results[3].Tried = ".."
	if v, ok := r.measure(Cell{"a", "fgsm", .2, ""}, All, 10); ok {
		t.Errorf("want no figure of an evaluation with gaps, got %g", v)
	}
}

func TestHolds(t *testing.T) {
	table, _ := FindTable("table7")
	r := &Run{Arm: "mnist-base", Accuracy: map[string]Count{"test": {90, 100}}}
	for _, text := range table.Attacks("mnist-base") {
		if r.Holds(table, 20) {
			t.Fatal("an attack is missing, which nobody noticed")
		}
		r.Evaluations = append(r.Evaluations, fakeEvaluation(normaliseAttack(text), 20, 18, 2, 4))
	}
	if !r.Holds(table, 20) || r.Holds(table, 50) {
		t.Error("want what was measured on 20 images, and nothing on 50")
	}
}

func TestFigure(t *testing.T) {
	for want, x := range map[string][]float64{"–": nil, "3.0": {3}, "2.0 ± 1.0": {1, 2, 3}, "3.0 ± 1.4": {2, 4}} {
		if got := newFigure(x).format(1); got != want {
			t.Errorf("%v: want %s, got %s", x, want, got)
		}
	}
}

func TestJudge(t *testing.T) {
	f := func(mean, std float64) Figure { return Figure{mean, std, 3} }
	one := func(mean float64) Figure { return Figure{Mean: mean, N: 1} }
	for name, c := range map[string]struct {
		ours       []Figure
		paper      []float64
		rival      []Figure
		rivalPaper []float64
		want       Verdict
	}{
		"within three points":        {[]Figure{f(10, 0), f(52.9, 0)}, []float64{12.9, 50}, nil, nil, Same},
		"within two deviations":      {[]Figure{f(10, 5)}, []float64{19}, nil, nil, Same},
		"within two wide deviations": {[]Figure{f(10, 9)}, []float64{20.1}, nil, nil, NotConfirmed},
		"one column off":             {[]Figure{f(10, 0), f(54, 0)}, []float64{10, 50}, nil, nil, NotConfirmed},
		"order":                      {[]Figure{f(10, 1), f(20, 1)}, []float64{30, 40}, []Figure{f(15, 2), f(30, 1)}, []float64{60, 70}, SameOrder},
		"order within the spread":    {[]Figure{f(10, 1), f(20, 1)}, []float64{30, 40}, []Figure{f(11, 2), f(30, 1)}, []float64{60, 70}, NotConfirmed},
		"other order":                {[]Figure{f(40, 1)}, []float64{30}, []Figure{f(20, 1)}, []float64{60}, NotConfirmed},
		"a column without paper":     {[]Figure{f(10, 0), f(99, 0)}, []float64{10, noFigure}, nil, nil, Same},
		"rival without paper":        {[]Figure{f(10, 0), f(1, 0)}, []float64{30, 40}, []Figure{f(20, 0), {}}, []float64{50, noFigure}, SameOrder},
		// Half of 100 images: 5 points; 2 % of them: 1.4.
		"one seed":                    {[]Figure{one(50)}, []float64{59.9}, nil, nil, Same},
		"one seed, too far":           {[]Figure{one(50)}, []float64{60.1}, nil, nil, NotConfirmed},
		"order with one seed":         {[]Figure{one(50)}, []float64{30}, []Figure{one(55.1)}, []float64{60}, SameOrder},
		"order with one seed, chance": {[]Figure{one(50)}, []float64{30}, []Figure{one(54.9)}, []float64{60}, NotConfirmed},
		"not measured":                {[]Figure{{}}, []float64{10}, nil, nil, Open},
		"rival not measured":          {[]Figure{f(10, 0)}, []float64{30}, []Figure{{}}, []float64{60}, Open},
		"nothing to compare":          {[]Figure{f(1, 0)}, []float64{noFigure}, nil, nil, Open},
	} {
		if got := compareRow(c.ours, c.paper, c.rival, c.rivalPaper, 100); got != c.want {
			t.Errorf("%s: want %q, got %q", name, c.want, got)
		}
	}
}

func TestCompareAndWrite(t *testing.T) {
	table, _ := FindTable("table9")
	var rs Results
	for seed, right := range []int{85, 87} {
		for _, arm := range table.Arms() {
			rs = append(rs, &Run{Arm: arm, Seed: uint64(seed + 1), Train: 48, Accuracy: map[string]Count{"test": {right, 100}, "familiar": {95, 100}}})
		}
	}
	c := Compare(table, rs, 0, "Shortened.")
	var b strings.Builder
	c.Write(&b)
	for _, want := range []string{
		"**Table 9: smallNORB", "Shortened.", "| *84.8*     | *78.8*     |",
		"| base CNN                     | 86.0 ± 1.4 | 86.0 ± 1.4 | not confirmed |", // 78.8 is far
		"| disentangled                 | 86.0 ± 1.4 | 86.0 ± 1.4 | same          |",
		"smallnorb-azimuth-base-at 48 and 100 images, 2 seeds", "Trained on 48 images instead of the 8100 of the official training half.",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
	if n := strings.Count(b.String(), "instead of the 8100"); n != 1 {
		t.Errorf("want the note once, got it %d times", n)
	}
	faces, _ := FindTable("table3")
	run := &Run{Arm: "facescrub-base", Train: 9, Classes: 12, Accuracy: map[string]Count{"test": {50, 60}}}
	if c := Compare(faces, Results{run}, 200); c.Images != 0 || !slices.Contains(c.Notes, "12 classes instead of 50.") {
		t.Errorf("want all of 60 images and a note on 12 classes, got %d, %q", c.Images, c.Notes)
	}
	if c := Compare(faces, Results{run}, 59); c.Images != 59 {
		t.Errorf("want 59 images, got %d", c.Images)
	}
	if i := slices.IndexFunc(c.Lines, func(l Line) bool { return l.Label == "base CNN, *paper*" }); c.Lines[i].Paper[1] != 78.8 {
		t.Errorf("got %+v", c.Lines[i])
	}
}
