package trainer

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	event "github.com/wamuir/graft/tensorflow/core/util/event_go_proto"
)

// boardScalars are what TensorBoard shows of a run: it reads the files in the
// order of their names, and where one marks the start of a session at a step it
// drops what it has read of that step and later ones. A last record that a kill
// cut off is not read.
func boardScalars(t *testing.T, dir string) map[string][]float32 {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, EventsDir, "*tfevents*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no event files: %v", err)
	}
	type point struct {
		step  int64
		tag   string
		value float32
	}
	var points []point
	for _, path := range paths { // sorted
		for _, e := range readRecords(t, path, true) {
			if l := e.GetSessionLog(); l.GetStatus() == event.SessionLog_START {
				kept := points[:0]
				for _, p := range points {
					if p.step < e.Step {
						kept = append(kept, p)
					}
				}
				points = kept
			}
			for _, v := range e.GetSummary().GetValue() {
				x := v.GetSimpleValue()
				if tensor := v.GetTensor(); tensor != nil {
					x = tensor.GetFloatVal()[0]
				}
				points = append(points, point{e.Step, v.Tag, x})
			}
		}
	}
	all := map[string][]float32{}
	for _, p := range points {
		key := fmt.Sprint(p.tag, " ", p.step)
		all[key] = append(all[key], p.value)
	}
	return all
}

// sameBoard compares what TensorBoard shows of two runs: each point once, with
// the same value, speed apart.
func sameBoard(t *testing.T, got, want map[string][]float32) {
	t.Helper()
	for key, w := range want {
		if g := got[key]; len(g) != 1 || len(w) != 1 || g[0] != w[0] && !speed(key) {
			t.Errorf("%s: want %v once, got %v", key, w, g)
		}
	}
	if len(got) != len(want) {
		t.Errorf("want %d points, got %d", len(want), len(got))
	}
}

func speed(key string) bool {
	var step int
	n, _ := fmt.Sscanf(key, "train/images_per_second %d", &step)
	return n == 1
}

// killedAt trains up to an event and leaves the files as they are at that
// moment, as kill -9 does: what is still in memory is lost.
func killedAt(t *testing.T, dir, at string) {
	t.Helper()
	p, net := declared(t, 7, fullConfig(t), fullModel(), littleShape)
	in := fullInputs(dir + ".living")
	if err := os.CopyFS(in.Dir, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	in.Resume = true
	if _, err := p.Run(t.Context(), net, in, &recorder{on: func(event string) {
		if event != at {
			return
		}
		if err := p.summaries.flushFile(net); err != nil { // as it does by itself every ten seconds
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
		if err := os.CopyFS(dir, os.DirFS(in.Dir)); err != nil {
			t.Error(err)
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(in.Dir); err != nil {
		t.Fatal(err)
	}
}

// TestBoardAfterKills: a run that was killed and resumed shows each point once
// and loses none, and metrics.jsonl agrees.
func TestBoardAfterKills(t *testing.T) {
	straight := t.TempDir()
	if _, _, err := session(t, t.Context(), fullConfig(t), fullInputs(straight)); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	killedAt(t, dir, "step 5")       // before the first checkpoint
	killedAt(t, dir, "saved 7 last") // at once after one
	killedAt(t, dir, "step 12")      // some steps after one
	in := fullInputs(dir)
	in.Resume = true
	if _, _, err := session(t, t.Context(), fullConfig(t), in); err != nil {
		t.Fatal(err)
	}
	sameBoard(t, boardScalars(t, dir), boardScalars(t, straight))
	got, want := metricLines(t, dir), metricLines(t, straight)
	if len(got) != len(want) {
		t.Fatalf("want %d lines of metrics, got %d", len(want), len(got))
	}
	for i, w := range want {
		if g := got[i]; g.Kind != w.Kind || g.Step != w.Step || g.Epoch != w.Epoch {
			t.Errorf("line %d: want %+v, got %+v", i, w, g)
		}
	}
}
