package checks

import (
	"maps"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
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

// Each obfuscated defence is detected by the checks made for it, around a
// network that passes them without it.
func TestObfuscatedDefences(t *testing.T) {
	must := map[string][]string{
		"quantised input":   {"C03", "C10", "C21", "C22", "C24"},
		"logits times 1000": {"C10", "C11"},
		"random noise":      {"C13"},
		"hidden vote":       {"C39"},
	}
	ids := []string{"C03", "C10", "C11", "C12", "C13", "C14", "C17", "C19", "C20", "C21", "C22", "C24", "C29", "C38", "C39"}
	for _, d := range append([]Defence{{"plain", func(v attacks.Victim) attacks.Victim { return v }}}, ObfuscatedDefences...) {
		t.Run(d.Name, func(t *testing.T) {
			s := openModel(t, d.Wrap(plainNet().victim(0)))
			all := runChecks(t, Input{Reference: s.Session, Gradient: s.Session, Images: s.images, Eps: .12, N: 60}, ids...)
			fails, warns := failed(all)
			t.Log(fails, warns)
			for _, id := range must[d.Name] {
				if all[id].Status != Fail {
					t.Errorf("%s: got %s (%s), want FAIL", id, all[id].Status, all[id].Value)
				}
			}
			if d.Name == "plain" && len(fails)+len(warns) > 0 {
				for _, id := range append(fails, warns...) {
					t.Errorf("%s: got %s (%s), want PASS", id, all[id].Status, all[id].Value)
				}
			}
			if d.Name == "random noise" {
				for _, id := range []string{"C14", "C21", "C29"} {
					expect(t, all[id], Skip)
				}
			}
		})
	}
}

// The paper's case: a model that is attacked only through its whole training
// loss, whose gradient is dominated by another term. Noise succeeds more often.
func TestTrainingLossOnly(t *testing.T) {
	trainingOnly := []string{"fgsm(loss=training)", "bim(loss=training)", "random(draws=20)", "square(queries=100)"}
	s := openModel(t, plainNet().victim(20), append(trainingOnly, "pgd")...)
	for _, exhaustive := range []bool{false, true} {
		ev := s.evaluate(t, 200, engine.Options{Eps: []float32{.05, .1, .2}, Exhaustive: exhaustive}, trainingOnly...)
		all := runChecks(t, Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(200), Evaluation: ev, N: 50, Eps: .1, Draws: 100}, "C01", "C03", "C07", "C08", "C24", "C33", "C35")
		expect(t, all["C07"], Fail)
		expect(t, all["C35"], Fail)
		expect(t, all["C33"], Fail)
		expect(t, all["C03"], Fail) // with the loss that was followed
		expect(t, all["C24"], Pass) // the model's own gradient is sound
		if len(all["C07"].Images) == 0 {
			t.Error("C07 names no images")
		}
		if Assess(slices.Collect(maps.Values(all)), ev).MayClaim() {
			t.Error("the report may call the model robust")
		}
	}
}
