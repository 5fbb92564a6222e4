package report

import (
	"strings"
	"testing"
	"time"

	"unwarp/attacks"
)

// TestStepSizesApart: attacks of several runs that differ in a step size alone are
// not called the same.
func TestStepSizesApart(t *testing.T) {
	r := New("v", time.Unix(0, 0))
	for _, text := range []string{"pgd(steps=40,alpha=.01)", "pgd(steps=40,alpha=.02)"} {
		r.Add(text, fake(text, 20, []float32{.1}, true, []fakeAttack{{text, "pgd", attacks.WhiteBox, attacks.Bisection, attacks.Margin, .09, nil}}, 1), Images{})
	}
	var out strings.Builder
	r.Print(&out, 0)
	text := out.String()
	for _, want := range []string{"alpha=.01", "alpha=.02"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
		if r.Runs[0].Attacks[0].Title == r.Runs[1].Attacks[0].Title {
			t.Error("two attacks have one title")
		}
	}
	same := New("v", time.Unix(0, 0))
	for _, name := range []string{"a", "b"} {
		same.Add(name, fake(name, 20, []float32{.1}, true, fakeAttacks[4:5], 1), Images{})
	}
	if got := same.Runs[0].Attacks[0].Title; !strings.HasPrefix(got, "PGD, ") {
		t.Errorf("the same attack in both runs: want its title, got %q", got)
	}
}

// TestDefencesDiffer: runs of which one is behind a defence are said to differ.
func TestDefencesDiffer(t *testing.T) {
	r := New("v", time.Unix(0, 0))
	for _, kind := range []string{"base", "base behind quantise"} {
		rec := fake(kind, 20, []float32{.1}, true, fakeAttacks[:1], 1)
		rec.Kind = kind
		r.Add(kind, rec, Images{})
	}
	if text := strings.Join(r.findDifferences(), "\n"); !strings.Contains(text, "differ in the defence around the model (base: none; base behind quantise: quantise)") {
		t.Errorf("got %q", text)
	}
}
