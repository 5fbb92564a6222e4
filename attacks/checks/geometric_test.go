package checks

import (
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/engine"
)

// TestGeometricChecks: on an evaluation of a geometric threat the checks of norms
// are skipped with the reason, stored examples are verified by another transform,
// and weak attacks are found.
func TestGeometricChecks(t *testing.T) {
	threat, err := attacks.ParseThreat("rotate+translate(50,1.5px)")
	if err != nil {
		t.Fatal(err)
	}
	list := Attacks()
	grid, err := attacks.Parse("grid(points=1,moves=1)") // the image itself
	if err != nil {
		t.Fatal(err)
	}
	s, err := openSession(plainNet().victim(0), threat, append(list, grid)...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Net.Close()
	set := patterns(3, 40, .12)
	run := func(text string) (map[string]Result, *attacks.Evaluation) {
		a, err := attacks.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		e, err := engine.NewEngine(s, s, engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.5, 1}, Batch: 32, Keep: 40})
		if err != nil {
			t.Fatal(err)
		}
		ev, err := e.Run(t.Context(), set, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return runChecks(t, Input{Reference: s, Gradient: s, Images: set, Evaluation: ev, N: 40, Eps: 1}), ev
	}
	all, ev := run("grid(points=9,moves=3)")
	found := ev.MisclassifiedCount(0, 1)
	for id, r := range all {
		if !geometricChecks[id] && (r.Status != Skip || !strings.Contains(r.Value, "norm")) && id != "C26" {
			t.Errorf("%s: %s %q, want it skipped as one of norms", id, r.Status, r.Value)
		}
	}
	t.Logf("%d found; C15 %s; C40 %s", found, all["C15"].Value, all["C40"].Value)
	if found > 0 {
		expect(t, all["C15"], Pass)
		expect(t, runChecks(t, Input{Evaluation: ev, Certificates: []certify.Certificate{provenAt(ev, .25)}}, "C36")["C36"], Pass)
		expect(t, runChecks(t, Input{Evaluation: ev, Certificates: []certify.Certificate{provenAt(ev, 1)}}, "C36")["C36"], Fail)
		for i := range ev.Attacks[0].Results {
			if r := &ev.Attacks[0].Results[i]; r.Image != nil {
				r.Parameters[0] += .1 // a tenth of a degree
				break
			}
		}
		expect(t, runChecks(t, Input{Reference: s, Gradient: s, Images: set, Evaluation: ev, N: 40, Eps: 1}, "C15")["C15"], Fail)
	}
	weak, none := run("grid(points=1,moves=1)")
	if none.MisclassifiedCount(0, 1) == 0 && found > 5 {
		expect(t, weak["C40"], Fail)
	}
	expect(t, weak["C35"], Fail)
}

// provenAt is a certificate that calls the first image that ev broke at 1 proven at a
// size.
func provenAt(ev *attacks.Evaluation, size float32) certify.Certificate {
	c := certify.Certificate{Threat: certify.ThreatOf(ev), Sizes: []float32{size}}
	done := false
	for i, r := range ev.Attacks[0].Results {
		p := certify.ImageProof{Index: ev.Index[i], Label: ev.Labels[i], Correct: true, Broken: attacks.NoDistance}
		if !done && r.ThreatDistance > .25 && r.ThreatDistance <= 1 {
			p.Proven, done = size, true
		}
		c.Images = append(c.Images, p)
	}
	return c
}
