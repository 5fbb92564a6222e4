package checks

import (
	"strings"
	"testing"
)

func TestAdaptive(t *testing.T) {
	s := openModel(t, plainNet().victim(1), "pgd", "mixed", "codes", "codes(towards=away)")
	read := func(list ...string) Result {
		l := newEvaluation(10, .1)
		for _, text := range list {
			l = l.add(t, text, 5)
		}
		return runChecks(t, Input{Reference: s.Session, Gradient: s.Session, Images: s.firstImages(20), Evaluation: l.Evaluation, N: 10}, "C33")["C33"]
	}
	expect(t, read("pgd", "mixed", "codes", "codes(towards=away)"), Pass)
	expect(t, read("pgd", "mixed", "codes"), Warn)
	r := read("pgd")
	expect(t, r, Fail)
	for _, want := range []string{"mixed", "codes(towards=away)"} {
		if !strings.Contains(r.Advice, want) {
			t.Errorf("advice %q: want %q in it", r.Advice, want)
		}
	}
	plain := newEvaluation(10, .1).add(t, "pgd", 5)
	half := plainNet().victim(1)
	half.CodeNames = half.CodeNames[:1]
	expect(t, checkModel(t, half, func(in *Input) { in.Evaluation = plain.Evaluation }, "C33")["C33"], Warn)
	expect(t, checkModel(t, plainNet().victim(0), func(in *Input) { in.Evaluation = plain.Evaluation }, "C33")["C33"], Skip)
}
