package report

import (
	"encoding/json"
	"strings"
	"testing"

	"unwarp/attacks"
)

// TestSpent: passes and seconds of each attack and of all, and for each image
// broken, in summary, terminal and page.
func TestSpent(t *testing.T) {
	r := four()
	r.Evaluation.Seconds, r.Evaluation.Cost = 12, attacks.Cost{Forward: 40, Backward: 10, Referee: 10}
	for i := range 3 {
		r.Evaluation.Attacks[0].Results[i].Cost = attacks.Cost{Referee: 2}
		r.Evaluation.Attacks[1].Results[i].Cost = attacks.Cost{Forward: 4, Backward: 2}
	}
	f := Summarise(&r)
	// random signs break image 2; fgsm images 0 and 1; together 3.
	for k, want := range []Spent{{6, 3, 1, 6, 3}, {18, 9, 2, 9, 4.5}, {0, 0, 0, 0, 0}} {
		if got := f.Attacks[k].Spent; got != want {
			t.Errorf("%s: want %+v, got %+v", f.Attacks[k].Attack, want, got)
		}
	}
	if want := (Spent{60, 12, 3, 20, 4}); f.Spent != want {
		t.Errorf("all: want %+v, got %+v", want, f.Spent)
	}
	var b strings.Builder
	f.Print(&b, 0)
	for _, want := range []string{"cost of each attack", "all, with the images without attack", "4.5"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
	page := pageOf(t, r)
	for _, want := range []string{"passes each", "20 passes and 4 s for each of 3 images broken"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestBench: entries as RobustBench has them; those of AutoAttack alone have its
// field.
func TestBench(t *testing.T) {
	r := four()
	f := Summarise(&r)
	if len(f.Bench) != 3 || f.Bench[2] != (BenchEntry{Dataset: "mnist", Threat: "Linf", Eps: "0.2", Architecture: "base hinton", Clean: "75.00", Robust: "0.00", Images: 4,
		Protocol: "random, fgsm, fgsm(loss=training), bim(steps=3,alpha=.05)"}) {
		t.Errorf("got %+v", f.Bench)
	}
	members, _ := attacks.Ensemble("standard")
	r.Evaluation.Attacks = r.Evaluation.Attacks[:0:0]
	for _, m := range members {
		a, err := attacks.Parse(m)
		if err != nil {
			t.Fatal(err)
		}
		s := series(attacks.Text(a), attacks.About(a).Name, attacks.WhiteBox, attacks.Classification, []float32{8. / 255}, 0, 0, 0)
		r.Evaluation.Attacks = append(r.Evaluation.Attacks, s)
	}
	r.Evaluation.Radii = []float32{8. / 255}
	f = Summarise(&r)
	if len(f.Bench) != 1 || f.Bench[0].Protocol != "standard" || f.Bench[0].AutoAttack != "75.00" || f.Bench[0].Eps != "8/255" {
		t.Errorf("got %+v", f.Bench)
	}
	raw, err := json.Marshal(f)
	if err != nil || !strings.Contains(string(raw), `"autoattack_acc":"75.00"`) {
		t.Errorf("JSON: %v", err)
	}
	r.Evaluation.Lattice = 255
	if got := Summarise(&r).Bench[0]; got.AutoAttack != "" || !strings.Contains(got.Protocol, "8-bit") {
		t.Errorf("8-bit images alone are not AutoAttack: %+v", got)
	}
}

// TestProofsAlone: a page of proofs without attacks has no empty sections.
func TestProofsAlone(t *testing.T) {
	r := tenImages()
	r.Evaluation.Attacks, r.Evaluation.Radii = nil, nil
	page := pageOf(t, r)
	for _, absent := range []string{"<h2>Attack by attack", "<h2>Pictures", "<h2>Cost", "<h2>Checks", "Every hyper-parameter"} {
		if strings.Contains(page, absent) {
			t.Errorf("the page has %s", absent)
		}
	}
	if !strings.Contains(page, "<h2>Proofs") || !strings.Contains(page, "by proofs</h1>") {
		t.Error("the page lacks its proofs")
	}
	if page = pageOf(t, tenImages()); !strings.Contains(page, "<h2>Pictures") || !strings.Contains(page, "under attack</h1>") {
		t.Error("with attacks all sections are wanted")
	}
}

// TestLatticeWords: the verdict says how many examples survive as 8-bit images.
func TestLatticeWords(t *testing.T) {
	r := four()
	r.Evaluation.Lattice = 255
	lost := attacks.Distance(.15)
	r.Evaluation.Attacks[1].Results[2].OffLattice = &lost
	r.Evaluation.Attacks[0].Results[2].ThreatDistance, r.Evaluation.Attacks[0].Results[2].Distance = attacks.NoDistance, attacks.NoDistance
	f := Summarise(&r)
	if got := f.Lattice.Points[2]; got != (attacks.LatticeCount{Eps: .2, Any: 3, On: 2}) {
		t.Errorf("got %+v", got)
	}
	var b strings.Builder
	f.Print(&b, 0)
	if want := "Only 8-bit images (values k/255) count as examples: of 1 image with an example at this radius, 1 have one"; !strings.Contains(b.String(), want) {
		t.Errorf("want %q in\n%s", want, b.String())
	}
}
