package trainer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// metricLine is a line of metrics.jsonl as a reader outside this project would
// declare it.
type metricLine struct {
	Kind           string   `json:"kind"`
	Time           string   `json:"time"`
	Step           int      `json:"step"`
	Epoch          int      `json:"epoch"`
	Rate           float64  `json:"rate"`
	Speed          float64  `json:"images_per_second"`
	Loss           *float32 `json:"loss"`
	Classification float32  `json:"classification"`
	Reconstruction float32  `json:"reconstruction"`
	CodeChange     float32  `json:"code_change"`
	GradientNorm   float32  `json:"gradient_norm"`
	Evaluation     *struct {
		Images    int     `json:"images"`
		Accuracy  float64 `json:"accuracy"`
		Loss      float64 `json:"loss"`
		Confusion [][]int `json:"confusion"`
	} `json:"evaluation"`
}

func metricLines(t *testing.T, dir string) []metricLine {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(raw, []byte("\n")) {
		t.Errorf("want whole lines, got an end of %q", raw[max(0, len(raw)-40):])
	}
	var out []metricLine
	for text := range strings.Lines(string(raw)) {
		var l metricLine
		d := json.NewDecoder(strings.NewReader(text))
		if err := d.Decode(&l); err != nil {
			t.Errorf("line %q: %v", text, err)
		}
		if _, err := time.Parse(time.RFC3339, l.Time); err != nil {
			t.Errorf("line %q: %v", text, err)
		}
		out = append(out, l)
	}
	return out
}

// checkMetrics: the lines of a run of fullConfig, however often it was
// interrupted.
func checkMetrics(t *testing.T, dir string, seen *recorder) {
	t.Helper()
	var got []string
	for _, l := range metricLines(t, dir) {
		got = append(got, fmt.Sprint(l.Kind, " ", l.Step))
		if l.Epoch != (l.Step-1)/4+1 {
			t.Errorf("step %d: epoch %d", l.Step, l.Epoch)
		}
		switch l.Kind {
		case "train":
			if l.Loss == nil || *l.Loss != seen.loss[l.Step-1] || !(l.Classification > 0 && l.Reconstruction > 0 && l.CodeChange > 0 && l.GradientNorm > 0 && l.Rate > 0 && l.Speed > 0) || l.Evaluation != nil {
				t.Errorf("line %+v, loss of the step %g", l, seen.loss[l.Step-1])
			}
		case "validation":
			want := seen.evals[l.Step]
			if l.Loss != nil || l.Evaluation == nil || l.Evaluation.Accuracy != want.Accuracy || l.Evaluation.Images != 10 || len(l.Evaluation.Confusion) != 3 {
				t.Errorf("line %+v, evaluation %+v", l, want)
			}
		}
	}
	slices.Sort(got)
	want := []string{"train 5", "train 10", "train 15", "train 16", "validation 6", "validation 12", "validation 16"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("want the lines %v, got %v", want, got)
	}
}

// A killed run has written lines that the resumed one writes again, and its
// last line may be torn.
func TestMetricsAfterAKill(t *testing.T) {
	for _, c := range []struct {
		name      string
		st        State
		text, now string
	}{
		{"nothing to drop", State{Step: 9, Evaluated: 8}, `{"kind":"train","step":5}|{"kind":"validation","step":8}|`, ""},
		{"later lines", State{Step: 5}, `{"kind":"train","step":5}|{"kind":"train","step":6}|{"kind":"validation","step":8}|`, `{"kind":"train","step":5}|`},
		{"a torn line", State{Step: 9}, `{"kind":"train","step":5}|{"kind":"tra`, `{"kind":"train","step":5}|`},
		{"a whole line without its end", State{Step: 9}, `{"kind":"train","step":5}|{"kind":"train","step":6}`, `{"kind":"train","step":5}|`},
		{"zeros of a power cut", State{Step: 9}, `{"kind":"train","step":5}|` + "\x00\x00\x00|", `{"kind":"train","step":5}|`},
		{"an evaluation to be repeated", State{Step: 8, Evaluated: 4}, `{"kind":"validation","step":4}|{"kind":"train","step":8}|{"kind":"validation","step":8}|`,
			`{"kind":"validation","step":4}|{"kind":"train","step":8}|`},
		{"epochs of an earlier version, from 0", State{Step: 9}, `{"kind":"train","step":4,"epoch":0,"rate":1}|{"kind":"train","step":9,"epoch":10,"rate":1}|`,
			`{"kind":"train","step":4,"epoch":1,"rate":1}|{"kind":"train","step":9,"epoch":11,"rate":1}|`},
		{"from the start", State{}, `{"kind":"train","step":1}|`, "-"},
		{"empty", State{}, "", ""},
	} {
		path := filepath.Join(t.TempDir(), MetricsFile)
		text := strings.ReplaceAll(c.text, "|", "\n")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := openMetrics(path, c.st)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err := m.write(metricsLine{Kind: "train", Step: 77}); err != nil {
			t.Error(err)
		}
		if err := m.close(); err != nil {
			t.Error(err)
		}
		want := strings.ReplaceAll(c.now, "|", "\n")
		switch c.now {
		case "":
			want = text
		case "-":
			want = ""
		}
		raw, err := os.ReadFile(path)
		rest, ok := strings.CutPrefix(string(raw), want)
		if err != nil || !ok || !json.Valid([]byte(rest)) || strings.Count(rest, "\n") != 1 || !strings.Contains(rest, `"step":77`) {
			t.Errorf("%s: want %q and one more line, got %q, %v", c.name, want, raw, err)
		}
	}
}

// TestDamagedMetrics: a line that is damaged within the file is named, not
// dropped; the end of a write that was cut off is dropped.
func TestDamagedMetrics(t *testing.T) {
	line := func(step int) string { return fmt.Sprintf(`{"kind":"train","step":%d,"epoch":1}`+"\n", step) }
	path := filepath.Join(t.TempDir(), MetricsFile)
	for text, want := range map[string]string{
		line(1) + line(2)[:9]:                     "",
		line(1) + line(2)[:9] + "\n" + line(3):    "line 2",
		"\x00\x00\x00\n" + line(2):                "line 1",
		line(1) + line(2) + line(3)[1:] + line(4): "line 3",
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		m, err := openMetrics(path, State{Step: 9})
		if err == nil {
			m.close()
		}
		raw, _ := os.ReadFile(path)
		switch {
		case want == "" && (err != nil || string(raw) != line(1)):
			t.Errorf("%q: left %q, %v", text, raw, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want+":") || string(raw) != text):
			t.Errorf("%q: want %s named and the file as it was, got %v, %q", text, want, err, raw)
		}
	}
}
