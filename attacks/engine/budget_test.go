package engine_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// evaluateWithin runs attacks on 20 images of a smooth model within a budget.
func evaluateWithin(t *testing.T, passes int, texts ...string) *attacks.Evaluation {
	t.Helper()
	list := attacktest.Parse(t, texts...)
	st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 5), attacktest.UnitBox(attacks.Linf), list...)
	return attacktest.Evaluate(t, st, attacktest.PredictedImages(t, st, 20), engine.Options{Attacks: list, Eps: []float32{.01, .03}, Batch: 8, Passes: passes})
}

// Passes are counted inside attempts, of whatever attack, and the evaluation
// ends within its budget and says what it has spent.
func TestBudgetInsideAttempts(t *testing.T) {
	for _, text := range []string{"pgd(steps=200,restarts=5)", "square(queries=2000)", "hopskipjump", "boundary", "apgd-t", "nes(queries=2000)", "fmn", "cw(search=2,steps=100)", "pgd(eot=7)"} {
		ev := evaluateWithin(t, 100, text)
		if n := ev.Passes(); n > 100 || n < 99 {
			t.Errorf("%s: %d passes, want 99 or 100", text, n)
		}
		if !strings.Contains(ev.Stopped, "the budget of 100 passes is used up") {
			t.Errorf("%s: stopped %q, want the budget named", text, ev.Stopped)
		}
		if r := ev.Runs(0); r.Of != ev.CleanCorrect || r.Complete() {
			t.Errorf("%s: %+v, want attempts that were not made", text, r)
		}
		if !slices.ContainsFunc(ev.Attacks[0].Results, func(r attacks.ImageResult) bool { return r.CutShort }) {
			t.Errorf("%s: want an attempt that was cut short", text)
		}
		for i, r := range ev.Attacks[0].Results {
			if r.CutShort && (r.Done || strings.Contains(r.Tried, "0")) {
				t.Errorf("%s: image %d: %+v, want an attempt that has not ended", text, i, r)
			}
		}
	}
	if ev := evaluateWithin(t, 0, "fgsm"); ev.Stopped != "" || !ev.Runs(0).Complete() {
		t.Errorf("no budget: stopped %q", ev.Stopped)
	}
	whole := evaluateWithin(t, 0, "pgd(steps=9)").Passes()
	if ev := evaluateWithin(t, whole, "pgd(steps=9)"); ev.Stopped != "" || ev.Passes() != whole {
		t.Errorf("a budget that just suffices: stopped %q after %d of %d", ev.Stopped, ev.Passes(), whole)
	}
	if ev := evaluateWithin(t, whole-1, "pgd(steps=9)"); ev.Stopped == "" {
		t.Error("a budget that lacks one pass: not stopped")
	}
}

// The claims of an attack that asks for nothing else are its passes: they count,
// also those of attempts that a journal holds.
func TestBudgetOfClaims(t *testing.T) {
	for _, text := range []string{"random(draws=50)", "random(draws=9,seed=3)"} {
		ev := evaluateWithin(t, 100, text)
		n := 0
		for _, r := range ev.Attacks[0].Results {
			n += r.Referee
		}
		if n > 110 || n < 90 || !strings.Contains(ev.Stopped, "the budget of 100 passes is used up (100 spent") { // near-ties are verified again
			t.Errorf("%s: %d claims, stopped %q: want 100", text, n, ev.Stopped)
		}
	}
}

// Some attempts come to their end where the budget does not suffice for all.
func TestBudgetEndsSomeAttempts(t *testing.T) {
	ev := evaluateWithin(t, 1000, "square(queries=150)")
	if r := ev.Runs(0); r.Made < 2 || r.Complete() {
		t.Errorf("%+v after %d passes, want some attempts made", r, ev.Passes())
	}
	// Where an attack says how many steps it takes, nearly all that are affordable.
	ev = evaluateWithin(t, 1000, "pgd(steps=70,alpha=1e-6)")
	if r := ev.Runs(0); r.Made < 6 {
		t.Errorf("%+v after %d passes, want at least 6 of the 7 attempts that 1,000 passes suffice for", r, ev.Passes())
	}
}

// An example that an attempt has found before the budget ended counts; the
// attempt has not ended.
func TestBudgetKeepsExamples(t *testing.T) {
	waits := func(c *attacks.Oracle) { // its claim waits until it is unwound
		defer c.Claim(pixel(.7))
		for {
			c.Logits(c.Image)
		}
	}
	claims := func(c *attacks.Oracle) {
		c.AttackLoss(attacks.Classification, c.Image)
		c.Claim(pixel(.7))
		for {
			c.Logits(c.Image, c.Image, c.Image)
		}
	}
	for name, do := range map[string]func(*attacks.Oracle){"claims": claims, "waits": waits} {
		a := &scripted{do: do}
		st := attacktest.NewSession(t, thresholdVictim(), attacktest.UnitBox(attacks.Linf), a)
		ev := attacktest.Evaluate(t, st, greyImages(.1), engine.Options{Attacks: []attacks.Attack{a}, Eps: []float32{.3, .9}, Passes: 20})
		at := ev.Attacks[0].Results[0]
		if at.Done || !at.CutShort || at.Forward+at.Backward > 20 || at.Forward+at.Backward < 18 || at.Tried != ".1" {
			t.Errorf("%s: %+v, want an attempt cut short with a success at .9", name, at)
		}
		if ev.RobustCount(.9) != 0 || ev.RobustCount(.3) != 1 || ev.Misclassified(0, 0, .9) != true {
			t.Errorf("%s: left %d at .3, %d at .9: want the example to count", name, ev.RobustCount(.3), ev.RobustCount(.9))
		}
	}
}

// A model that an attack trains asks the attacked model within the budget.
func TestBudgetOfPreparation(t *testing.T) {
	ev := evaluateWithin(t, 100, "fgsm(eps=.001)", "substitute(holdout=20,rounds=6,epochs=1)")
	if ev.Passes() > 100 || !strings.Contains(ev.Stopped, "(70 spent, 40 of them to train models of attacks)") || ev.Ran(1) || !ev.Runs(0).Complete() {
		t.Errorf("stopped %q, %d passes, %+v: want the training to end within the budget", ev.Stopped, ev.Passes(), ev.Runs(1))
	}
}

// An evaluation whose budget has ended goes on with a larger one, to the figures
// of one that was never stopped.
func TestBudgetResumed(t *testing.T) {
	list := attacktest.Parse(t, "fgsm", "pgd(steps=30,restarts=2)", "substitute(holdout=10,rounds=1,epochs=2)")
	st := attacktest.NewSession(t, attacktest.Smooth(6, 6, 1, 5), attacktest.UnitBox(attacks.Linf), list...)
	set := attacktest.PredictedImages(t, st, 20)
	path := filepath.Join(t.TempDir(), "journal")
	run := func(passes int, journalled bool) *attacks.Evaluation {
		e, err := engine.NewEngine(st, st, engine.Options{Attacks: list, Eps: []float32{.01, .03}, Batch: 4, Passes: passes})
		if err != nil {
			t.Fatal(err)
		}
		var j *engine.Journal
		if journalled {
			if j, err = engine.OpenJournal(path, "this"); err != nil {
				t.Fatal(err)
			}
			defer j.Close()
		}
		ev, err := e.Run(t.Context(), set, j, nil)
		if err != nil {
			t.Fatal(err)
		}
		ev.Seconds = 0
		return ev
	}
	whole := run(0, false)
	before := -1
	for _, passes := range []int{100, 700, 1500} {
		ev := run(passes, true)
		made := ev.Runs(0).Made + ev.Runs(1).Made
		if ev.Stopped == "" || ev.Passes() > passes || made < before {
			t.Errorf("%d passes: %d spent, %d attempts made after %d: stopped %q", passes, ev.Passes(), made, before, ev.Stopped)
		}
		before = made
	}
	a, _ := json.Marshal(whole)
	last := run(0, true)
	for _, a := range last.Attacks {
		for i := range a.Results {
			a.Results[i].Resumed = false // which results come from the journal is no figure
		}
	}
	b, _ := json.Marshal(last)
	if string(a) != string(b) {
		t.Errorf("resumed without a budget: other figures\n%s\n%s", a, b)
	}
}
