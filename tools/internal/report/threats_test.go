package report

import (
	"bytes"
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/checks"
	"unwarp/attacks/corruption"
	"unwarp/attacks/geometry"
)

// turnedRecord is an evaluation of a threat: image i is misclassified from a size
// of i of 10 parts of it on.
func turnedRecord(t testing.TB, name, text string, attack attacks.AttackResult) Record {
	t.Helper()
	g, err := geometry.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r := Record{About: About{Run: name, Set: "mnist", Part: "test", Shape: [3]int{4, 4, 1}, Classes: 10}}
	e := &r.Evaluation
	e.Threat, e.Images, e.CleanCorrect, e.Pixels = g, 10, 10, 16
	for _, share := range []float64{.2, .5, 1} {
		e.Radii = append(e.Radii, float32(share*g.Size()))
	}
	attack.Radii = e.Radii
	for i := range 10 {
		e.Labels, e.Clean, e.Index = append(e.Labels, 3), append(e.Clean, 3), append(e.Index, i)
		size := attacks.Distance(float64(i+1) / 10 * g.Size())
		at := attacks.ImageResult{Done: true, Distance: size, ThreatDistance: size, Class: 4, Parameters: make([]float64, len(g.Parameters()))}
		if i == 9 {
			at = attacks.ImageResult{Done: true, Distance: attacks.NoDistance, ThreatDistance: attacks.NoDistance}
		}
		attack.Results = append(attack.Results, at)
	}
	e.Attacks = []attacks.AttackResult{attack}
	r.Checks = []checks.Result{{ID: "C35", Title: "The attacks are complete", Status: checks.Pass}}
	return r
}

var gridResult = attacks.AttackResult{Attack: "grid", Name: "grid", Family: attacks.Decision, Search: attacks.Ascending}

// TestThreatsHavePanels: each threat is printed and drawn apart, in its own unit,
// with its own headline.
func TestThreatsHavePanels(t *testing.T) {
	r := New("1", time.Now())
	r.Add("a", smallRecord("a"), Images{})
	r.Add("a", turnedRecord(t, "a", "rotate(30)", gridResult), Images{})
	r.Add("b", turnedRecord(t, "b", "rotate(20)", gridResult), Images{})
	r.Add("a", turnedRecord(t, "a", "rotate+translate(30,2px)", gridResult), Images{})
	if len(r.Runs) != 1 || len(r.Threats) != 2 || len(r.Threats[0].Runs) != 2 || r.Threats[0].Threat != "rotate" {
		t.Fatalf("%d runs, %d threats", len(r.Runs), len(r.Threats))
	}
	var b bytes.Buffer
	r.Print(&b, 100)
	for _, want := range []string{
		"Threat rotate\n", "  degrees", "rotate(30)", "Rotating by at most 15° is enough to reduce that to 50.0 % or less.",
		"Threat rotate+translate(30,2px)", "share of rotate+translate(30,2px)", "Rotating, moving by at most 15° and 1 px is enough",
		"eps ",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
	page, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h1>Rotate</h1>", "<h1>Rotate&#43;translate(30,2px)</h1>", "at 15 degrees (rotate(30))", "against degrees, for"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("want %q in the page", want)
		}
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(string(page), ` id="`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		if seen[id] {
			t.Errorf("the id %s twice in the page", id)
		}
		seen[id] = true
	}
	raw, err := r.JSON()
	var back struct {
		Runs    []SummaryData
		Threats []struct {
			Threat string
			Runs   []SummaryData
		}
	}
	if err := json.Unmarshal(raw, &back); err != nil || len(back.Runs) != 1 || len(back.Threats) != 2 || back.Threats[1].Runs[0].Threat.String() != "rotate+translate(30,2px)" {
		t.Errorf("report.json: %v", err)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestExactFigures: where every move was tried the report says so, and no attack
// "can lower" the figure.
func TestExactFigures(t *testing.T) {
	moves := attacks.AttackResult{Attack: "moves", Name: "moves", Family: attacks.Decision, Search: attacks.MinimumNorm}
	print := func(r Record) string {
		var b bytes.Buffer
		PrintAttacks(&b, &r, 200)
		return b.String()
	}
	exact := turnedRecord(t, "a", "translate(2px,whole)", moves)
	exact.Checks[0].Status = checks.Fail
	if text := print(exact); !strings.Contains(text, "this figure is exact") || strings.Contains(text, "or less") || strings.Contains(text, "too weak") {
		t.Errorf("want it exact:\n%s", text)
	}
	cut := turnedRecord(t, "a", "translate(2px,whole)", moves)
	cut.Evaluation.Stopped, cut.Evaluation.Attacks[0].Results[9].Done = "the budget is used up", false
	for name, r := range map[string]Record{"fractions": turnedRecord(t, "a", "translate(2px)", moves), "cut short": cut, "grid": turnedRecord(t, "a", "translate(2px,whole)", gridResult)} {
		if text := print(r); strings.Contains(text, "exact") {
			t.Errorf("%s: want it not exact:\n%s", name, text)
		}
	}
}

// TestThreatRecords: a record of a threat is read back as it was; one of a norm
// and a threat is refused.
func TestThreatRecords(t *testing.T) {
	run := t.TempDir()
	threat, err := attacks.ParseThreat("rotate(30)")
	if err != nil {
		t.Fatal(err)
	}
	dir := ThreatFolder(run, threat)
	if filepath.Base(dir) != "rotate" || ThreatFolder(run, attacks.Threat{Norm: attacks.L2}) != run {
		t.Errorf("folder %s", dir)
	}
	r := turnedRecord(t, "a", "rotate(30)", gridResult)
	if err := Save(dir, r, Images{}); err != nil {
		t.Fatal(err)
	}
	if got := ThreatFolders(run); !slices.Equal(got, []string{dir}) || HasEvaluation(run) {
		t.Errorf("folders %v", got)
	}
	back, _, err := Load(dir)
	if err != nil || back.Evaluation.Threat != r.Evaluation.Threat || back.Evaluation.Attacks[0].Results[2].ThreatDistance != 9 {
		t.Errorf("read back: %+v, %v", back.Evaluation.Threat, err)
	}
	for want, spoil := range map[string]func(e *attacks.Evaluation){
		"evaluation.norm":    func(e *attacks.Evaluation) { e.Norm = attacks.L2 },
		"].norm":             func(e *attacks.Evaluation) { e.Attacks[0].Norm = attacks.L2 },
		"].parameters":       func(e *attacks.Evaluation) { e.Attacks[0].Results[0].Parameters = []float64{1, 2} },
		"].field":            func(e *attacks.Evaluation) { e.Attacks[0].Results[0].Field = make([]float32, 31) },
		"parameters: want n": func(e *attacks.Evaluation) { e.Attacks[0].Results[0].Parameters = []float64{1e300} },
	} {
		r := turnedRecord(t, "a", "rotate(30)", gridResult)
		spoil(&r.Evaluation)
		if err := Save(dir, r, Images{}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s refused, got %v", want, err)
		}
	}
}

func corruptionRecord() CorruptionRecord {
	r := CorruptionRecord{About: About{Run: "a", Set: "mnist", Part: "test", Shape: [3]int{2, 2, 1}, Classes: 3}, Label: 1, Predicted: []int32{1, 2, 1, 1}}
	r.Table = corruption.Table{Choice: "corruption", Source: "made by unwarp", CleanImages: 1000, CleanCorrect: 990, Severities: []int{1, 5}, Kinds: []corruption.Kind{
		{Name: "fog", Cells: []corruption.Cell{{Images: 1000, Correct: 900}, {Images: 1000, Correct: 700}}},
		{Name: "snow", Cells: []corruption.Cell{{Images: 1000, Correct: 950}, {Images: 1000, Correct: 850}}},
	}}
	r.Checks = checks.JudgeCorruptions(&r.Table)
	for range 4 {
		r.pixels = append(r.pixels, []float32{0, .5, 1, .25})
	}
	return r
}

// TestCorruptionReport: the table in terminal, page and JSON, and damaged records
// refused.
func TestCorruptionReport(t *testing.T) {
	folder := CorruptionFolder(t.TempDir())
	if err := SaveCorruptions(folder, corruptionRecord()); err != nil {
		t.Fatal(err)
	}
	back, err := LoadCorruptions(folder)
	if err != nil || len(back.pixels) != 4 {
		t.Fatalf("%d images, %v", len(back.pixels), err)
	}
	reference := back.Table
	reference.Kinds = []corruption.Kind{
		{Name: "fog", Cells: []corruption.Cell{{Images: 1000, Correct: 800}, {Images: 1000, Correct: 400}}},
		{Name: "snow", Cells: []corruption.Cell{{Images: 1000, Correct: 900}, {Images: 1000, Correct: 700}}},
	}
	plain := New("1", time.Now())
	plain.AddCorruptions(back)
	back.AddReference(&reference, "runs/other")
	if back.Relation == nil || math.Abs(back.Relation.MCE-.5) > 1e-9 {
		t.Fatalf("relation %v", back.Relation)
	}
	r := New("1", time.Now())
	r.AddCorruptions(back)
	var b bytes.Buffer
	r.Print(&b, 100)
	plain.Print(&b, 100)
	page, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  fog        90.0   70.0   80.0   50.0\n", "the mean error is 15.0 %", "The mean corruption error (mCE) is 50.0 % of that of other", "The worst is fog in severity 5: 70.0 %.", "The mean error is no mCE"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, b.String())
		}
	}
	for _, want := range []string{"<h1>Corruptions: a</h1>", "<span>85.0 %</span>", "A red frame", "severity 5"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("want %q in the page", want)
		}
	}
	for want, spoil := range map[string]func(r *CorruptionRecord){
		"table.correct":     func(r *CorruptionRecord) { r.Table.Kinds[0].Cells[0].Correct = 1001 },
		"table.kinds.cells": func(r *CorruptionRecord) { r.Table.Kinds[0].Cells = nil },
		"predicted":         func(r *CorruptionRecord) { r.Predicted = []int32{1} },
		"relation.ce":       func(r *CorruptionRecord) { r.Relation = &corruption.Relation{CE: []float64{1}} },
		"checks[0].id":      func(r *CorruptionRecord) { r.Checks[0].ID = "x" },
	} {
		c := corruptionRecord()
		spoil(&c)
		if err := SaveCorruptions(folder, c); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadCorruptions(folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s refused, got %v", want, err)
		}
	}
}
