package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	"unwarp/attacks/journal"
	_ "unwarp/attacks/library"
	"unwarp/graphs"
)

var _ = attacks.Register(attacks.Entry{Name: "test-script", Family: attacks.Baseline, New: func() attacks.Attack { return new(scripted) }})

// scripted is an attack whose Run is a test's function.
type scripted struct {
	attacks.Common
	Size float32 `key:"size" in:"[0,1]"`
	do   func(c *attacks.Oracle)
}

func (s *scripted) Losses(attacks.Victim) []attacks.Loss {
	return []attacks.Loss{attacks.Classification}
}
func (s *scripted) Run(c *attacks.Oracle) { s.do(c) }

// thresholdVictim classifies one pixel: class 1 from .5 on, class 0 below.
func thresholdVictim() attacks.Victim {
	return attacks.Victim{H: 1, W: 1, C: 1, Classes: 2, Logits: func(s *graphs.Scope, x tf.Output) tf.Output {
		z := op.Sub(s.Op("shifted"), s.Flatten(x), op.Const(s.Op("edge"), float32(.5)))
		return op.ConcatV2(s.Op("both"), []tf.Output{op.Neg(s.Op("minus"), z), z}, op.Const(s.Op("axis"), int32(1)))
	}}
}

// greyImages are one-pixel images of the given values with labels of class 0.
func greyImages(values ...float32) attacks.Images {
	s := attacks.Images{Pixels: values, Labels: make([]int32, len(values))}
	for i := range values {
		s.Index = append(s.Index, 10*i)
	}
	return s
}

func pixel(v float32) []float32 { return []float32{v} }

// TestBisection: the smallest radius that works is found, the largest is tried
// first, and nothing more than needed.
func TestBisection(t *testing.T) {
	eps := []float32{.1, .2, .3, .4, .45}
	for _, c := range []struct {
		value float32 // of the pixel: .5 - value is how far the edge is
		tried string
	}{{.45, "111.1"}, {.35, "010.1"}, {.25, "001.1"}, {.15, "..011"}, {.02, "....0"}} {
		a := &scripted{do: func(c *attacks.Oracle) { c.Claim(pixel(c.Image[0] + c.Eps)) }}
		st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
		ev := attacktest.Evaluate(t, st, greyImages(c.value), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.4, .1, .3, .45, .2}})
		at := ev.Attacks[0].Results[0]
		want := attacks.Distance(math.Inf(1))
		for _, e := range eps {
			if c.value+e > .5 {
				want = attacks.Distance(e)
				break
			}
		}
		if attacktest.DistancesDiffer(at.ThreatDistance, want) || !triedRightly(at.Tried, c.value, eps) {
			t.Errorf("pixel %g: reach %g, tried %s; want %g", c.value, at.ThreatDistance, at.Tried, want)
		}
		if n := len(at.Tried) - strings.Count(at.Tried, "."); n > 4 {
			t.Errorf("pixel %g: %d of 5 radii tried", c.value, n)
		}
	}
}

// triedRightly checks that each radius tried gave what it must, and that both
// sides of the smallest successful one were tried.
func triedRightly(tried string, value float32, eps []float32) bool {
	for k, e := range eps {
		works := value+e > .5
		if tried[k] == '1' && !works || tried[k] == '0' && works {
			return false
		}
		if works && (k == 0 || value+eps[k-1] <= .5) && (tried[k] != '1' || k > 0 && tried[k-1] != '0') {
			return false
		}
	}
	return tried[len(eps)-1] != '.'
}

// TestLaterAttacks: a later attack runs only at radii where the image is still
// classified correctly.
func TestLaterAttacks(t *testing.T) {
	var seen [][]float32
	var one sync.Mutex // attacks on several images run at once
	first := &scripted{do: func(c *attacks.Oracle) { c.Claim(pixel(.5001)) }}
	second := &scripted{Common: attacks.Common{Seed: 1}, do: func(c *attacks.Oracle) {
		one.Lock()
		defer one.Unlock()
		seen = append(seen, []float32{c.Image[0], c.Eps})
	}}
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), first)
	o := engine.Options{Attacks: []attacks.Attack{first, second}, Eps: []float32{.1, .2, .3}, Batch: 1}
	ev := attacktest.Evaluate(t, st, greyImages(.45, .25, .01, .6), o)
	slices.SortFunc(seen, func(a, b []float32) int { return int(1e3 * (a[0] - b[0])) })
	// .45 is misclassified at .1, which leaves no radius; .25 at .3; .01 at none; .6 without attack.
	if want := [][]float32{{.01, .3}, {.25, .2}}; !slices.EqualFunc(seen, want, slices.Equal[[]float32]) {
		t.Errorf("the second attack saw %v, want %v", seen, want)
	}
	if ev.CleanCorrect != 3 || ev.RobustCount(.1) != 2 || ev.RobustCount(.2) != 2 || ev.RobustCount(.3) != 1 || ev.MisclassifiedCount(0, .3) != 2 {
		t.Errorf("right %d, left %d %d %d", ev.CleanCorrect, ev.RobustCount(.1), ev.RobustCount(.2), ev.RobustCount(.3))
	}
	if !ev.Attacks[1].Results[0].Skipped || ev.Attacks[1].Results[2].Skipped || ev.Attacks[1].Results[3].Done {
		t.Errorf("attempts %+v", ev.Attacks[1].Results)
	}
	seen = nil
	o.Exhaustive = true
	attacktest.Evaluate(t, st, greyImages(.45, .25, .01, .6), o)
	if len(seen) != 9 {
		t.Errorf("exhaustive: %d searches, want 3 images at 3 radii", len(seen))
	}
}

// TestReferee: claims outside ball or box, without number or without success
// are not counted, whatever the attack computes itself.
func TestReferee(t *testing.T) {
	for _, row := range []struct {
		name   string
		x, eps float32
	}{{"far", .7, .25}, {"below", -.1, .85}, {"above", 1.1, .85}, {"nan", float32(math.NaN()), .25}, {"right", .31, .25}} {
		name, x := row.name, row.x
		a := &scripted{do: func(c *attacks.Oracle) {
			if c.Claim(pixel(x)) {
				t.Errorf("%s: confirmed", name)
			}
			if c.Claim([]float32{.6, .6}) {
				t.Errorf("%s: two pixels confirmed", name)
			}
		}}
		st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
		ev := attacktest.Evaluate(t, st, greyImages(.3), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{row.eps}})
		at := ev.Attacks[0].Results[0]
		invalid := 2
		if name == "right" {
			invalid = 1
		}
		if !math.IsInf(float64(at.ThreatDistance), 1) || at.Invalid != invalid || at.Tried != "0" {
			t.Errorf("%s: %+v, want nothing found and %d invalid", name, at, invalid)
		}
	}
}

// TestSmallestKept: of several claims the smallest is kept, also by attacks
// that bring their own norm.
func TestSmallestKept(t *testing.T) {
	a := &scripted{do: func(c *attacks.Oracle) {
		if k := c.Confirm(pixel(.2), pixel(.8), pixel(.6)); k != 1 {
			t.Errorf("first success %d, want 1", k)
		}
		c.Claim(pixel(.7))
	}}
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
	ev := attacktest.Evaluate(t, st, greyImages(.1), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.9}})
	at := ev.Attacks[0].Results[0]
	if attacktest.DistancesDiffer(at.Distance, .5) || at.Image[0] != .6 || at.Class != 1 {
		t.Errorf("kept %+v, want the image .6", at)
	}
}

// TestBudget: an attack is ended when its passes are used up, an evaluation
// when its own are, and says so.
func TestBudget(t *testing.T) {
	endless := func(c *attacks.Oracle) {
		for {
			c.Logits(c.Image, c.Image)
			c.AttackLoss(attacks.Classification, c.Image)
		}
	}
	a := &scripted{Common: attacks.Common{Budget: 11}, do: endless}
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
	ev := attacktest.Evaluate(t, st, greyImages(.1, .2), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.1, .2}, Exhaustive: true})
	// 2, 4, 6, 8, 10 passes, twice each; the next two would be too many.
	if at := ev.Attacks[0].Results[0]; at.Cost != (attacks.Cost{Forward: 16, Backward: 4}) || at.Tried != "00" || ev.Stopped != "" {
		t.Errorf("budget 11 at two radii: %+v", at)
	}
	a.Budget = 0
	for name, o := range map[string]engine.Options{"passes": {Passes: 50}, "time": {Time: 20 * time.Millisecond}} {
		a.do = func(c *attacks.Oracle) {
			if c.Index == 0 {
				return
			}
			endless(c)
		}
		o.Attacks, o.Eps, o.Batch = []attacks.Attack{a}, []float32{.1}, 1
		if name == "passes" {
			a.do = func(c *attacks.Oracle) {
				for range 30 {
					c.Logits(c.Image)
				}
			}
		}
		ev := attacktest.Evaluate(t, st, greyImages(.1, .2, .3, .4), o)
		if ev.Stopped == "" {
			t.Errorf("%s: want an evaluation that says it was stopped", name)
		}
		if !ev.Attacks[0].Results[0].Done {
			t.Errorf("%s: want what was done before to be kept", name)
		}
	}
}

// TestFailingAttack: an attack that panics is an error that names it.
func TestFailingAttack(t *testing.T) {
	a := &scripted{do: func(c *attacks.Oracle) {
		if c.Index == 10 {
			var none []float32
			none[0] = 1
		}
	}}
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
	e, err := engine.NewEngine(st, st, engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.1}, Batch: 4})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Run(t.Context(), greyImages(.1, .2, .3), nil, nil)
	if err == nil || !strings.Contains(err.Error(), "image 10: the attack failed") {
		t.Errorf("got %v", err)
	}
}

// TestResume: an evaluation that was interrupted anywhere ends with the same
// result.
func TestResume(t *testing.T) {
	list := attacktest.Parse(t, "random(draws=3)", "fgsm", "bim(steps=6)", "substitute(holdout=10,rounds=1,epochs=2)")
	st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 5), attacktest.UnitBox(attacks.Linf), list...)
	set := attacktest.PredictedImages(t, st, 20)
	o := engine.Options{Attacks: list, Eps: []float32{.01, .03, .1}, Batch: 4, Keep: 3, LossCurves: 2}
	e, err := engine.NewEngine(st, st, o)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := e.Run(t.Context(), set, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, stop := range []int{0, 1, 13, 30, 59} {
		path := filepath.Join(t.TempDir(), "journal")
		ctx, cancel := context.WithCancel(t.Context())
		j, err := engine.OpenJournal(path, "this")
		if err != nil {
			t.Fatal(err)
		}
		if stop == 0 {
			cancel()
		}
		_, err = e.Run(ctx, set, j, func(p engine.Progress) {
			if p.Done == stop {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at %d: %v", stop, err)
		}
		j.Close()
		if stop == 13 { // a crash in the middle of a line
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, raw[:len(raw)-7], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if j, err = engine.OpenJournal(path, "this"); err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(path); err != nil || raw[len(raw)-1] != '\n' {
			t.Errorf("stopped at %d: the journal holds half a line, %v", stop, err)
		}
		if stop > 1 && j.Len() < stop-1 {
			t.Errorf("stopped at %d: the journal holds %d", stop, j.Len())
		}
		known := j.Len()
		calls := 0
		again, err := e.Run(t.Context(), set, j, func(engine.Progress) { calls++ })
		j.Close()
		if err != nil {
			t.Fatal(err)
		}
		again.Seconds = whole.Seconds
		marked := 0
		for s, a := range again.Attacks {
			for i, r := range a.Results {
				if r.Resumed {
					marked++
					if r.Image != nil {
						t.Errorf("stopped at %d: attack %d, image %d: a stored example was not verified", stop, s, i)
					}
					a.Results[i].Resumed = false
				}
			}
		}
		if again.Refuted != 0 || marked > known || known > 12 && marked == 0 { // four attacks on three images store their examples
			t.Errorf("stopped at %d: of %d known %d are marked as taken over, %d did not hold", stop, known, marked, again.Refuted)
		}
		again.Cost.Referee = whole.Cost.Referee // stored examples are verified twice
		a, _ := json.Marshal(whole)
		b, _ := json.Marshal(again)
		if string(a) != string(b) {
			t.Errorf("stopped at %d with %d known: other figures\n%s\n%s", stop, known, a, b)
		}
		for s := range whole.Attacks {
			for i := range whole.Attacks[s].Results {
				if !slices.Equal(whole.Attacks[s].Results[i].Image, again.Attacks[s].Results[i].Image) {
					t.Errorf("stopped at %d: attack %d, image %d: another example", stop, s, i)
				}
			}
		}
	}
}

// TestJournalRefused: the error for another evaluation's journal names what
// differs; a file that is no journal is not changed.
func TestJournalRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	type identity map[string]any
	j, err := engine.OpenJournal(path, identity{"model": "aaa", "attack": identity{"defence": "quantise", "eps": []float32{.1}}})
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	_, err = engine.OpenJournal(path, identity{"model": "aaa", "attack": identity{"defence": "none", "eps": []float32{.1, .2}}})
	for _, want := range []string{"attack.defence: the journal has quantise, now none", "attack.eps: the journal has 0.1, now 0.1 0.2"} {
		if !errors.Is(err, journal.ErrOther) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "aaa") {
			t.Errorf("got %v, want what differs named, %s", err, want)
		}
	}
	for name, text := range map[string]string{"other": "hello\n", "text": "hello", "version": `{"unwarp_attack_journal":2,"identity":"x"}` + "\n", "line": `{"unwarp_attack_journal":1,"identity":"x"}` + "\nrubbish\n"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := engine.OpenJournal(path, "x"); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "want") {
			t.Errorf("%s: got %v", name, err)
		}
		if raw, _ := os.ReadFile(path); string(raw) != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := engine.OpenJournal(filepath.Join(dir, "no", "such"), "x"); err == nil {
		t.Error("want an error for a folder that is not there")
	}
}

// TestFewerPasses: an image costs no more passes once it is misclassified.
func TestFewerPasses(t *testing.T) {
	a := attacktest.Parse(t, "bim(steps=50,alpha=.01)")
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a...)
	ev := attacktest.Evaluate(t, st, greyImages(.49, .1), engine.Options{Attacks: a, Eps: []float32{.2}, Batch: 8})
	easy, hard := ev.Attacks[0].Results[0], ev.Attacks[0].Results[1]
	if easy.Backward > 3 || hard.Backward != 50 || hard.Referee != 1 {
		t.Errorf("easy %+v, hard %+v", easy.Cost, hard.Cost)
	}
}

// TestTargets: each way to choose one, and the label is no target.
func TestTargets(t *testing.T) {
	clean := []float32{1, 5, 3, 2}
	for text, want := range map[string]int{"": -1, "next": 2, "least": 0, "second": 2, "3": 3} {
		if got, ok := (&attacks.Common{Target: text}).ChooseTarget(1, clean, nil); got != want || !ok {
			t.Errorf("%q: class %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"1", "4"} {
		if _, ok := (&attacks.Common{Target: text}).ChooseTarget(1, clean, nil); ok {
			t.Errorf("%q: want no target", text)
		}
	}
	var hit *attacks.Oracle
	a := &scripted{Common: attacks.Common{Target: "2"}, do: func(c *attacks.Oracle) { hit = c }}
	v := attacktest.NewLinear(1, 2, 2, 1, 3)
	st := attacktest.NewSession(t, v.Victim(), attacktest.UnitBox(attacks.Linf), a)
	attacktest.Evaluate(t, st, v.Labelled(3, 1, 0, 1), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.1}})
	if hit != nil && (hit.Success([]float32{0, 9, 1}) || hit.Success([]float32{9, 0, 1}) || !hit.Success([]float32{0, 1, 9})) {
		t.Error("want success at class 2 alone")
	}
}

// TestImagesRefused: bad data are named before anything runs.
func TestImagesRefused(t *testing.T) {
	a := attacktest.Parse(t, "fgsm")
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a...)
	e, err := engine.NewEngine(st, st, engine.Options{Attacks: a, Eps: []float32{.1}, Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	bad := greyImages(.1)
	bad.Labels[0] = 2
	for want, set := range map[string]attacks.Images{
		"want at least one image":     {},
		"want a label in 0..1, got 2": bad,
		"want values in [0,1], got 7": greyImages(7),
		"want values in [0,1], got N": greyImages(float32(math.NaN())),
	} {
		if _, err := e.Run(t.Context(), set, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestOptionsRefused: what cannot work is named.
func TestOptionsRefused(t *testing.T) {
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), attacktest.Parse(t, "fgsm")...)
	for _, c := range []struct {
		want string
		o    engine.Options
	}{
		{"attack.batch", engine.Options{}},
		{"attack.attacks", engine.Options{Batch: 1}},
		{"attack.eps: want at least one", engine.Options{Batch: 1, Attacks: attacktest.Parse(t, "fgsm")}},
		{"want positive radii, got 0", engine.Options{Batch: 1, Attacks: attacktest.Parse(t, "fgsm"), Eps: []float32{0}}},
		{"8/255", engine.Options{Batch: 1, Attacks: attacktest.Parse(t, "fgsm"), Eps: []float32{8}}},
		{`"fgsm(eps=3)": eps: want radii in (0,1]`, engine.Options{Batch: 1, Attacks: attacktest.Parse(t, "fgsm(eps=3)"), Eps: []float32{.1}}},
		{"loss margin was not declared", engine.Options{Batch: 1, Attacks: attacktest.Parse(t, "fgsm(loss=margin)"), Eps: []float32{.1}}},
		{`"fgsm(target=2)": target: want a class of 0..1, got 2`, engine.Options{Batch: 1, Attacks: attacktest.Parse(t, "fgsm(target=2)"), Eps: []float32{.1}}},
		{"attack.sources", engine.Options{Batch: 1, Attacks: attacktest.Parse(t, "transfer(from=nobody)"), Eps: []float32{.1}}},
	} {
		if _, err := engine.NewEngine(st, st, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// TestNoNumbers: a model that does not answer with numbers is an error, not a
// success.
func TestNoNumbers(t *testing.T) {
	v := thresholdVictim()
	inner := v.Logits
	v.Logits = func(s *graphs.Scope, x tf.Output) tf.Output {
		return op.Log(s.Op("log"), inner(s, x)) // of a negative number
	}
	a := attacktest.Parse(t, "fgsm")
	st := attacktest.NewSession(t, v, attacktest.UnitBox(attacks.Linf), a...)
	e, err := engine.NewEngine(st, st, engine.Options{Attacks: a, Eps: []float32{.1}, Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Run(t.Context(), greyImages(.1), nil, nil); err == nil || !strings.Contains(err.Error(), "want finite logits") {
		t.Errorf("got %v", err)
	}
}

// TestEOT: the gradient of a model with noise is averaged over passes.
func TestEOT(t *testing.T) {
	a := &scripted{Common: attacks.Common{EOT: 5}, do: func(c *attacks.Oracle) {
		s := c.AttackLoss(attacks.Classification, c.Image)
		if want := 2 / (1 + math.Exp(2*(.5-.1))); math.Abs(float64(s.Gradient[0])-want) > 1e-5 {
			t.Errorf("mean gradient %g, want %g", s.Gradient[0], want)
		}
		if len(s.Logits) != 2 || math.Abs(float64(s.Loss)-math.Log(1+math.Exp(2*(.1-.5)))) > 1e-5 {
			t.Errorf("mean %+v", s)
		}
	}}
	st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
	ev := attacktest.Evaluate(t, st, greyImages(.1), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.1}, Batch: 2})
	if got := ev.Attacks[0].Results[0].Backward; got != 5 {
		t.Errorf("%d passes, want 5", got)
	}
}
