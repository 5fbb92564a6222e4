package library

import (
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
)

// TestEnsembles: members and order are part of every published result; standard is
// AutoAttack's list.
func TestEnsembles(t *testing.T) {
	standard := "apgd apgd-t fab(targets=9) square(short=true)"
	battery := "random(draws=10) fgsm fgsm(loss=margin) fgsm(loss=training) rfgsm bim bim(loss=training) mifgsm pgd(steps=100,restarts=5) " +
		standard + " apgd(loss=probability-margin) pma malt apgd(loss=dlr) apgd(gradient=straight-through) apgd(loss=margin,gradient=straight-through) mixed codes codes(code=appearance) codes(code=geometry) codes(towards=away) square deepfool ddn fmn " +
		"cw(search=5,steps=1000) ead(search=5,steps=300) jsma nes spsa(steps=40) hopskipjump(steps=20,budget=10000) boundary(steps=5000) " +
		"substitute uniform gaussian saltpepper localsearch(rounds=50) localsearch"
	for name, want := range map[string]string{"standard": standard, "quick": "apgd(loss=probability-margin) malt(targets=2) square(queries=1000,rescale=yes)", "battery": battery} {
		if got, ok := attacks.Ensemble(name); !ok || !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: want %s, got %v", name, want, got)
		}
		for _, text := range strings.Fields(want) {
			if _, err := attacks.Parse(text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, ok := attacks.Ensemble("autoattack"); ok {
		t.Error("want no ensemble of another name")
	}
}

// TestRanksDiffer: the order of the battery depends on ranks alone.
func TestRanksDiffer(t *testing.T) {
	seen := map[int]string{}
	for _, e := range attacks.Catalogue() {
		for _, v := range e.Battery {
			if other, twice := seen[v.Rank]; twice {
				t.Errorf("%s and %s: want different ranks in the battery, got %d twice", other, v.Text, v.Rank)
			}
			seen[v.Rank] = v.Text
		}
		if e.Title == "" {
			t.Errorf("%s: want a title", e.Name)
		}
	}
}
