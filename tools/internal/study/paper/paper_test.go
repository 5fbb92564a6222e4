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
	if len(tables) != 11+len(claims) {
		t.Errorf("want the paper's 11 tables and %d claims, got %d", len(claims), len(tables))
	}
	for _, table := range tables {
		labels := map[string]Row{}
		for _, r := range table.Rows {
			if _, twice := labels[r.Label]; twice {
				t.Errorf("%s: row %q twice", table.Name, r.Label)
			}
			labels[r.Label] = r
			if n := max(len(r.Paper), len(r.Cells)); r.Gain == nil && n != len(table.Columns) || len(r.Paper) > 0 && len(r.Cells) > 0 {
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
			if r.Gain != nil && (labels[r.Gain.Of].Label == "" || labels[r.Gain.Over].Label == "") {
				t.Errorf("%s, %s: want a gain of one row over another, got %+v", table.Name, r.Label, *r.Gain)
			}
			if r.Alike && labels[r.ComparedWith].Cells == nil {
				t.Errorf("%s, %s: rival %q is no measured row", table.Name, r.Label, r.ComparedWith)
			}
			if !r.Alike && r.ComparedWith != "" && (labels[r.ComparedWith].Cells == nil || labels[labels[r.ComparedWith].PaperRow].Paper == nil) {
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
	r := &Run{Arm: "a", Seed: 4, Accuracy: map[string]Count{"test": {9, 10}, "familiar": {3, 4}},
		Evaluations: []Evaluated{
			{fakeEvaluation("fgsm(loss=training,eps=0.1 0.2)", 10, 8, 2, 4), ""}, {fakeEvaluation("localsearch", 5, 4, 0, 3), ""},
			{fakeEvaluation("fgsm", 10, 8, 1, 1), ""}, {fakeEvaluation("fgsm", 10, 6, 3, 4), "jpeg(quality=75)"}, {fakeEvaluation("transfer(from=other-seed4)", 10, 8, 5, 6), ""},
		}}
	for _, c := range []struct {
		cell   Cell
		d      Definition
		images int
		want   float64
		ok     bool
	}{
		{Cell{Arm: "a", Attack: "fgsm(loss=training)", Eps: .1, Part: ""}, All, 10, 40, true}, // 6 of 10 stand
		{Cell{Arm: "a", Attack: "fgsm( loss = training )", Eps: .2, Part: ""}, All, 0, 60, true},
		{Cell{Arm: "a", Attack: "fgsm(loss=training)", Eps: .2, Part: ""}, Conditional, 10, 50, true}, // 4 of 8
		{Cell{Arm: "a", Attack: "fgsm", Eps: .2, Part: ""}, All, 10, 30, true},
		{Cell{Arm: "a", Attack: "fgsm", Eps: .3, Part: ""}, All, 10, 0, false},
		{Cell{Arm: "a", Attack: "fgsm", Eps: .1, Part: ""}, All, 7, 0, false},                             // other images
		{Cell{Arm: "a", Attack: "fgsm", Eps: .2, Part: ""}, All, 99, 30, true},                            // more than there are
		{Cell{Arm: "a", Attack: "fgsm", Eps: .2, Defence: "jpeg(quality=75)"}, UnderAttack, 10, 20, true}, // 2 of 10 stand
		{Cell{Arm: "a", Attack: "fgsm", Eps: .2, Defence: "jpeg(quality=75)", Clean: true}, UnderAttack, 10, 60, true},
		{Cell{Arm: "a", Attack: "fgsm", Eps: .2, Defence: "bits(depth=3)"}, UnderAttack, 10, 0, false},
		{Cell{Arm: "a", Attack: "transfer(from=RUN)", From: "other", Eps: .1}, All, 10, 70, true},
		{Cell{Arm: "a", Attack: "transfer(from=RUN)", From: "third", Eps: .1}, All, 10, 0, false},
		{Cell{Arm: "a", Attack: "localsearch", Eps: 0, Part: ""}, All, 5, 80, true},
		{Cell{Arm: "a", Attack: "", Eps: 0, Part: "test"}, "", 0, 90, true},
		{Cell{Arm: "a", Attack: "", Eps: 0, Part: "familiar"}, "", 0, 75, true},
	} {
		got, ok := r.measure(c.cell, c.d, c.images)
		if ok != c.ok || math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v, %s, %d images: want %g, %t, got %g, %t", c.cell, c.d, c.images, c.want, c.ok, got, ok)
		}
	}
	// One that was run with another default gives no figure either.
	for value, want := range map[string]bool{"10": true, "20": false} {
		e := fakeEvaluation("pgd(steps=10)", 10, 8, 1, 2)
		for _, p := range attacks.Params(parseAttack("pgd(steps=10)")) {
			p.Help = "as it was worded then"
			if p.Key == "steps" {
				p.Value = value
			}
			e.Attacks[0].Params = append(e.Attacks[0].Params, p)
		}
		e.Attacks[0].Params = append(e.Attacks[0].Params, attacks.Param{Key: "eps", Value: "0.1"}, attacks.Param{Key: "gone", Value: "1"})
		other := &Run{Arm: "a", Accuracy: r.Accuracy, Evaluations: []Evaluated{{e, ""}}}
		if _, ok := other.measure(Cell{Arm: "a", Attack: "pgd(steps=10)", Eps: .1}, All, 10); ok != want {
			t.Errorf("steps %s: want a figure: %t, got %t", value, want, ok)
		}
	}
	// An attack that was not run on an image that was right gives no figure.
	r.Evaluations[2].Attacks[0].Results[3].Tried = ".."
	if v, ok := r.measure(Cell{Arm: "a", Attack: "fgsm", Eps: .2, Part: ""}, All, 10); ok {
		t.Errorf("want no figure of an evaluation with gaps, got %g", v)
	}
}

func TestHolds(t *testing.T) {
	table, _ := FindTable("table7")
	all := table.Measurements("mnist-base", Small)
	if len(all) != 1 || all[0].Name != "table7" || all[0].Images != 10 || all[0].Eps() != "" {
		t.Fatalf("want one evaluation on 10 images, got %+v", all)
	}
	m := all[0]
	r := &Run{Arm: "mnist-base", Accuracy: map[string]Count{"test": {90, 100}}}
	for _, text := range m.Attacks(1) {
		if r.Holds(m) {
			t.Fatal("an attack is missing, which nobody noticed")
		}
		r.Evaluations = append(r.Evaluations, Evaluated{fakeEvaluation(attacks.Text(parseAttack(text)), 10, 9, 2, 4), ""})
	}
	if !r.Holds(m) {
		t.Error("want what was measured on 10 images")
	}
	if m.Images = 50; r.Holds(m) {
		t.Error("want nothing on 50 images")
	}
}

func TestFigure(t *testing.T) {
	for want, x := range map[string][]float64{"–": nil, "3.0": {3}, "2.0 ± 1.0": {1, 2, 3}, "3.0 ± 1.4": {2, 4}} {
		if got := newFigure(x).format(1); got != want {
			t.Errorf("%v: want %s, got %s", x, want, got)
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
		"**Table 9: smallNORB", "Shortened.", "| *84.8*     | *78.8*     |", "| *86.5*     | –          |",
		"| base CNN                                       | 86.0 ± 1.4 | 86.0 ± 1.4 | not confirmed |", // 78.8 is far
		"| disentangled                                   | 86.0 ± 1.4 | 86.0 ± 1.4 | same          |",
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
	run.Accuracy["train"] = Count{999, 1000}
	b.Reset()
	Compare(faces, Results{run}, 200).Write(&b)
	if want := "Without attack: facescrub-base 83.33 % (paper: 74.2 %) correct of 60, 99.90 % (paper: 99.9 %) of the training images, 1 seed; "; !strings.Contains(b.String(), want) {
		t.Errorf("want %q in\n%s", want, b.String())
	}
	if i := slices.IndexFunc(c.Lines, func(l Line) bool { return l.Label == "base CNN, *paper*" }); c.Lines[i].Paper[1] != 78.8 {
		t.Errorf("got %+v", c.Lines[i])
	}
}
