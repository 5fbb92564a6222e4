package report

import (
	"encoding/json"
	"strings"
	"testing"
)

// Ties are named on the terminal, in the summary and in evaluation, where there
// are any, and nowhere else.
func TestTies(t *testing.T) {
	print := func(r Record) string {
		var b strings.Builder
		PrintAttacks(&b, &r, 0)
		return strings.Join(strings.Fields(b.String()), " ")
	}
	r := four()
	if got := print(r); strings.Contains(got, "Ties") {
		t.Errorf("want no word of ties:\n%s", got)
	}
	r.Evaluation.CleanTies = 1
	fgsm := r.Evaluation.Attacks[1].Results
	fgsm[0].Tied, fgsm[1].Tied = true, true
	want := "Ties count as errors: the label shares the largest logit of 1 image without attack, and at eps 0.1 of 1 image misclassified in no other way."
	if got := print(r); !strings.Contains(got, want) {
		t.Errorf("want %q in\n%s", want, got)
	}
	raw, err := json.Marshal(Summarise(&r))
	if err != nil || !strings.Contains(string(raw), `"ties":[0,1,2]`) || !strings.Contains(string(raw), `"clean_ties":1`) {
		t.Errorf("summary %s, %v: want the ties at each radius", raw, err)
	}
	e := evaluated([][]int{{1, 3}, {0, 4}})
	e.Ties = 3
	var b strings.Builder
	if e.Print(&b, 0); !strings.Contains(b.String(), "ties            3 images whose label shares the largest logit: not correct") {
		t.Errorf("want the ties in\n%s", b.String())
	}
}
