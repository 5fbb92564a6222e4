package report

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/checks"
)

// begun is an evaluation of 10 images, all right without attack, whose budget ended:
// PGD ran on 7 of them and broke 3, one of them in an attempt that was cut short.
// Neither Square nor spatial ran.
func begun() Record {
	r := Record{About: About{Run: "x", Kind: "base", Set: "mnist", Part: "test", Shape: [3]int{4, 4, 1}, Classes: 3}, Evaluation: attacks.Evaluation{
		Norm: attacks.Linf, Radii: []float32{.1}, Images: 10, CleanCorrect: 10, Stopped: "the budget of 100 passes is used up: 98 spent",
	}}
	e := &r.Evaluation
	for i := range 10 {
		e.Labels, e.Clean, e.Index = append(e.Labels, int32(i%3)), append(e.Clean, int32(i%3)), append(e.Index, i)
	}
	open := attacks.ImageResult{Distance: inf, ThreatDistance: inf}
	empty := func(text, name string, f attacks.Family) attacks.AttackResult {
		a := attacks.AttackResult{Attack: text, Name: name, Family: f, Norm: attacks.Linf, Radii: e.Radii}
		for range 10 {
			a.Results = append(a.Results, open)
		}
		return a
	}
	pgd := empty("pgd", "pgd", attacks.WhiteBox)
	for i := range 7 {
		pgd.Results[i] = attacks.ImageResult{Done: true, Distance: inf, ThreatDistance: inf, Tried: "0"}
	}
	for _, i := range []int{0, 1} {
		pgd.Results[i] = attacks.ImageResult{Done: true, Distance: .1, ThreatDistance: .1, Tried: "1", Class: 1}
	}
	pgd.Results[6] = attacks.ImageResult{CutShort: true, Distance: .1, ThreatDistance: .1, Tried: "1", Class: 1}
	spatial := empty("spatial", "spatial", attacks.Natural)
	spatial.Search = attacks.MinimumNorm
	e.Attacks = []attacks.AttackResult{pgd, empty("square", "square", attacks.Score), spatial}
	return r
}

func printed(r Record, columns int) string {
	var b strings.Builder
	PrintAttacks(&b, &r, columns)
	return b.String()
}

// TestNotRun wants no figure of an attack that never ran, in no form of the report.
func TestNotRun(t *testing.T) {
	r := begun()
	f := Summarise(&r)
	if a := f.Attacks[0]; a.Attempted != 7 || a.Of != 10 || a.Found.Count != 3 || a.Points[0].Robust.Count != 7 || a.describeRuns() != "ran on 7 of 10" {
		t.Errorf("PGD: got %+v", a)
	}
	for _, a := range f.Attacks[1:] {
		raw, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{`"points"`, `"found"`, `"accuracy"`, `"share"`, `"low"`} {
			if strings.Contains(string(raw), key) {
				t.Errorf("%s was not run: want no %s in %s", a.Name, key, raw)
			}
		}
	}
	text := printed(r, 0)
	for _, want := range []string{
		"PGD, 40 steps (ran on 7 of 10)", "  Square (not run)\n", "  spatial (not run)\n", "the accuracy under this attack is 70.0 %",
		"the budget of 100 passes is used up: 98 spent", "attempts not made: 24", "2 attacks were not run: Square; spatial.",
	} {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(want)) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "100.0 ") && strings.Count(text, "100.0 ") != strings.Count(text, "(100.0 without attack)")+strings.Count(text, "classifies 100.0 %") {
		t.Errorf("want 100 %% of the clean images alone, got\n%s", text)
	}
	checkRows(t, pageOf(t, r), 1)
	checkRows(t, pageOf(t, r, fake("other", 10, []float32{.1}, true, fakeAttacks[:2], 2)), 2)
}

// checkRows wants rows of attacks that were not run without digits, and no curve of
// them. Of several runs, the note stands beside the run's name.
func checkRows(t *testing.T, page string, runs int) {
	t.Helper()
	rows := regexp.MustCompile(`(?s)<tr[^>]*>.*?</tr>`).FindAllString(page, -1)
	found := 0
	for _, row := range rows {
		if !strings.Contains(row, `<small class="extent">not run</small>`) {
			continue
		}
		found++
		for _, cell := range regexp.MustCompile(`<td[^>]*>([^<]*)`).FindAllStringSubmatch(row, -1) {
			if strings.ContainsAny(cell[1], "0123456789") {
				t.Errorf("%d runs: a figure %q in the row of an attack that was not run: %s", runs, cell[1], row)
			}
		}
	}
	if found < 3 {
		t.Errorf("%d runs: want rows of attacks that were not run, got %d", runs, found)
	}
	if !strings.Contains(page, `<small class="extent">ran on 7 of 10</small>`) {
		t.Errorf("%d runs: want the row of PGD marked", runs)
	}
	for _, key := range regexp.MustCompile(`<li><svg.*?</li>|<title id.*?</title>`).FindAllString(page, -1) {
		if strings.Contains(key, "Square") || strings.Contains(key, "spatial") {
			t.Errorf("%d runs: a curve of an attack that was not run: %s", runs, key)
		}
	}
}

// TestNothingRun: with no attempt made there is no figure at all.
func TestNothingRun(t *testing.T) {
	r := begun()
	r.Evaluation.Attacks = r.Evaluation.Attacks[1:]
	text, page := printed(r, 0), strings.ReplaceAll(pageOf(t, r), "\u00a0", " ")
	for what, got := range map[string]string{"terminal": text, "page": page} {
		if !strings.Contains(got, "No attack ended or found anything") || strings.Contains(got, "worst case") || strings.Contains(got, "attacks together") {
			t.Errorf("%s: want no figure: %.3000s", what, got[max(0, strings.Index(got, "<body>")):])
		}
	}
	if f := Summarise(&r); len(f.Worst) > 0 || len(f.Standing) > 0 {
		t.Errorf("got %+v", f.Worst)
	}
}

// natural is an evaluation of 8 images by two natural attacks that break all of them
// far outside the radii, beside attacks that break none.
func natural(beside ...attacks.AttackResult) Record {
	r := begun()
	e := &r.Evaluation
	e.Stopped, e.Radii, e.Images, e.CleanCorrect, e.Labels, e.Clean, e.Index = "", []float32{.05, .1}, 8, 8, e.Labels[:8], e.Clean[:8], e.Index[:8]
	e.Attacks = beside
	for _, name := range []string{"spatial", "corruption"} {
		a := attacks.AttackResult{Attack: name, Name: name, Family: attacks.Natural, Search: attacks.MinimumNorm, Norm: attacks.Linf, Radii: e.Radii}
		for range 8 {
			a.Results = append(a.Results, attacks.ImageResult{Done: true, Distance: .8, ThreatDistance: .8, Class: 2})
		}
		e.Attacks = append(e.Attacks, a)
	}
	return r
}

// TestNaturalAlone: the radii bound no natural change, so none of their figures is
// one of a radius, and none says that all images are left.
func TestNaturalAlone(t *testing.T) {
	r := natural()
	text := printed(r, 0)
	for _, want := range []string{"spatial         0.0      0.0     32.4", "corruption      0.0", "the accuracy is 0.0 % under spatial, 0.0 % under corruption"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	page := strings.ReplaceAll(pageOf(t, r), "\u00a0", " ")
	if !strings.Contains(page, "<span>0.0 %</span> <small>of the images classified correctly under spatial;") || !strings.Contains(page, "Accuracy under changes that no radius bounds, for spatial; corruption") {
		t.Error("want the accuracy under spatial in the headline, and a chart")
	}
	raw, err := written(r).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]string{"terminal": text, "page": bare(page), "JSON": string(raw)} {
		for _, bad := range []string{"100.0 % left", "changed no correct prediction", "at eps 0.", "worst case", "is enough to", `"eps"`, "95 % interval 67"} {
			if strings.Contains(got, bad) {
				t.Errorf("%s: a figure of a radius, %q", what, bad)
			}
		}
	}
}

// TestNaturalBeside: beside attacks with radii both figures stand.
func TestNaturalBeside(t *testing.T) {
	none := begun().Evaluation.Attacks[0]
	for i := range none.Results {
		none.Results[i] = attacks.ImageResult{Done: true, Distance: inf, ThreatDistance: inf, Tried: "00"}
	}
	none.Results, none.Radii = none.Results[:8], []float32{.05, .1}
	r := natural(none)
	text := printed(r, 0)
	for _, want := range []string{"PGD, 40 steps          100.0  100.0\n", "Changing each pixel by at most 0.1, this attack changed no correct prediction", "the accuracy is 0.0 % under spatial, 0.0 % under corruption"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	page := pageOf(t, r)
	if strings.Contains(page, "Natural changes</h3>") || !strings.Contains(page, "Changes that no radius bounds</h3>") || !strings.Contains(page, "<h2>Worst case per image</h2>") {
		t.Error("want both, separately")
	}
	// Where attacks before it leave it some of the images, its accuracy is that of these.
	a := &r.Evaluation.Attacks[1]
	a.Results[0] = attacks.ImageResult{Done: true, Skipped: true, Distance: inf, ThreatDistance: inf}
	if f := Summarise(&r); f.Attacks[1].Accuracy.Of != 7 || f.Attacks[1].describeRuns() != "ran on 7 of 8" {
		t.Errorf("got %+v", f.Attacks[1])
	}
	// The number of changed values is bounded by no radius either.
	a.Name, a.Family, a.Norm = "jsma", attacks.WhiteBox, attacks.L0
	if f := Summarise(&r); !f.Attacks[1].NoRadius {
		t.Errorf("got %+v", f.Attacks[1])
	}
}

// TestBroken: what is proven stands, whatever checks failed; a failed check that
// touches the examples does not let it stand.
func TestBroken(t *testing.T) {
	r := four() // nothing is left at .2
	r.Evaluation.Radii = []float32{.2}
	fail := func(ids ...string) {
		r.Checks = nil
		for _, id := range ids {
			r.Checks = append(r.Checks, checks.Result{ID: id, Title: "T", Status: checks.Fail})
		}
	}
	for _, row := range []struct {
		failed []string
		level  Level
		trust  string
	}{
		{nil, Broken, "Broken: 0 % left at 0.2. The evaluation was not checked."},
		{[]string{"C04", "C35"}, Broken, "Broken: 0 % left at 0.2. Failed checks cannot change that."},
		{[]string{"C04", "C15"}, Unsound, "These figures may be too high or too low: 1 of 2 checks failed that touches the examples found (C15)."},
		{[]string{"C30"}, Broken, "Broken: 0 % left at 0.2. Failed checks cannot change that."},
	} {
		fail(row.failed...)
		if v := newVerdict(Summarise(&r), false); v.Level != row.level || v.Trust != row.trust {
			t.Errorf("%v failed: want %s, %q, got %s, %q", row.failed, row.level, row.trust, v.Level, v.Trust)
		}
		for what, text := range map[string]string{"terminal": printed(r, 0), "page": strings.ReplaceAll(pageOf(t, r), "\u00a0", " ")} {
			if !strings.Contains(text, row.trust) || strings.Contains(text, "Do not trust") {
				t.Errorf("%s: want %q", what, row.trust)
			}
		}
	}
	r.Evaluation.Radii = []float32{.1, .2, .3} // the middle one is broken
	r.Evaluation.Attacks = append(r.Evaluation.Attacks, series("pgd", "pgd", attacks.WhiteBox, "", []float32{.1, .2, .3}, .1, .15, .2))
	fail("C04")
	want := "At smaller radii the accuracy may be lower than these figures, since checks failed."
	if v := newVerdict(Summarise(&r), false); v.Eps != .2 || !strings.Contains(strings.Join(v.Notes, " "), want) {
		t.Errorf("want %q, got %+v", want, v)
	}
}

// TestHeadlineRadius: the verdict names the smallest radius of an effect, or the
// largest without one.
func TestHeadlineRadius(t *testing.T) {
	r := four()
	r.Evaluation.Radii = []float32{.1, .15, .2, .3, .4}
	r.Evaluation.Attacks = []attacks.AttackResult{series("pgd", "pgd", attacks.WhiteBox, "", r.Evaluation.Radii, .1, .1, .1)}
	if text := printed(r, 0); !strings.Contains(text, "at most 0.1 is enough to reduce that to 0.0 %") {
		t.Errorf("want the smallest radius, got\n%s", text)
	}
	r.Evaluation.Attacks = []attacks.AttackResult{series("pgd", "pgd", attacks.WhiteBox, "", r.Evaluation.Radii, 0, 0, .4)}
	if text := printed(r, 0); !strings.Contains(text, "at most 0.3, this attack changed no correct prediction") {
		t.Errorf("want the largest radius without effect, got\n%s", text)
	}
}

// TestLearned: that a model has learned nothing is said where it is true.
func TestLearned(t *testing.T) {
	for name, row := range map[string]struct {
		n     int
		label func(i int) int32
		class func(i int) int32
		want  string
		not   string
	}{
		"nearly all of one class, nearly all right": {6000, func(i int) int32 { return at(i < 5950, 0, 1) }, func(i int) int32 { return at(i < 5886, 0, 1) }, "is enough to", "learned"},
		"twelve, all wrong":                         {12, func(i int) int32 { return int32(i % 3) }, func(i int) int32 { return int32((i + 1) % 3) }, "No image was there to attack", "learned"},
		"one class for all":                         {300, func(i int) int32 { return int32(i % 3) }, func(int) int32 { return 0 }, "It predicts the same class for every image: it has learned nothing.", "is enough to"},
		"one class for few":                         {4, func(i int) int32 { return int32(i % 3) }, func(int) int32 { return 0 }, "these images do not show what it has learned", "learned nothing"},
		"guesses":                                   {300, func(i int) int32 { return int32(i % 3) }, func(i int) int32 { return int32(i / 3 % 3) }, "no better than chance: it has learned nothing", "is enough to"},
		"two images, both right":                    {2, func(i int) int32 { return int32(i) }, func(i int) int32 { return int32(i) }, "is enough to", "learned"},
		"images of one class":                       {300, func(int) int32 { return 0 }, func(int) int32 { return 0 }, "is enough to", "learned"},
	} {
		r := Record{About: About{Classes: 3}, Evaluation: attacks.Evaluation{Norm: attacks.Linf, Radii: []float32{.1}, Images: row.n}}
		e := &r.Evaluation
		e.Attacks = []attacks.AttackResult{{Attack: "pgd", Name: "pgd", Family: attacks.WhiteBox, Norm: attacks.Linf, Radii: e.Radii}}
		for i := range row.n {
			e.Labels, e.Clean, e.Index = append(e.Labels, row.label(i)), append(e.Clean, row.class(i)), append(e.Index, i)
			if e.Correct(i) {
				e.CleanCorrect++
			}
			e.Attacks[0].Results = append(e.Attacks[0].Results, attacks.ImageResult{Done: e.Correct(i), Distance: .1, ThreatDistance: .1, Class: 2})
		}
		if text := printed(r, 0); !strings.Contains(text, row.want) || strings.Contains(text, row.not) {
			t.Errorf("%s: want %q and no %q in\n%s", name, row.want, row.not, text)
		}
	}
}

func at(yes bool, a, b int32) int32 {
	if yes {
		return a
	}
	return b
}

// TestNamesStand: names with the word robust in them stay as they are, though the
// report does not call the model so.
func TestNamesStand(t *testing.T) {
	r := smallRecord("robust-net")
	const source, paper = "Adversarial Robustness Toolbox, robustness tests", "Robustly et al. 2020"
	r.ClassNames[0], r.Checks[0].Source, r.Checks[1].Title, r.Evaluation.Attacks[0].Paper = "robust oak", source, "The Robust title", paper
	r.Evaluation.Labels[0], r.Evaluation.Clean[0] = 0, 0
	right := 0
	for i := range r.Evaluation.Images {
		if r.Evaluation.Correct(i) {
			right++
		}
	}
	r.Evaluation.CleanCorrect = right
	page := pageOf(t, r)
	for _, want := range []string{source, paper, "robust-net", "robust oak", "The Robust title"} {
		if !strings.Contains(page, want) {
			t.Errorf("want %q in the page", want)
		}
	}
	var b strings.Builder
	written(r, smallRecord("b")).Print(&b, 0)
	if text := b.String(); !strings.Contains(text, "robust-net: ") || !strings.Contains(text, "WARN C04 The Robust title") || strings.Contains(text, "under attack title") {
		t.Errorf("got\n%s", text)
	}
}
