package checks

import (
	"maps"
	"slices"
	"testing"

	"unwarp/attacks"
)

// failed are the ids of the checks that fail, and of those that warn.
func failed(all map[string]Result) (fails, warns []string) {
	for _, id := range slices.Sorted(maps.Keys(all)) {
		switch all[id].Status {
		case Fail:
			fails = append(fails, id)
		case Warn:
			warns = append(warns, id)
		}
	}
	return fails, warns
}

// Each broken defence is flagged, by the checks made for it, around a network
// that passes them bare.
func TestSubjects(t *testing.T) {
	must := map[string][]string{
		"quantised input":   {"C03", "C10", "C21", "C22", "C24"},
		"logits times 1000": {"C10", "C11"},
		"random noise":      {"C13"},
	}
	ids := []string{"C03", "C10", "C11", "C12", "C13", "C14", "C17", "C19", "C20", "C21", "C22", "C24", "C29"}
	for _, s := range append([]Subject{{"plain", func(v attacks.Victim) attacks.Victim { return v }}}, Subjects...) {
		t.Run(s.Name, func(t *testing.T) {
			st := open(t, s.Wrap(ordinary().victim(0)))
			all := examine(t, Input{Judge: st.Stage, Guide: st.Stage, Set: st.set, Eps: .12, N: 60}, ids...)
			fails, warns := failed(all)
			t.Log(fails, warns)
			for _, id := range must[s.Name] {
				if all[id].Status != Fail {
					t.Errorf("%s: got %s (%s), want FAIL", id, all[id].Status, all[id].Value)
				}
			}
			if s.Name == "plain" && len(fails)+len(warns) > 0 {
				for _, id := range append(fails, warns...) {
					t.Errorf("%s: got %s (%s), want PASS", id, all[id].Status, all[id].Value)
				}
			}
			if s.Name == "random noise" {
				for _, id := range []string{"C14", "C21", "C29"} {
					expect(t, all[id], Skip)
				}
			}
		})
	}
}

// The paper's case: a model attacked through the whole of its training loss
// only. Its gradient is that of another term; noise does better.
func TestTrainingLossOnly(t *testing.T) {
	blind := []string{"fgsm(loss=training)", "bim(loss=training)", "random(draws=20)", "square(queries=100)"}
	s := open(t, ordinary().victim(20), append(blind, "pgd")...)
	for _, exhaustive := range []bool{false, true} {
		ev := s.evaluate(t, 200, attacks.Options{Eps: []float32{.05, .1, .2}, Exhaustive: exhaustive}, blind...)
		all := examine(t, Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(200), Evaluation: ev, N: 50, Eps: .1, Draws: 100}, "C01", "C03", "C07", "C08", "C24", "C33", "C35")
		expect(t, all["C07"], Fail)
		expect(t, all["C35"], Fail)
		expect(t, all["C33"], Fail)
		expect(t, all["C03"], Fail) // with the loss that was followed
		expect(t, all["C24"], Pass) // the model's own gradient is sound
		if len(all["C07"].Images) == 0 {
			t.Error("C07 names no images")
		}
		if MayClaim(slices.Collect(maps.Values(all))) {
			t.Error("the report may say robust")
		}
	}
}

// C26 runs the subjects by itself, and fails where one is not flagged.
func TestSelfTest(t *testing.T) {
	expect(t, examine(t, Input{}, "C26")["C26"], Pass)
	kept := Subjects
	defer func() { Subjects = kept }()
	Subjects = []Subject{{"an honest one", func(v attacks.Victim) attacks.Victim { return v }}}
	expect(t, examine(t, Input{}, "C26")["C26"], Fail)
}
