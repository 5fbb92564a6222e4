package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"unwarp/attacks"
	"unwarp/attacks/certify"
	"unwarp/attacks/geometry"
)

// poison is a text that a page, a chart, a shell, a template or a terminal may take
// for more than a text.
var poison = `"><script>alert('x')</script><img src=x onerror="alert(1)"></title></style></svg><!-- ]]> $1 ${1} $$ %s {{.}} &lt; javascript:alert(1) #010101 font-family:x; 0.123456 ` +
	"\x1b[31m\x1b]0;t\x07\u009b2J\u202e\x00\x7f\ufeff\u2028 a\nb\tc" + strings.Repeat("W", 10_000)

// smallRecord is an evaluation in which every text field is set, quick to draw.
func smallRecord(name string) Record {
	r := fake(name, 12, []float32{.1, .3}, true, fakeAttacks[5:7], 3)
	r.ClassNames = strings.Split("zero one two three four five six seven eight nine", " ")
	r.Evaluation.Stopped = "the budget is used up"
	r.Evaluation.Attacks[1].Results[11].Done = false
	r.Certificates = []certify.Certificate{proofs(&r, .1)}
	for i := range r.Checks {
		r.Checks[i].Advice, r.Checks[i].Images = "advice", []int{1, 2}
	}
	return r
}

// structure lists the elements of a page with the names of their attributes. The
// page is read as XML, without mercy: its tags begin where those of HTML do, and
// comments and sections that HTML would read otherwise are refused.
func structure(t *testing.T, page string) (out []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(page, "<!doctype html>")))
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			line := e.Name.Local
			for _, a := range e.Attr {
				line += " " + a.Name.Local
			}
			out = append(out, line)
		case xml.Comment, xml.ProcInst, xml.Directive:
			t.Fatalf("a page with %T %q", e, e)
		}
	}
}

// stringFields calls do with each string below v and its path. Of lists it takes
// the first element.
func stringFields(v reflect.Value, path string, do func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.String:
		do(path, v)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name != "" {
					name = "." + name
				}
				stringFields(v.Field(i), path+name, do)
			}
		}
	case reflect.Slice:
		if v.Len() > 0 {
			stringFields(v.Index(0), path+"[0]", do)
		}
	}
}

// copyRecord is a record that shares nothing with r.
func copyRecord(t *testing.T, r Record) (out Record) {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// words are fields that hold one of a few words: others are refused.
var words = []string{
	"evaluation.norm", "evaluation.threat", "evaluation.attacks[0].family", "evaluation.attacks[0].norm", "evaluation.attacks[0].losses[0]", "evaluation.attacks[0].results[0].tried",
	"checks[0].id", "checks[0].status", "certificates[0].images[0].attempts[0].status",
}

// TestPoisonedRecord puts poison into one field of a saved evaluation after the
// other: the evaluation is refused, or page, terminal and JSON have nothing that
// they do not have without it.
func TestPoisonedRecord(t *testing.T) {
	clean := smallRecord("a")
	dir := t.TempDir()
	var fields []string
	stringFields(reflect.ValueOf(&clean).Elem(), "", func(path string, _ reflect.Value) { fields = append(fields, strings.TrimPrefix(path, ".")) })
	if len(fields) < 30 {
		t.Fatalf("want all text fields, got %q", fields)
	}
	set := func(text string, only ...string) Record {
		r := copyRecord(t, clean)
		stringFields(reflect.ValueOf(&r).Elem(), "", func(path string, v reflect.Value) {
			if slices.Contains(only, path[1:]) {
				v.SetString(text)
			}
		})
		return r
	}
	for _, field := range fields {
		if err := Save(dir, set(poison, field), Images{}); err != nil {
			t.Fatal(err)
		}
		got, _, err := Load(dir)
		if refused := slices.Contains(words, field); refused != (err != nil) {
			t.Errorf("%s: want it refused: %v, got %v", field, refused, err)
		}
		if err != nil {
			if text := err.Error(); !strings.Contains(text, recordFile) || !strings.Contains(text, strings.TrimSuffix(field, "s[0]")) || hidden(text) || len(text) > 300+len(dir)*2 {
				t.Errorf("%s: want an error of a line that names it, got %q", field, text)
			}
			continue
		}
		checkTexts(t, field, got)
	}
	texts := slices.DeleteFunc(fields, func(field string) bool { return slices.Contains(words, field) })
	comparePages(t, set("harmless", texts...), set(poison, texts...))
}

// comparePages wants the page of a poisoned record to have the elements of that of
// a harmless one.
func comparePages(t *testing.T, harmless, poisoned Record) {
	t.Helper()
	page := func(r Record) []string {
		raw, err := written(r, smallRecord("b")).HTML()
		if err != nil {
			t.Fatal(err)
		}
		return structure(t, string(raw))
	}
	want, got := page(harmless), page(poisoned)
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("element %d: want %q, got %q", i, want[i], got[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("want %d elements, got %d", len(want), len(got))
	}
}

// checkTexts wants nothing in the texts of a report that steers a terminal.
func checkTexts(t *testing.T, field string, poisoned Record) {
	t.Helper()
	both := New("v0.4.0", time.Time{})
	both.Add("runs/a", poisoned, Images{})
	both.Add("runs/b", smallRecord("b"), Images{})
	for _, columns := range []int{0, 40} {
		var b strings.Builder
		both.Print(&b, columns)
		if hidden(b.String()) {
			t.Errorf("%s: control characters on the terminal", field)
		}
		if n := b.Len(); n > 100_000 {
			t.Errorf("%s: a text of %d bytes", field, n)
		}
	}
	raw, err := both.JSON()
	if err != nil || hidden(string(raw)) || !json.Valid(raw) {
		t.Errorf("%s: report.json: %v", field, err)
	}
}

// hidden tells whether a text has characters that steer a terminal.
func hidden(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && unicode.IsControl(r) || r == '\u202e' || r == '\ufeff' || r == '\u2028'
	})
}

// TestPoisonUnsaved puts poison into all fields at once of records that were never
// saved, the refused ones too.
func TestPoisonUnsaved(t *testing.T) {
	r := smallRecord("a")
	stringFields(reflect.ValueOf(&r).Elem(), "", func(_ string, v reflect.Value) { v.SetString(poison) })
	page, err := written(r, smallRecord("b"), r).HTML()
	if err != nil {
		t.Fatal(err)
	}
	other := smallRecord("b")
	other.Set = "other"
	turned := smallRecord("d")
	turned.Evaluation.Norm, turned.Evaluation.Threat = "", geometry.Threat{Rotate: 30}
	known := structure(t, pageOf(t, smallRecord("a"), other, smallRecord("c"), turned))
	for _, e := range structure(t, string(page)) {
		if !slices.Contains(known, e) {
			t.Errorf("an element %q that no clean page has", e)
		}
	}
}

// TestChartTitles wants names in the titles of charts as they are.
func TestChartTitles(t *testing.T) {
	const name = `net $1 ${0} #010101 font-family:x; 0.123456`
	page := pageOf(t, fake(name, 12, []float32{.1, .3}, true, fakeAttacks[:2], 3))
	if n := strings.Count(page, "against eps, for "+name+"</title>"); n != 2 {
		t.Errorf("want the name in both titles, got it in %d", n)
	}
}

// TestRefusedFigures wants figures that no evaluation has refused, with the file and
// the field.
func TestRefusedFigures(t *testing.T) {
	inf := attacks.NoDistance
	for field, spoil := range map[string]func(e *attacks.Evaluation){
		"evaluation.seconds":                       func(e *attacks.Evaluation) { e.Seconds = -1 },
		"evaluation.radii[1]":                      func(e *attacks.Evaluation) { e.Radii[1] = 1e30 },
		"evaluation.radii: ":                       func(e *attacks.Evaluation) { e.Radii[0] = e.Radii[1] },
		"evaluation.cost.forward":                  func(e *attacks.Evaluation) { e.Cost.Forward = -5 },
		"evaluation, image 3: label":               func(e *attacks.Evaluation) { e.Labels[3], e.Clean[3] = 77, 77 },
		"evaluation, image 2: index":               func(e *attacks.Evaluation) { e.Index[2] = -1 },
		"evaluation.attacks[1].radii":              func(e *attacks.Evaluation) { e.Attacks[1].Radii = []float32{.2} },
		"evaluation.attacks[0].radius_search":      func(e *attacks.Evaluation) { e.Attacks[0].Search = 9 },
		"evaluation.attacks[1].results[4].class":   func(e *attacks.Evaluation) { e.Attacks[1].Results[4].Class = 10 },
		"evaluation.attacks[1].results[4].queries": func(e *attacks.Evaluation) { e.Attacks[1].Results[4].Queries = -1 },
		"evaluation.attacks[0].results[0].done": func(e *attacks.Evaluation) {
			e.Attacks[0].Results[0] = attacks.ImageResult{Skipped: true, Distance: inf, ThreatDistance: inf}
		},
		"evaluation.attacks[0].results[0].referee":  func(e *attacks.Evaluation) { e.Attacks[0].Results[0].Referee = 1 << 60 },
		"evaluation.attacks[0].results[0].distance": func(e *attacks.Evaluation) { e.Attacks[0].Results[0].Distance = 1e300 },
		"evaluation.pixels":                         func(e *attacks.Evaluation) { e.Pixels = -784 },
		"evaluation.clean_correct":                  func(e *attacks.Evaluation) { e.CleanCorrect++ },
	} {
		dir := t.TempDir()
		r := copyRecord(t, smallRecord("a"))
		spoil(&r.Evaluation)
		r.Format = RecordFormat
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, AttackDir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, AttackDir, recordFile), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(dir); err == nil || !strings.Contains(err.Error(), recordFile+": "+field) {
			t.Errorf("want %s refused, got %v", field, err)
		}
	}
	for _, names := range [][]string{{"one"}, make([]string, 11)} {
		r := smallRecord("a")
		r.ClassNames = names
		r.Format = RecordFormat
		if err := r.check(); err == nil || !strings.Contains(err.Error(), "class_names: want a name for each of 10 classes") {
			t.Errorf("%d names of 10 classes: got %v", len(names), err)
		}
	}
	if err := checkRange("x", float32(-1), 1); err == nil || fmt.Sprint(err) != "x: want 0 to 1, got -1" {
		t.Errorf("got %v", err)
	}
}
