package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// pageOf is the page of the runs, after the checks that every page must pass.
func pageOf(t *testing.T, runs ...Record) string {
	t.Helper()
	raw, err := written(runs...).HTML()
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	wellFormed(t, page)
	alone(t, page)
	return page
}

// wellFormed reads the page as XML, which it is but for its first line and
// tags that HTML leaves open: every element is closed, every attribute quoted,
// every id used once, and what names an id names one that is there.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(page, "<!doctype html>")))
	d.Entity = xml.HTMLEntity
	ids, named := map[string]bool{}, map[string]bool{}
	pictures := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		has := map[string]string{}
		for _, a := range e.Attr {
			has[a.Name.Local] = a.Value
		}
		if id := has["id"]; id != "" && ids[id] {
			t.Errorf("id %q twice", id)
		}
		ids[has["id"]] = true
		if n := has["aria-labelledby"]; n != "" {
			named[n] = true
		}
		switch e.Name.Local {
		case "script", "link", "iframe", "object", "base", "form":
			t.Errorf("a page with an element <%s>", e.Name.Local)
		case "img":
			pictures++
			if has["alt"] == "" || !strings.HasPrefix(has["src"], "data:image/png;base64,") {
				t.Errorf("img with alt %q from %.30q", has["alt"], has["src"])
			}
		}
	}
	for n := range named {
		if !ids[n] {
			t.Errorf("a chart is named by %q, which is not there", n)
		}
	}
}

// bare is the page without the bytes of its pictures.
func bare(page string) string {
	return regexp.MustCompile(`data:image/png;base64,[^"]*`).ReplaceAllString(page, "data:")
}

// alone wants nothing that a browser would fetch.
func alone(t *testing.T, page string) {
	t.Helper()
	page = bare(page)
	for _, bad := range []string{"http", "//cdn", "url(", "@import", "src=\"/", "<script", "NaN", "Inf", "%!", "<no value>", "ZgotmplZ"} {
		if at := strings.Index(page, bad); at >= 0 {
			t.Errorf("page with %q: …%s", bad, page[max(0, at-60):min(len(page), at+60)])
		}
	}
}

func TestPage(t *testing.T) {
	r := fake("glyphs-seed1", 200, []float32{.1, .2, .3}, true, fakeAttacks, 1)
	page := pageOf(t, r)
	f := Summarise(&r)
	for _, a := range f.Attacks {
		for _, want := range []string{a.Title, "<code>" + a.Attack + "</code>"} {
			if strings.Count(page, want) < 1 {
				t.Errorf("want attack %q in the page", want)
			}
		}
	}
	for _, c := range r.Checks {
		if !strings.Contains(page, c.Title) || !strings.Contains(page, joinPercent(c.Value)) || !strings.Contains(page, joinPercent(c.Threshold)) || !strings.Contains(page, c.Advice) || !strings.Contains(page, ">"+c.ID+"<") {
			t.Errorf("want check %+v in the page", c)
		}
	}
	for _, want := range []string{
		"accuracy under attack", "misclassified after, correct before", "prediction changed", "95&nbsp;%", r.ModelHash, r.DataHash, r.Version, r.TensorFlow, r.Machine, r.Precision, r.Command,
		"Loss against iteration", "cross-entropy of the label", "Queries of black-box attacks", "median", "forward", "backward", "referee", "The smallest change found",
		"alone", "prefers-color-scheme: dark", "@media print", "var(--c1)", " 10 steps of 0.02", "Images found by no earlier attack", "Single runs",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("want %q in the page", want)
		}
	}
	if n := strings.Count(page, "<svg class=\"chart\""); n != 2+2*4+3+2 {
		t.Errorf("want charts of the worst case, four families, three losses and two histograms, got %d", n)
	}
	if strings.Contains(page, "<title id=\"worst0-0\"></title>") || !strings.Contains(page, "Accuracy under attack against eps") {
		t.Error("charts without a name to be read aloud")
	}
}

// TestNoClaim greps the page: without check C35 its own sentences do not say
// "robust".
func TestNoClaim(t *testing.T) {
	r := fake("glyphs-seed1", 60, []float32{.1, .3}, true, fakeAttacks, 1)
	r.Checks = append(r.Checks, checks.Result{ID: "C35", Title: "Enough attacks", Status: checks.Fail, Value: "no", Threshold: "more", Source: "Carlini et al. 2019"})
	other := fake("glyphs-seed2", 60, []float32{.05, .08, .1}, true, fakeAttacks, 2)
	other.Checks = solid(other.Checks)
	both := written(r, other)
	var b strings.Builder
	both.Print(&b, 80)
	for what, text := range map[string]string{"a run without": pageOf(t, r), "one with beside one without": pageOf(t, r, other), "text": b.String()} {
		text = strings.ToLower(bare(text))
		if at := strings.Index(text, "robust"); at >= 0 {
			t.Errorf("%s: …%s", what, text[max(0, at-80):at+40])
		}
	}
	if page := pageOf(t, other); !strings.Contains(page, "robust accuracy at this radius is at most") || !strings.Contains(page, "Robust accuracy, upper bound") {
		t.Error("C35 passed: want the word, as an upper bound")
	}
}

// TestHostileNames puts markup wherever a text of the user's comes from.
func TestHostileNames(t *testing.T) {
	evil := `"><script>alert('x')</script><img src=x onerror=alert(1)>{{.}}</style></title>` + "\x00\u202e"
	r := fake(evil, 30, []float32{.1, .3}, true, fakeAttacks[:4], 1)
	r.Kind, r.Encoder, r.Set, r.Part, r.ModelHash, r.Command, r.Machine = evil, evil, evil, evil, evil, evil, evil
	r.ClassNames = []string{evil, evil}
	r.Checks[1].Advice, r.Checks[1].Title = evil, evil
	r.Evaluation.Stopped = evil
	r.Evaluation.Attacks[1].Attack, r.Evaluation.Attacks[1].Name, r.Evaluation.Attacks[1].Paper = evil, evil, evil
	r.Evaluation.Attacks[2].Params = []attacks.Param{{Key: evil, Value: evil, Help: evil}}
	other := r
	other.Run = "b"
	for _, runs := range [][]Record{{r}, {r, other}} {
		raw, err := written(runs...).HTML()
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<script", "<img src=x", "onerror=alert(1)>", "</style></title>"} {
			if at := strings.Index(string(raw), bad); at >= 0 {
				t.Errorf("%q got through: …%s", bad, raw[max(0, at-80):at+40])
			}
		}
	}
}

func TestSeveralRuns(t *testing.T) {
	a := fake("base", 50, []float32{.1, .2}, true, fakeAttacks[:3], 1)
	b := fake("disentangled", 50, []float32{.2, .4}, false, fakeAttacks[1:], 2)
	c := fake("base", 40, []float32{1, 2}, true, fakeAttacks[:2], 3)
	c.Evaluation.Norm = attacks.L2
	page := pageOf(t, a, b, c)
	for _, want := range []string{
		"runs/0", "runs/2", "disentangled", // two of a name go by their folders
		"differ in what the attacker may do (runs/0: linf; runs/2: l2)", "differ in the images attacked", "differ in the attacks (runs/0: 3: ", "differ in whether every attack saw every image",
		"0.4 L∞", "1 L2", "runs/0, runs/2: every attack saw every image", "disentangled: each attack saw only images and radii", "disentangled (cumulative)</li>", "disentangled (cumulative)</td>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("want %q in the page", want)
		}
	}
	if n := len(regexp.MustCompile(`<article class="card`).FindAllString(page, -1)); n != 3 {
		t.Errorf("want three verdicts, got %d", n)
	}
	if again := pageOf(t, a, a); strings.Contains(again, "differ in") {
		t.Error("equal runs need no warning")
	}
}

// TestOddEvaluations makes a page of each.
func TestOddEvaluations(t *testing.T) {
	small := func(change func(*Record)) Record {
		r := fake("x", 20, []float32{.1, .3}, true, fakeAttacks, 4)
		change(&r)
		return r
	}
	attempts := func(r *Record, change func(*attacks.ImageResult)) {
		for s := range r.Evaluation.Attacks {
			for i := range r.Evaluation.Attacks[s].Results {
				change(&r.Evaluation.Attacks[s].Results[i])
			}
		}
	}
	for name, row := range map[string]struct {
		change func(*Record)
		want   string
	}{
		"nothing found": {func(r *Record) {
			attempts(r, func(a *attacks.ImageResult) {
				*a = attacks.ImageResult{Done: true, Distance: inf, ThreatDistance: inf, Tried: "00"}
			})
		}, "changed no correct prediction"},
		"all misclassified": {func(r *Record) {
			attempts(r, func(a *attacks.ImageResult) { a.Done, a.Distance, a.ThreatDistance = true, .01, .01 })
		}, "under at least one of these"},
		"no distances that are numbers": {func(r *Record) {
			attempts(r, func(a *attacks.ImageResult) {
				a.Distance, a.ThreatDistance = attacks.Distance(math.NaN()), attacks.Distance(math.NaN())
				a.LossCurve = []float32{1, 2, float32(math.NaN()), 3}
			})
		}, "not found"},
		"infinite losses": {func(r *Record) {
			attempts(r, func(a *attacks.ImageResult) {
				a.LossCurve = []float32{float32(math.Inf(1)), float32(math.Inf(-1))}
			})
		}, "<h2>Cost</h2>"},
		"nothing run": {func(r *Record) {
			attempts(r, func(a *attacks.ImageResult) { *a = attacks.ImageResult{Distance: inf, ThreatDistance: inf} })
			r.Evaluation.Stopped = "the budget is used up"
		}, "ended early"},
		"no attacks":     {func(r *Record) { r.Evaluation.Attacks = nil }, "Nothing was attacked"},
		"no images":      {func(r *Record) { r.Evaluation = attacks.Evaluation{Norm: attacks.Linf, Radii: []float32{.1}} }, "Nothing was attacked"},
		"nothing at all": {func(r *Record) { *r = Record{} }, "Nothing was attacked"},
		"all wrong before": {func(r *Record) {
			r.Evaluation.CleanCorrect = 0
			for i := range r.Evaluation.Clean {
				r.Evaluation.Clean[i] = (r.Evaluation.Labels[i] + 1) % 10
			}
		}, "No image was there to attack"},
		"no checks": {func(r *Record) { r.Checks = nil }, "not checked"},
		"many classes": {func(r *Record) {
			r.Classes = 100000
			for i := range r.Evaluation.Labels {
				r.Evaluation.Labels[i] += 90000
				r.Evaluation.Clean[i] += 90000
			}
		}, "100000 classes"},
		"one radius": {func(r *Record) {
			r.Evaluation.Radii = r.Evaluation.Radii[:1]
		}, "eps"},
		"a losses of one value": {func(r *Record) {
			attempts(r, func(a *attacks.ImageResult) { a.LossCurve = []float32{2, 2, 2} })
		}, "Mean loss"},
		"an unknown family, norm and status": {func(r *Record) {
			r.Evaluation.Norm, r.Evaluation.Attacks[0].Family, r.Evaluation.Attacks[1].Norm, r.Checks[0].Status = "l7", "other", "l0", "?"
		}, "l7"},
		"one image": {func(r *Record) {
			e := &r.Evaluation
			e.Images, e.CleanCorrect, e.Labels, e.Clean, e.Index = 1, 1, []int32{3}, []int32{3}, []int{0}
			for s := range e.Attacks {
				e.Attacks[s].Results = e.Attacks[s].Results[:1]
			}
		}, "1 image correctly"},
		"colours": {func(r *Record) { r.Shape = [3]int{32, 32, 3} }, "data:image"},
		"a pair":  {func(r *Record) { r.Shape = [3]int{32, 30, 2} }, "data:image"},
		"faces":   {func(r *Record) { r.Set = "FaceScrub-50" }, "people who did not consent"},
	} {
		t.Run(name, func(t *testing.T) {
			r := small(row.change)
			page := strings.ReplaceAll(pageOf(t, r), "\u00a0", " ")
			if !strings.Contains(page, row.want) {
				t.Errorf("want %q in the page", row.want)
			}
			if name == "faces" && strings.Contains(page, "data:image") {
				t.Error("pictures of faces")
			}
			if _, err := written(r).JSON(); err != nil {
				t.Errorf("report.json: %v", err)
			}
			var b strings.Builder
			written(r).Print(&b, 60)
			pageOf(t, r, small(func(*Record) {}))
		})
	}
}

func TestReportJSON(t *testing.T) {
	r := fake("x", 50, []float32{.1, .3}, true, fakeAttacks, 4)
	want := written(r, r)
	raw, err := want.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.Format != reportFormat || !got.Written.Equal(time.Date(2026, 3, 6, 9, 30, 0, 0, time.UTC)) || !reflect.DeepEqual(got.Runs, want.Runs) {
		t.Errorf("want it as it was written, got %+v", got)
	}
	if n := len(raw); n > 200_000 {
		t.Errorf("want figures without attempts, got %d bytes", n)
	}
	again, err := got.JSON()
	if err != nil || string(again) != string(raw) {
		t.Errorf("written again it differs: %v", err)
	}
}

// TestDerive counts by hand.
func TestDerive(t *testing.T) {
	r := four()
	f := Summarise(&r)
	for k, want := range []Point{newPoint(.05, 3, 0, 3, 4), newPoint(.1, 2, 0, 3, 4), newPoint(.2, 0, 0, 3, 4)} {
		if f.Worst[k] != want {
			t.Errorf("worst case: want %+v, got %+v", want, f.Worst[k])
		}
	}
	if p := f.Worst[1]; p.Robust.Share != .5 || p.Misclassified.Count != 1 || p.Misclassified.Of != 3 || p.Changed.Of != 4 || p.Changed.Share != .25 {
		t.Errorf("three definitions: got %+v", p)
	}
	if a := f.Attacks[1]; a.Points[1].NewlyMisclassified != 2 || *a.Points[1].OnlyThis != 2 || a.Points[1].Succeeded != 2 || a.Points[1].Tried != 3 || a.Attempted != 3 || a.Found.Count != 2 || a.Median != .2 {
		t.Errorf("FGSM: got %+v", a)
	}
	if a := f.Attacks[3]; a.Points[0].Steps != 3 || a.Points[0].Alpha != .05 || a.Median != inf {
		t.Errorf("BIM: got %+v", a)
	}
	curve, n := averageLosses([]attacks.ImageResult{{LossCurve: []float32{1, 2, 3}}, {LossCurve: []float32{3}}, {}})
	if n != 2 || !reflect.DeepEqual(curve, []LossPoint{{1, 2}, {2, 2.5}, {3, 3}}) {
		t.Errorf("loss: want 2, 2.5, 3 of two images, got %v of %d", curve, n)
	}
	long := make([]float32, 12345)
	if curve, _ := averageLosses([]attacks.ImageResult{{LossCurve: long}}); len(curve) > maxLosses {
		t.Errorf("want at most %d points, got %d", maxLosses, len(curve))
	}
	q := countQueries([]attacks.ImageResult{{Done: true, Queries: 3}, {Done: true, Queries: 5}, {Done: true, Queries: 4}, {Done: true, Queries: 70}, {Done: true, Distance: inf, Queries: 9}})
	if q.Median != 4 || !reflect.DeepEqual(q.Bins, []Bin{{2, 5, 2}, {5, 10, 1}, {10, 20, 0}, {20, 50, 0}, {50, 100, 1}}) {
		t.Errorf("queries: got %+v", q)
	}
}

func TestEpsText(t *testing.T) {
	for _, row := range []struct {
		eps  float32
		want string
	}{{8. / 255, "8/255"}, {.1, "0.1"}, {.2, "0.2"}, {.03, "0.03"}, {1, "1"}, {1. / 255, "1/255"}, {2.5, "2.5"}, {1e-5, "1e-05"}} {
		if got := formatEps(row.eps); got != row.want {
			t.Errorf("%g: want %q, got %q", row.eps, row.want, got)
		}
	}
}
