package checks

import (
	"strings"
	"testing"
)

// Attacks whose settings are too weak fail the check of that setting.
func TestWeakSettings(t *testing.T) {
	with := func(text string) func(*Input) {
		ev := newEvaluation(10, .12).add(t, text, 5)
		return func(in *Input) { in.Evaluation, in.N = ev.Evaluation, 100 } // as many images as by default
	}
	v := robustNet().victim(0)
	expect(t, checkModel(t, v, with("bim(steps=4,alpha=.01)"), "C04")["C04"], Fail)
	expect(t, checkModel(t, v, with("bim(steps=60,alpha=.03)"), "C04")["C04"], Pass)
	// Where twice the steps succeed on all images, there is no loss left to compare.
	r := checkModel(t, plainNet().victim(0), func(in *Input) { with("bim(steps=4,alpha=.03)")(in); in.Eps = .4 }, "C04")["C04"]
	expect(t, r, Fail)
	if !strings.Contains(r.Value, "on 0 of 0") {
		t.Errorf("value %q: want no images to compare", r.Value)
	}
	r = checkModel(t, v, with("bim(steps=10,alpha=.005)"), "C06")["C06"]
	expect(t, r, Fail)
	if !strings.Contains(r.Advice, "alpha=0.01") {
		t.Errorf("advice %q: want the best step size", r.Advice)
	}
	expect(t, checkModel(t, v, with("bim(steps=20,alpha=.04)"), "C06")["C06"], Pass)
	expect(t, checkModel(t, v, with("apgd(steps=20)"), "C06")["C06"], Skip)
	// Restarts add nothing to one small step.
	expect(t, checkModel(t, plainNet().victim(0), with("pgd(steps=1,alpha=.01,restarts=1)"), "C05")["C05"], Pass)
	expect(t, checkModel(t, Noisy(plainNet().victim(0), .1), with("pgd(steps=3,alpha=.04)"), "C05")["C05"], Fail)
}
