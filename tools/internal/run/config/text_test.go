package config

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// nasty are texts that YAML, viper or a shell would make something else of.
var nasty = []string{
	"photos #2", "#", "a # b", "!x", "!!str x", "!", "&a", "*a", "%", "%TAG", "@x", "`x`", "{", "{a: 1}", "[", "[x]", "]", "a: b", "a:", ": a", "- a", "-",
	" a", "a ", " ", "  a  b  ", "~", "~/x", "null", "Null", "yes", "no", "on", "True", "false", "y", "1_000", "0x1f", "0b11", "0o17", "010", "007", "1.10", "1e3",
	".5", ".inf", "-.INF", ".nan", "2024_01_02", "2024-01-02", "2001-12-14t21:59:43.10-05:00", "12:30:45", "1:2", "+1", "--- a", "---", "...", "|", "|-", ">", ">x", "? a", "?", ",", "a, b", "a=b", "=",
	"<<", "<<: x", "$HOME", "${1}", "\\", "\\n", "a\\", "it's", "a\"b", "ä ö", "日本", "\u00a0a", "\ttab", "a\tb", "a\nb", "\na", "a\n", "a\r\nb", "\r", "\x01", "\x7f", "\u0085", "\u2028", "\ufeffa", "a\ufeff",
	"\xff", "a\xffb", "true #", "'", "\"", "'a", "\"a\" b", "'a'", "\"a\"", "'a' # b", "\"a\\", "🙂", "\U000e0001", "\ufffe", "\u200b",
}

// quoteYAML writes s as the rules of a double-quoted text of YAML say, byte by
// byte, without a library.
func quoteYAML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f || r > 0x7e:
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

func escape(r rune) string {
	const digits = "0123456789abcdef"
	out := []byte(`\U00000000`)
	for i := len(out) - 1; r > 0; i, r = i-1, r>>4 {
		out[i] = digits[r&15]
	}
	return string(out)
}

// places are the ways in which a text can be given for a key, by their names.
func places(t *testing.T, key, text string) map[string]Source {
	variable := Key{Name: key}.Variable()
	all := map[string]Source{}
	outside := text
	if strings.HasPrefix(text, "'") || strings.HasPrefix(text, `"`) {
		outside = "'" + strings.ReplaceAll(text, "'", "''") + "'"
		if !utf8.ValidString(text) {
			return all
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			outside = quoteYAML(text) // what single quotes may not hold
		}
	}
	if !strings.ContainsRune(text, 0) { // no argument of a process can hold it
		all["flag"] = Source{Flag: []Flag{{"flag", key, outside}}}
		all["--set"] = Source{Set: []string{key + "=" + outside}}
	}
	if text != "" && !strings.ContainsRune(text, 0) {
		all["environment"] = Source{Text: []byte(variable), Set: []string{outside}}
	}
	if utf8.ValidString(text) {
		nested, end := strings.ReplaceAll(key, ".", ": {"), strings.Repeat("}", strings.Count(key, "."))
		all["file"] = Source{File: "x.yaml", Text: []byte(nested + ": " + quoteYAML(text) + end + "\n")}
	}
	return all
}

// given gathers what one place says; checks of values are left out.
func given(t *testing.T, place string, src Source) (Config, error) {
	if place != "environment" {
		return gather(Default(), src)
	}
	os.Setenv(string(src.Text), src.Set[0])
	defer os.Unsetenv(string(src.Text))
	return gather(Default(), Source{})
}

// textKeys are the keys of plain text; others refuse most texts.
var textKeys = map[string]func(c Config) string{
	"run":             func(c Config) string { return c.Run },
	"data.set":        func(c Config) string { return c.Data.Set },
	"data.view":       func(c Config) string { return c.Data.View },
	"model.encoder":   func(c Config) string { return c.Model.Encoder },
	"model.head":      func(c Config) string { return c.Model.Head },
	"model.normalise": func(c Config) string { return string(c.Model.Normalise) },
	"attack.eps":      func(c Config) string { return c.Attack.Eps },
	"attack.baseline": func(c Config) string { return c.Attack.Baseline },
	"device":          func(c Config) string { return string(c.Device) },
	"export.input":    func(c Config) string { return c.Export.Input },
}

// roundTrip gives a text for a key in every place, and saves and loads what came
// of it.
func roundTrip(t *testing.T, key, text string) {
	t.Helper()
	get := textKeys[key]
	for place, src := range places(t, key, text) {
		c, err := given(t, place, src)
		if err != nil {
			t.Errorf("%s from %s, %q: %v", key, place, text, err)
			continue
		}
		if get(c) != text {
			t.Errorf("%s from %s: want %q, got %q", key, place, text, get(c))
			continue
		}
		raw, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := gather(Default(), Source{File: "config.yaml", Text: raw}); err != nil || get(back) != text {
			t.Errorf("%s, saved and loaded: want %q, got %q, %v", key, text, get(back), err)
		}
	}
}

// A text stands as it was given, from every place and after saving.
func TestTextStands(t *testing.T) {
	clean(t)
	for _, text := range nasty {
		roundTrip(t, "run", text)
	}
	for i, key := range slices.Sorted(maps.Keys(textKeys)) {
		for at := i; at < len(nasty); at += 12 {
			roundTrip(t, key, nasty[at])
		}
	}
}

func FuzzText(f *testing.F) {
	for _, text := range nasty {
		f.Add(text)
	}
	f.Add("\"000\x00")
	f.Fuzz(func(t *testing.T, text string) { roundTrip(t, "run", text) })
}

// A list of texts keeps each element.
func TestTextsStand(t *testing.T) {
	clean(t)
	for _, text := range nasty {
		file := Source{File: "x.yaml", Text: []byte("attack: {sources: [" + quoteYAML(text) + ", b]}")}
		for place, src := range map[string]Source{"--set": {Set: []string{"attack.sources=" + "[" + quoteYAML(text) + ",b]"}}, "file": file} {
			if !utf8.ValidString(text) {
				continue
			}
			if c, err := gather(Default(), src); err != nil || !slices.Equal(c.Attack.Sources, []string{text, "b"}) {
				t.Errorf("%s: want %q, got %q, %v", place, []string{text, "b"}, c.Attack.Sources, err)
			}
		}
		if strings.HasPrefix(text, "[") || strings.HasPrefix(text, "'") || strings.HasPrefix(text, `"`) {
			continue
		}
		if c, err := gather(Default(), Source{Set: []string{"attack.sources=" + text}}); err != nil || !slices.Equal(c.Attack.Sources, []string{text}) {
			t.Errorf("one element: want %q, got %q, %v", text, c.Attack.Sources, err)
		}
	}
	c, err := gather(Default(), Source{File: "x.yaml", Text: []byte("attack: {sources: [010, yes, 1.10, 2024_01_02, ~, 'a b']}")})
	if want := []string{"010", "yes", "1.10", "2024_01_02", "~", "a b"}; err != nil || !slices.Equal(c.Attack.Sources, want) {
		t.Errorf("want %q, got %q, %v", want, c.Attack.Sources, err)
	}
}

// A text in a file is what stands there, whatever YAML would take it for.
func TestTextInFile(t *testing.T) {
	clean(t)
	for written, want := range map[string]string{
		"2024_01_02": "2024_01_02", "010": "010", "1.10": "1.10", "2024-01-02": "2024-01-02", "yes": "yes", "null": "null", "~": "~", "1_000": "1_000", "0x1F": "0x1F", "1e3": "1e3",
		"12:30:45": "12:30:45", ".inf": ".inf", "True": "True", "photos #2": "photos", "photos#2": "photos#2", "'photos #2'": "photos #2", "!!str 7": "7", "!!binary aGk=": "hi", "&a x": "x", "|-\n  a\n  b": "a\nb",
		"9223372036854775808123": "9223372036854775808123", "+1": "+1", "0.10000000000000000001": "0.10000000000000000001",
	} {
		c, err := gather(Default(), Source{File: "x.yaml", Text: []byte("run: " + written + "\n")})
		if err != nil || c.Run != want {
			t.Errorf("run: %s: want %q, got %q, %v", written, want, c.Run, err)
		}
	}
}

// Quotes around a whole text are those of YAML, as ever.
func TestQuotedText(t *testing.T) {
	clean(t)
	for set, want := range map[string]string{`run="a b"`: "a b", `run='it''s'`: "it's", `run="a\tb"`: "a\tb", `run="#"`: "#", `run=''`: "", `run=a "b"`: `a "b"`} {
		if c, err := gather(Default(), Source{Set: []string{set}}); err != nil || c.Run != want {
			t.Errorf("%s: want %q, got %q, %v", set, want, c.Run, err)
		}
	}
	for _, set := range []string{`run='a`, `run="a" b`, `run='a' # b`, `run="`, `run="a": b`, `run='a', 'b'`} {
		if c, err := gather(Default(), Source{Set: []string{set}}); err == nil || !strings.Contains(err.Error(), "run: want a text") || !strings.Contains(err.Error(), "write '") {
			t.Errorf("%s: want an error that says how to write it, got %q, %v", set, c.Run, err)
		}
	}
}

// A number is all of what is given: no comment, no second reading.
func TestNumbersStand(t *testing.T) {
	clean(t)
	for _, set := range []string{"train.batch=6 #4", "train.batch=010", "train.batch=2024-01-02", "train.batch=3\n---\n4", "train.batch=# 3", "model.mean=[.1] # .2", "attack.attacks=[fgsm, #2]", "train.batch=*x", "train.batch=&a", "export.inference_only=yes"} {
		if c, err := Load(Default(), Source{Set: []string{set}}); err == nil || !strings.Contains(err.Error(), strings.Split(set, "=")[0]) {
			t.Errorf("%s: want an error that names the key, got batch %d and %v", set, c.Train.Batch, err)
		}
	}
	for _, set := range []string{"train.batch=1_000", "train.batch=0x3e8", "train.batch= 1000 ", "train.batch=1e3"} {
		if c, err := Load(Default(), Source{Set: []string{set}}); err != nil || c.Train.Batch != 1000 {
			t.Errorf("%s: got %d, %v", set, c.Train.Batch, err)
		}
	}
}

// A key given twice is refused, however it is written, with both lines.
func TestKeysGivenTwice(t *testing.T) {
	clean(t)
	for file, names := range map[string][]string{
		"seed: 1\nSEED: 2\n":                                      {`"seed"`, "line 2", "line 1"},
		"train:\n  batch: 3\n  Batch: 4\n":                        {`"train.batch"`, "line 3", "line 2"},
		"train: {batch: 3}\nTRAIN: {log: 5st}\n":                  {`"train"`, "line 2", "line 1"},
		"train: {batch: 3}\ntrain.batch: 4\n":                     {`"train.batch"`, "line 2", "line 1"},
		"train.batch: 3\nlog: 1\nTrain.Batch: 4\n":                {`"train.batch"`, "line 3", "line 1"},
		"train.objective.lambda: 1\ntrain: {objective.Lambda: 2}": {`"train.objective.lambda"`, "line 2", "line 1"},
	} {
		_, err := Load(Default(), Source{File: "x.yaml", Text: []byte(file)})
		for _, name := range names {
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%q: want an error that names %s, got %v", file, name, err)
			}
		}
	}
	c, err := Load(Default(), Source{File: "x.yaml", Text: []byte("train.batch: 3\ntrain: {log: 7st}\n")})
	if err != nil || c.Train.Batch != 3 || c.Train.Log.String() != "7st" {
		t.Errorf("other keys of one part: got %d, %v, %v", c.Train.Batch, c.Train.Log, err)
	}
}

// Anchors, merges and tags keep their meaning in YAML.
func TestAnchors(t *testing.T) {
	clean(t)
	c, err := Load(Default(), Source{File: "x.yaml", Text: []byte("train: &t {batch: 3, log: 7st}\nattack: {sources: &s [010, b], eps: &e .10, baseline: *e}\nmodel: {mean: [], width: !!int 5}\n")})
	if err != nil || c.Train.Batch != 3 || c.Attack.Baseline != ".10" || c.Model.Width != 5 || c.Attack.Sources[0] != "010" {
		t.Errorf("got %+v, %v", c.Attack, err)
	}
	c, err = Load(Default(), Source{File: "x.yaml", Text: []byte("data: &d {train: 30, validation: 6, test: 7}\ntrain: {<<: {batch: 5, log: 3st}, Batch: 4}\n")})
	if err != nil || c.Train.Batch != 4 || c.Train.Log.String() != "3st" {
		t.Errorf("merged: want a key's own value first, got %d, %v, %v", c.Train.Batch, c.Train.Log, err)
	}
	c, err = Load(Default(), Source{File: "x.yaml", Text: []byte("train: {<<: [{batch: 5}, {batch: 6, log: 3st}]}\n")})
	if err != nil || c.Train.Batch != 5 || c.Train.Log.String() != "3st" {
		t.Errorf("merged in order: got %d, %v, %v", c.Train.Batch, c.Train.Log, err)
	}
	bomb := "a0: &a0 {seed: 1}\n"
	for i := range 40 {
		n := string(rune('0' + i%10))
		bomb += "b" + string(rune('a'+i/10)) + n + ": &x" + string(rune('a'+i)) + " {<<: [" + strings.Repeat("*x"+string(rune('a'+i-1))+", ", min(i, 2)) + "*a0]}\n"
	}
	for _, file := range []string{"train: &a {batch: *a}", "train: &a {<<: *a}", "run: !!int 3", "run: !mine 3", "run: *none", "train: {<<: 3}", "? [a]\n: 3", bomb, "attack: {sources: [~, ]}\nrun: !!float 1", "&a x: *a"} {
		if _, err := Load(Default(), Source{File: "x.yaml", Text: []byte(file)}); err == nil || strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("%q: want an error of one line, got %v", file, err)
		}
	}
}

// The texts of a file on the disk are those of its content.
func TestTextFromDisk(t *testing.T) {
	clean(t)
	path := filepath.Join(t.TempDir(), "a #1.yaml")
	if err := os.WriteFile(path, []byte("run: 2024_01_02\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(Default(), Source{File: path}); err != nil || c.Run != "2024_01_02" {
		t.Errorf("got %q, %v", c.Run, err)
	}
}
