package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/checks"
)

// proofs is a certificate of a record that proves each image at the given radius
// where no attack of the record has an example there.
func proofs(r *Record, eps float32) certify.Certificate {
	c := certify.Certificate{
		Threat: string(r.Evaluation.Norm), Unit: "units", Method: "ibp", Provers: []string{"ibp"}, Sizes: []float32{eps},
		Stopped: "the budget is used up", Origin: certify.Origin{Model: "m", Data: "d", Version: "v", Command: "unwarp certify"},
	}
	for i := range r.Evaluation.Images {
		p := certify.ImageProof{Index: r.Evaluation.Index[i], Label: r.Evaluation.Labels[i], Correct: r.Evaluation.Correct(i), Broken: attacks.NoDistance, Method: "ibp"}
		broken := slices.ContainsFunc(r.Evaluation.Attacks, func(a attacks.AttackResult) bool { return float64(a.Results[i].ThreatDistance) <= 1.1*float64(eps) })
		if p.Correct && !broken {
			p.Proven = eps
			p.Attempts = []certify.Attempt{{Size: eps, Result: certify.Result{Status: certify.Proven, Method: "ibp", Note: "a note"}}}
		}
		c.Images = append(c.Images, p)
	}
	return c
}

// decided is a record without attacks of 1,000 images: 926 proven at .3, of 44 the
// method has an example, 15 are misclassified, and 15 open.
func decided() Record {
	r := fake("trained-for-proof", 1000, nil, false, nil, 4)
	e := &r.Evaluation
	r.Checks, e.CleanCorrect = nil, 985
	c := certify.Certificate{Threat: "linf", Method: "alpha-crown(steps=20,rate=0.1,slopes=adaptive)", Provers: []string{"ibp"}, Pixels: 784, Sizes: []float32{.1, .3}}
	for i := range e.Images {
		e.Clean[i] = e.Labels[i]
		if i >= 985 {
			e.Clean[i] = (e.Labels[i] + 1) % 10
		}
		p := certify.ImageProof{Index: i, Label: e.Labels[i], Correct: e.Correct(i), Broken: attacks.NoDistance, Attempts: []certify.Attempt{{Size: .3, Result: certify.Result{Status: certify.Open}}}}
		switch {
		case i < 926:
			p.Proven = .3
		case i < 970:
			p.Broken, p.Proven = .25, .1
		}
		c.Images = append(c.Images, p)
	}
	r.Certificates = []certify.Certificate{c}
	return r
}

// The headline gives both bounds of these images and how many are proven, broken
// and open; the interval for images like them is another, and is wider.
func TestProofHeadline(t *testing.T) {
	f := Summarise(ptr(decided()))
	c := f.Certificates[0]
	if want := "Between 92.6 and 94.1 % stay right at eps 0.3 (L∞): 926 proven, 59 broken (15 without any change), 15 open."; c.Headline != want {
		t.Errorf("got  %q\nwant %q", c.Headline, want)
	}
	at := c.Points[1]
	// Wilson's interval of 926 and of 941 of 1,000.
	if low, high := at.Interval[0], at.Interval[1]; math.Abs(low-.90811) > 1e-4 || math.Abs(high-.95397) > 1e-4 {
		t.Errorf("interval %v, want .9081 to .9540", at.Interval)
	}
	if p := c.Points[0]; p.Proven != 970 || p.Broken != 0 || p.Open != 15 || p.Misclassified != 15 {
		t.Errorf("at .1: %+v", p.Count)
	}
	v := newVerdict(f, false)
	text := strings.Join(v.Sentences, " ")
	for _, want := range []string{c.Headline, "proven images (92.6 %) are robust within this radius", "of the 1000 images evaluated", "between 90.8 and 95.4 % stay right, with 95 % confidence"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in %q", want, text)
		}
	}
	if v.Level != Sound || !strings.Contains(v.Trust, "lower bound is proven") || v.Robust != nil || v.Proof == nil {
		t.Errorf("verdict %+v", v)
	}
	if n := formatCount(9260) + formatCount(150) + formatCount(1234567); n != "9,2601501,234,567" {
		t.Errorf("counts: %s", n)
	}
}

func ptr[T any](v T) *T { return &v }

// Examples of attacks count as broken, and what checks say of weak attacks touches
// the upper bound alone.
func TestProofsBesideAttacks(t *testing.T) {
	r := fake("both", 200, []float32{.1, .3}, false, fakeAttacks[:5], 3)
	r.Certificates = []certify.Certificate{proofs(&r, .1)}
	r.Checks = append(r.Checks, checks.Result{ID: "C35", Status: checks.Fail})
	f := Summarise(&r)
	p := f.Certificates[0].Points[0]
	if left := r.Evaluation.RobustCount(.1); p.Upper.Count != left || p.Proven == 0 || p.Proven > left || p.Proven+p.Open+p.Broken+p.Misclassified != 200 {
		t.Errorf("%+v, want at most %d right", p, left)
	}
	if v := newVerdict(f, false); v.Level != Sound || !strings.Contains(v.Trust, "upper bound may be too high") && p.Open > 0 {
		t.Errorf("verdict %q", v.Trust)
	}
	var b bytes.Buffer
	f.Print(&b, 100)
	for _, want := range []string{"worst case per image", "proofs by ibp", "proven", "stay right at eps 0.1", "The proofs ended early"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
}

// Where an image is proven and broken at once no figure is given, in no form of the
// report, and the image is named.
func TestContradictionStopsTheReport(t *testing.T) {
	r := fake("wrong", 200, []float32{.1, .3}, false, fakeAttacks[:5], 3)
	c := proofs(&r, .1)
	broken := slices.IndexFunc(r.Evaluation.Attacks[1].Results, func(a attacks.ImageResult) bool { return float64(a.ThreatDistance) < .05 })
	c.Images[broken].Proven = .1
	r.Certificates = []certify.Certificate{c}
	f := Summarise(&r)
	if !slices.Equal(f.Contradicted, []int{broken}) || len(f.Worst) > 0 || len(f.Certificates[0].Points) > 0 || f.Certificates[0].Headline != "" {
		t.Errorf("contradicted %v, worst %v, certificate %+v", f.Contradicted, f.Worst, f.Certificates[0])
	}
	var b bytes.Buffer
	f.Print(&b, 100)
	if text := b.String(); !strings.Contains(text, fmt.Sprintf("image %d)", broken)) || !strings.Contains(text, "C36 failed") || strings.Contains(text, "%") {
		t.Errorf("want no figure and image %d named:\n%s", broken, text)
	}
	page, err := written(r).HTML()
	if err != nil {
		t.Fatal(err)
	}
	if text := string(page); strings.Contains(text, `class="big"`) || strings.Contains(text, "<h2>Proofs</h2>") || !strings.Contains(text, "Check C36 failed") {
		t.Error("the page gives a figure, or no reason")
	}
}

// The page of proofs alone, and of both, is well formed and has both curves.
func TestPageOfProofs(t *testing.T) {
	both := fake("both", 60, []float32{.1, .3}, false, fakeAttacks[:5], 3)
	both.Certificates = []certify.Certificate{proofs(&both, .1)}
	alone := decided()
	alone.Certificates[0].Radius = true
	for name, r := range map[string]*Report{"alone": written(alone), "both": written(both), "several": written(alone, both)} {
		page, err := r.HTML()
		if err != nil {
			t.Fatal(err)
		}
		structure(t, string(page))
		for _, want := range []string{"<h2>Proofs</h2>", "stay right at eps", "proven: at least these", "not broken: at most these", "between what is proven"} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s: want %q", name, want)
			}
		}
		raw, err := r.JSON()
		if err != nil || !json.Valid(raw) || !bytes.Contains(raw, []byte(`"headline": "Between`)) && !bytes.Contains(raw, []byte(`"headline": "Exactly`)) {
			t.Errorf("%s: report.json lacks the headline: %v", name, err)
		}
	}
}

// The radii of all images count in the mean, 0 where nothing is proven.
func TestRadiusSummary(t *testing.T) {
	r := decided()
	r.Certificates[0].Radius = true
	s := Summarise(&r).Certificates[0].Radii
	if want := (926*.3 + 44*.1) / 1000; math.Abs(s.Mean-want) > 1e-6 || math.Abs(s.Median-.3) > 1e-6 || math.Abs(s.Largest-.3) > 1e-6 {
		t.Errorf("%+v, want mean %g", s, want)
	}
	if n := len(s.Curve); n != 2 || s.Curve[0].Share != .97 || s.Curve[1].Share != .926 {
		t.Errorf("curve %+v", s.Curve)
	}
}

// Certificates survive in evaluation.json; what this program cannot have written is
// refused.
func TestCertificatesAreChecked(t *testing.T) {
	dir := t.TempDir()
	if err := Save(dir, decided(), Images{}); err != nil {
		t.Fatal(err)
	}
	r, _, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Certificates[0]; c.Images[930].Broken != .25 || c.Images[0].Broken != attacks.NoDistance || c.CountAt(.3, &r.Evaluation).Proven != 926 {
		t.Errorf("read back: %+v", c.CountAt(.3, &r.Evaluation))
	}
	for want, change := range map[string]func(c *certify.Certificate){
		"images":                     func(c *certify.Certificate) { c.Images = c.Images[1:] },
		"ascending":                  func(c *certify.Certificate) { c.Sizes = []float32{.3, .1} },
		"images[2].proven":           func(c *certify.Certificate) { c.Images[2].Proven = -1 },
		"images[3].index":            func(c *certify.Certificate) { c.Images[3].Index = 7 },
		"images[4].correct":          func(c *certify.Certificate) { c.Images[4].Correct = false },
		"images[5].attempts[0].by":   func(c *certify.Certificate) { c.Images[5].Attempts[0].By = 1 },
		"images[6].attempts[0].stat": func(c *certify.Certificate) { c.Images[6].Attempts[0].Status = "sure" },
	} {
		bad := decided()
		change(&bad.Certificates[0])
		if err := Save(dir, bad, Images{}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, AttackDir, recordFile))
	if err != nil || !bytes.Contains(raw, []byte(`"certificates"`)) {
		t.Errorf("evaluation.json: %v", err)
	}
}

// An evaluation that lacks a certificate of the one before does not replace it
// silently.
func TestCertificatesAreKept(t *testing.T) {
	with, without := decided(), decided()
	without.Certificates = nil
	with.Format, without.Format = RecordFormat, RecordFormat
	if without.covers(&with) || !with.covers(&without) || !with.covers(&with) {
		t.Error("want a record to cover another only with its certificates")
	}
}

// Proofs of a geometric threat give its verdict, as those of a norm do: of what is
// proven no text says that an attack may find more, or that nothing is known. That
// nothing is open is said of one size.
func TestGeometricProofHeadline(t *testing.T) {
	r := turnedRecord(t, "turned", "rotate(30)", gridResult)
	e := &r.Evaluation
	for i := range e.Attacks[0].Results {
		at := &e.Attacks[0].Results[i]
		at.Distance, at.ThreatDistance = attacks.NoDistance, attacks.NoDistance
	}
	c := certify.Certificate{Threat: "rotate(30)", Unit: "degrees", Method: "cells", Provers: []string{"cells"}, Sizes: []float32{15, 30}}
	for i := range e.Images {
		c.Images = append(c.Images, certify.ImageProof{Index: i, Label: 3, Correct: true, Broken: attacks.NoDistance, Proven: 15})
	}
	r.Certificates = []certify.Certificate{c}
	for _, attacked := range []bool{true, false} {
		if !attacked {
			e.Attacks = []attacks.AttackResult{}
		}
		v := newVerdict(Summarise(&r), false)
		text := strings.Join(slices.Concat(v.Sentences, []string{v.Trust}, v.Notes), " ")
		for _, want := range []string{"Exactly 100.0 % stay right at rotate(30) of size 15 degrees: 10 proven", "robust within this size", "Nothing is open at 15 degrees"} {
			if !strings.Contains(text, want) {
				t.Errorf("want %q in %q", want, text)
			}
		}
		for _, bad := range []string{"stronger attack may", "Nothing was attacked", "may be broken"} {
			if strings.Contains(text, bad) {
				t.Errorf("%q in %q", bad, text)
			}
		}
		page, err := written(r).HTML()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "at 15 degrees (rotate(30)), between what is proven") {
			t.Error("the page names no size of the headline")
		}
	}
}

// Where nothing is proven at any size, the verdict is that of the attacks.
func TestNothingProvenBesideAttacks(t *testing.T) {
	r := turnedRecord(t, "turned", "rotate(30)", gridResult)
	c := certify.Certificate{Threat: "rotate(30)", Unit: "degrees", Method: "cells", Provers: []string{"cells"}, Sizes: []float32{1, 30}}
	for i := range r.Evaluation.Images {
		c.Images = append(c.Images, certify.ImageProof{Index: i, Label: 3, Correct: true, Broken: attacks.NoDistance})
	}
	r.Certificates = []certify.Certificate{c}
	v := newVerdict(Summarise(&r), false)
	if text := strings.Join(v.Sentences, " "); v.Proof != nil || !strings.Contains(text, "Rotating by at most 15° is enough") {
		t.Errorf("verdict %q", text)
	}
}

// A small size keeps its digits beside the axis of a chart.
func TestSmallSizesOnTheAxis(t *testing.T) {
	r := decided()
	r.Certificates[0].Sizes = []float32{.005, .01}
	page, err := written(r).HTML()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), ">0.005<") {
		t.Error("want .005 on the axis")
	}
}
