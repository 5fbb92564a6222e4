package checks

import (
	"slices"
	"testing"

	"unwarp/attacks"
)

// What failed checks mean depends on which failed, and on what examples prove.
func TestAssess(t *testing.T) {
	// 60 of 100 are left at .1, none at .2.
	ev := newEvaluation(100, .1, .2).add(t, "pgd", 40, 100).Evaluation
	result := func(id string, s Status) Result { return Result{ID: id, Status: s} }
	for name, c := range map[string]struct {
		results        []Result
		atLeft, atNone Standing
	}{
		"weak attacks":        {[]Result{result("C05", Fail), result("C11", Fail), result("C35", Fail)}, Doubted, Broken},
		"unknown id":          {[]Result{result("C99", Fail)}, Doubted, Broken},
		"wrong examples":      {[]Result{result("C15", Fail), result("C05", Fail)}, Refuted, Refuted},
		"random model":        {[]Result{result("C13", Fail)}, Refuted, Refuted},
		"aside":               {[]Result{result("C31", Fail), result("C01", Pass)}, Unrefuted, Broken},
		"warnings":            {[]Result{result("C05", Warn), result("C01", Pass)}, Unrefuted, Broken},
		"nothing was checked": {[]Result{result("C05", Skip)}, Unchecked, Broken},
		"no checks":           {nil, Unchecked, Broken},
	} {
		a := Assess(c.results, ev)
		atLeft, _ := a.At(.1)
		atNone, _ := a.At(.2)
		if atLeft.Standing != c.atLeft || atNone.Standing != c.atNone {
			t.Errorf("%s: %s and %s, want %s and %s", name, atLeft.Standing, atNone.Standing, c.atLeft, c.atNone)
		}
		if atLeft.Left != 60 || atLeft.Found != 40 || atNone.Left != 0 || atNone.Found != 100 {
			t.Errorf("%s: %+v, want 60 and none left", name, a.Radii)
		}
		if a.MayClaim() || atNone.MayClaim {
			t.Errorf("%s: nothing may be claimed", name)
		}
	}
	a := Assess([]Result{result("C13", Fail), result("C05", Fail), result("C30", Fail), result("C02", Warn), result("C01", Pass), result("C03", Skip)}, ev)
	if !slices.Equal(a.Weakness, []string{"C13", "C05"}) || !slices.Equal(a.Faults, []string{"C13"}) || !slices.Equal(a.Aside, []string{"C30"}) || a.Made() != 5 {
		t.Errorf("%+v", a)
	}
	if _, ok := a.At(.3); ok {
		t.Error("want no radius .3")
	}
	complete := []Result{result("C35", Pass)}
	if a := Assess(complete, ev); !a.Radii[0].MayClaim || a.Radii[1].MayClaim {
		t.Errorf("%+v: want the claim where images are left", a.Radii)
	}
	if a := Assess(append(complete, result("C10", Fail)), ev); a.Radii[0].MayClaim {
		t.Error("a failed check forbids the claim")
	}
}

// Without an attempt there is no figure.
func TestAssessNotAttacked(t *testing.T) {
	for name, edit := range map[string]func(*attacks.Evaluation){
		"no attempt": func(ev *attacks.Evaluation) {
			for i := range ev.Attacks[0].Results {
				ev.Attacks[0].Results[i] = attacks.ImageResult{Distance: never, ThreatDistance: never}
			}
		},
		"no attack":  func(ev *attacks.Evaluation) { ev.Attacks = nil },
		"no correct": func(ev *attacks.Evaluation) { ev.CleanCorrect = 0 },
	} {
		ev := newEvaluation(10, .1).add(t, "pgd", 3).Evaluation
		edit(ev)
		if a := Assess([]Result{{ID: "C05", Status: Fail}}, ev); a.Radii[0].Standing != NotAttacked {
			t.Errorf("%s: %s, want %s", name, a.Radii[0].Standing, NotAttacked)
		}
	}
	if a := Assess(nil, &attacks.Evaluation{}); len(a.Radii) != 0 || a.MayClaim() {
		t.Errorf("%+v: want nothing of nothing", a)
	}
}
