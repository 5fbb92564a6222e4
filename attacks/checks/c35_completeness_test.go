package checks

import (
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/engine"
)

// withAttacks is an evaluation of 100 images under a gradient attack, one on
// scores and one on decisions, each of which did much on the images that remain.
func withAttacks(t *testing.T, gradient, score, decision string) handmadeEvaluation {
	l := newEvaluation(100, .1, .2)
	for _, text := range []string{gradient, score, decision} {
		if text != "" {
			l = l.add(t, text, 5, 50)
		}
	}
	for a := range l.Attacks {
		for i := range l.Attacks[a].Results {
			if r := &l.Attacks[a].Results[i]; l.Attacks[a].Search == attacks.MinimumNorm && r.Distance == never {
				r.Distance, r.ThreatDistance = 1, 1 // beyond the radii
			}
		}
	}
	return l
}

// Each requirement on its own.
func TestCompleteness(t *testing.T) {
	for _, gradient := range []string{
		"pgd(steps=100,restarts=5)", "pgd(steps=200,restarts=2,loss=margin)", "apgd(restarts=5)", "apgd(loss=dlr,restarts=2)", "apgd-t", "pgd(steps=100,restarts=2,alpha=.004)",
	} {
		l := withAttacks(t, gradient, "square", "hopskipjump")
		r := l.runCheck(t, "C35")
		expect(t, r, Pass)
		if !Assess([]Result{r}, l.Evaluation).MayClaim() {
			t.Errorf("%s: complete attacks allow the claim", gradient)
		}
	}
	for _, gradient := range []string{
		"fgsm", "bim(steps=100)", "pgd(steps=99,restarts=5)", "pgd(steps=100)", "apgd", "apgd-t(steps=50)", "apgd(steps=2,restarts=5)", "pgd(steps=100,restarts=5,loss=training)",
		"pgd(steps=100,restarts=5,target=1)", "mifgsm(steps=100)", "pgd(alpha=1e-9)", "pgd(steps=100,restarts=5,alpha=1e-9)",
		"pgd(steps=100,restarts=5,alpha=.003)", // reaches 1.5 radii at .2
		"pgd(steps=100,restarts=5,alpha=.3)",   // crosses the ball of .1 in each step
	} {
		l := withAttacks(t, gradient, "square", "hopskipjump")
		r := l.runCheck(t, "C35")
		expect(t, r, Fail)
		if !strings.Contains(r.Value, "PGD or APGD") || strings.Contains(r.Value, "scores") || Assess([]Result{r}, l.Evaluation).MayClaim() {
			t.Errorf("%s: value %q, want the gradient attack alone missing", gradient, r.Value)
		}
	}
	withL0 := withAttacks(t, "apgd-t", "localsearch", "hopskipjump")
	withL0.Attacks[1].Norm = attacks.L0
	for want, l := range map[string]handmadeEvaluation{"scores": withAttacks(t, "apgd-t", "", "hopskipjump"), "decisions": withAttacks(t, "apgd-t", "square", ""), "small changes in l0": withL0} {
		if r := l.runCheck(t, "C35"); r.Status != Fail || !strings.Contains(r.Value, want) {
			t.Errorf("without %s: %s %q %q, want FAIL that names it", want, r.Status, r.Value, r.Advice)
		}
	}
	// In L1 APGD starts 5 times by default.
	l := withAttacks(t, "apgd", "square", "boundary")
	l.Norm = attacks.L1
	for a := range l.Attacks[:2] {
		l.Attacks[a].Norm = attacks.L1
	}
	expect(t, l.runCheck(t, "C35"), Pass)
}

// What attacks did counts, not their names: on nearly all images that remain at
// the smallest radius.
func TestEffort(t *testing.T) {
	fresh := func() handmadeEvaluation { return withAttacks(t, "apgd-t", "square", "hopskipjump") }
	expect(t, fresh().runCheck(t, "C35"), Pass)
	edit := func(a, from int, change func(*attacks.ImageResult)) Result {
		l := fresh()
		for i := from; i < l.Images; i++ {
			r := &l.Attacks[a].Results[i]
			effort := *r.Effort
			r.Effort = &effort
			change(r)
		}
		return l.runCheck(t, "C35")
	}
	for name, c := range map[string]struct {
		attack int
		change func(*attacks.ImageResult)
		want   string
	}{
		"gradient, few passes": {0, func(r *attacks.ImageResult) { r.Effort.Passes = 399 }, "fewer than 400 passes on 95 of 95"},
		"gradient, no way":     {0, func(r *attacks.ImageResult) { r.Effort.Moved = .1 }, "moved by less than 0.5 of the radius"},
		"gradient, no rise":    {0, func(r *attacks.ImageResult) { r.Effort.Rise = 0 }, "did not raise"},
		"gradient, unknown":    {0, func(r *attacks.ImageResult) { r.Effort = nil }, "fewer than 400"},
		"scores, few passes":   {1, func(r *attacks.ImageResult) { r.Effort.Passes = 999 }, "fewer than 1000"},
		"scores, no rise":      {1, func(r *attacks.ImageResult) { r.Effort.Rise = 0 }, "did not raise"},
		"decisions, few":       {2, func(r *attacks.ImageResult) { r.Effort.Passes = 30 }, "fewer than 1000"},
		"decisions, nothing":   {2, func(r *attacks.ImageResult) { r.Effort.First, r.Distance = 0, never }, "found no example"},
		"decisions, no nearer": {2, func(r *attacks.ImageResult) { r.Distance = 1.95 }, "none nearer"},
	} {
		r := edit(c.attack, 0, c.change)
		expect(t, r, Fail)
		if !strings.Contains(r.Value, c.want) {
			t.Errorf("%s: value %q, want %q in it", name, r.Value, c.want)
		}
		expect(t, edit(c.attack, 95, c.change), Pass) // on 5 of 95 images
	}
	l := fresh() // of what is proven no attack need have tried anything
	l.Proven = make([]float32, l.Images)
	for i := range l.Images {
		for a := range l.Attacks {
			l.Attacks[a].Results[i].Effort = nil
		}
		l.Proven[i] = slices.Max(l.Radii)
	}
	expect(t, l.runCheck(t, "C35"), Pass)
	l.Proven[50] = 0
	expect(t, l.runCheck(t, "C35"), Fail)
}

// Attacks at other radii, on few images, or that have not ended.
func TestCompletenessOfAttempts(t *testing.T) {
	l := withAttacks(t, "apgd-t", "square", "hopskipjump")
	l.last().Results[3].Done = false
	r := l.runCheck(t, "C35")
	expect(t, r, Fail)
	if !slices.Equal(r.Images, []int{103}) || !strings.Contains(r.Advice, "resume") {
		t.Errorf("images %v, %q: want 103, and to resume", r.Images, r.Advice)
	}
	l = withAttacks(t, "apgd-t", "square", "hopskipjump")
	l.Attacks[1].Radii = []float32{.1}
	if r := l.runCheck(t, "C35"); r.Status != Fail || !strings.Contains(r.Value, "not run at eps 0.2") {
		t.Errorf("%s %q: want FAIL that names the radius", r.Status, r.Value)
	}
	few := newEvaluation(99, .1).add(t, "apgd-t", 99).add(t, "square", 99).add(t, "hopskipjump", 99)
	if r := few.runCheck(t, "C35"); r.Status != Fail || !strings.Contains(r.Value, "at least 100 images") {
		t.Errorf("%s %q: want FAIL for few images", r.Status, r.Value)
	}
	// Below one grey level of an 8-bit image nothing may be claimed.
	tiny := withAttacks(t, "apgd-t", "square", "hopskipjump")
	tiny.Radii = []float32{1e-9, .2}
	for a := range tiny.Attacks {
		tiny.Attacks[a].Radii = tiny.Radii
	}
	r = tiny.runCheck(t, "C35")
	a := Assess([]Result{r}, tiny.Evaluation)
	if r.Status != Pass || a.Radii[0].MayClaim || !a.Radii[1].MayClaim || a.MayClaim() {
		t.Errorf("%s %q, %+v: want the claim at .2 alone", r.Status, r.Value, a.Radii)
	}
}

// Attacks that do little in the engine earn nothing; those that do enough do.
func TestEffortInTheEngine(t *testing.T) {
	const gradient, scores, decisions = "PGD or APGD", "on scores", "on decisions"
	zero := Quantised(robustNet().victim(0), 8)
	for _, c := range []struct {
		attack, requirement string
		lacks               string // "" where the attack meets the requirement
		v                   attacks.Victim
	}{
		{"pgd(steps=100,restarts=2)", gradient, "", robustNet().victim(0)},
		{"apgd-t", gradient, "", robustNet().victim(0)},
		{"square(queries=2500)", scores, "", robustNet().victim(0)},
		{"nes(queries=2000)", scores, "", robustNet().victim(0)},
		{"hopskipjump(steps=8)", decisions, "", robustNet().victim(0)},
		{"boundary(steps=1500)", decisions, "", robustNet().victim(0)},
		{"pgd(steps=100,restarts=2,alpha=1e-9)", gradient, "reach", robustNet().victim(0)},
		{"pgd(steps=1)", gradient, "1 steps", robustNet().victim(0)},
		{"apgd(steps=2,restarts=2)", gradient, "2 steps", robustNet().victim(0)},
		{"pgd(steps=100,restarts=2,budget=50)", gradient, "fewer than", robustNet().victim(0)},
		{"pgd(steps=100,restarts=2)", gradient, "moved by less", zero},
		{"square(queries=1)", scores, "fewer than", robustNet().victim(0)},
		{"nes(queries=2000,lr=1e-9)", scores, "moved by less", robustNet().victim(0)},
		{"square(queries=2500,eps=.01)", scores, "not run at eps 0.1", robustNet().victim(0)},
		{"boundary(steps=1)", decisions, "fewer than", robustNet().victim(0)},
		{"hopskipjump(steps=1)", decisions, "fewer than", robustNet().victim(0)},
		{"boundary(steps=1500,inward=1e-9,spherical=1e-9,convergence=0,adaptation=1)", decisions, "none nearer", robustNet().victim(0)},
	} {
		s := openModel(t, c.v, c.attack, "fgsm")
		ev := s.evaluate(t, 20, engine.Options{Eps: []float32{.1}}, c.attack, "fgsm")
		r := (handmadeEvaluation{ev}).runCheck(t, "C35")
		missing := strings.Contains(r.Value, c.requirement) && strings.Contains(r.Value, c.lacks)
		if missing != (c.lacks != "") {
			t.Errorf("%s: %s %q, want the requirement %q missing: %v, because %q", c.attack, r.Status, r.Value, c.requirement, c.lacks != "", c.lacks)
		}
	}
}
