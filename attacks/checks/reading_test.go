package checks

import (
	"math"
	"slices"
	"strings"
	"testing"

	"unwarp/attacks"
)

var never = attacks.Far(math.Inf(1))

// ledger is an evaluation written by hand: n images, all classified right, of
// which each series breaks those that it is told to.
type ledger struct{ *attacks.Evaluation }

func newLedger(n int, radii ...float32) ledger {
	ev := &attacks.Evaluation{Norm: attacks.Linf, Radii: radii, Exhaustive: true, Images: n, CleanRight: n}
	for i := range n {
		ev.Labels, ev.Clean, ev.Index = append(ev.Labels, int32(i%4)), append(ev.Clean, int32(i%4)), append(ev.Index, 100+i)
	}
	return ledger{ev}
}

// add runs an attack which at radius k breaks the first broken[k] images, and
// says so.
func (l ledger) add(t *testing.T, text string, broken ...int) ledger {
	t.Helper()
	a := parse(t, text)[0]
	about := attacks.About(a)
	s := attacks.Series{
		Attack: attacks.Text(a), Name: about.Name, Family: about.Family, Schedule: about.Schedule, Norm: l.Norm,
		Params: attacks.Params(a), Losses: a.Needs(attacks.Victim{Classes: 4}), Radii: l.Radii,
	}
	for i := range l.Images {
		at := attacks.Attempt{Done: true, Distance: never, Reach: never}
		for k := len(broken) - 1; k >= 0; k-- {
			mark := "0"
			if i < broken[k] {
				mark = "1"
				at.Reach = attacks.Far(l.Radii[k])
				at.Distance = at.Reach
			}
			at.Tried = mark + at.Tried
		}
		if s.Schedule == attacks.Whole {
			at.Tried = ""
		}
		s.Attempts = append(s.Attempts, at)
	}
	l.Series = append(l.Series, s)
	return l
}

// last is the series added last.
func (l ledger) last() *attacks.Series { return &l.Series[len(l.Series)-1] }

// read runs one check on the evaluation alone.
func (l ledger) read(t *testing.T, id string, base ...ledger) Result {
	t.Helper()
	in := Input{Evaluation: l.Evaluation}
	if len(base) > 0 {
		in.Baseline = base[0].Evaluation
	}
	return examine(t, in, id)[id]
}

func TestIterative(t *testing.T) {
	const n = 1000
	fine := newLedger(n, .1, .2).add(t, "fgsm", 300, 500).add(t, "pgd", 400, 900)
	expect(t, fine.read(t, "C01"), Pass)
	// 5 of 1,000 is the limit; pgd finds others.
	some := newLedger(n, .1).add(t, "fgsm", 305).add(t, "pgd", 300)
	some.last().Attempts[999].Reach, some.last().Attempts[999].Tried = .1, "1"
	for i := 400; i < 420; i++ {
		some.last().Attempts[i].Reach, some.last().Attempts[i].Tried = .1, "1"
	}
	expect(t, some.read(t, "C01"), Pass)
	for i := 300; i < 325; i++ { // too many, though pgd finds as many more
		some.Series[0].Attempts[i].Reach, some.Series[0].Attempts[i].Tried = .1, "1"
	}
	for i := 420; i < 460; i++ {
		some.last().Attempts[i].Reach, some.last().Attempts[i].Tried = .1, "1"
	}
	expect(t, some.read(t, "C01"), Fail)
	behind := newLedger(n, .1, .2).add(t, "fgsm", 300, 500).add(t, "bim(loss=training)", 100, 900)
	r := behind.read(t, "C01")
	expect(t, r, Fail)
	if len(r.Images) != 200 || r.Images[0] != 200 {
		t.Errorf("images %v: want those at 200 to 399", r.Images)
	}
	expect(t, newLedger(n, .1).add(t, "fgsm", 302).add(t, "pgd", 300).read(t, "C01"), Warn) // fewer, if not by much
	fifth := newLedger(n, .1, .5).add(t, "fgsm", 100, 300).add(t, "bim", 400, 900)
	expect(t, fifth.read(t, "C01"), Warn)
	expect(t, newLedger(n, .1).add(t, "fgsm", 302).read(t, "C01"), Skip)
}

// In a cascade later attacks are spared images: that is no failure of theirs.
func TestCascade(t *testing.T) {
	l := newLedger(100, .1, .2).add(t, "fgsm", 60, 80).add(t, "pgd", 0, 0).add(t, "square", 0, 0)
	l.Exhaustive = false
	for s := 1; s < 3; s++ {
		for i := range 60 {
			l.Series[s].Attempts[i].Skipped, l.Series[s].Attempts[i].Tried = true, ".."
		}
		for i := 60; i < 80; i++ {
			l.Series[s].Attempts[i].Tried = "0."
		}
	}
	expect(t, l.read(t, "C01"), Pass)
	expect(t, l.read(t, "C07"), Pass)
	// Square finds what pgd was run on and missed.
	for i := 80; i < 90; i++ {
		l.last().Attempts[i].Reach, l.last().Attempts[i].Tried = .2, "01"
	}
	expect(t, l.read(t, "C07"), Fail)
	// A minimal-norm attack was run on what stood, at any distance.
	l = newLedger(100, .1, .2).add(t, "deepfool", 0, 0).add(t, "square", 0, 30)
	l.Exhaustive = false
	expect(t, l.read(t, "C07"), Fail)
	l = newLedger(100, .1).add(t, "square", 30).add(t, "deepfool", 0)
	l.Exhaustive = false
	expect(t, l.read(t, "C07"), Pass)
}

func TestMonotone(t *testing.T) {
	expect(t, newLedger(1000, .1, .2).add(t, "pgd", 300, 298).read(t, "C02"), Pass)
	r := newLedger(1000, .1, .2).add(t, "pgd", 300, 290).read(t, "C02")
	expect(t, r, Warn)
	if !strings.Contains(r.Value, "1.0 points") {
		t.Errorf("value %q: want the fall of 1.0 points", r.Value)
	}
	mixed := newLedger(10, .1, .2).add(t, "pgd", 3, 4)
	mixed.last().Attempts[1].Reach = never
	expect(t, mixed.read(t, "C02"), Fail)
}

func TestWhiteBeatsBlack(t *testing.T) {
	const n = 1000
	expect(t, newLedger(n, .1).add(t, "pgd", 400).add(t, "square", 402).read(t, "C07"), Pass)
	expect(t, newLedger(n, .1).add(t, "pgd", 400).add(t, "square", 404).read(t, "C07"), Warn)
	r := newLedger(n, .1).add(t, "fgsm(loss=training)", 400).add(t, "random", 430).read(t, "C07")
	expect(t, r, Fail)
	if len(r.Images) != 30 || r.Images[0] != 500 {
		t.Errorf("images %v: want those at 500 to 529", r.Images)
	}
	// What a second white-box attack finds is found.
	expect(t, newLedger(n, .1).add(t, "fgsm(loss=training)", 400).add(t, "random", 430).add(t, "fgsm", 500).read(t, "C07"), Pass)
	expect(t, newLedger(n, .1).add(t, "square", 430).read(t, "C07"), Skip)
}

func TestTransfer(t *testing.T) {
	expect(t, newLedger(200, .1, .2).add(t, "pgd", 100, 150).add(t, "substitute", 50, 60).read(t, "C09"), Pass)
	expect(t, newLedger(200, .1, .2).add(t, "pgd", 100, 150).add(t, "substitute", 101, 60).read(t, "C09"), Warn)
	expect(t, newLedger(200, .1, .2).add(t, "pgd", 30, 150).add(t, "substitute", 90, 91).read(t, "C09"), Fail)
	expect(t, newLedger(200, .1).add(t, "pgd", 30).read(t, "C09"), Skip)
}

func TestIncomplete(t *testing.T) {
	flat := func(i int) float32 { return float32(min(i, 20)) }
	steep := func(i int) float32 { return float32(i) }
	traced := func(loss func(int) float32, n int) ledger {
		l := newLedger(100, .1).add(t, "pgd", 0)
		for i := range n {
			for k := range 40 {
				l.last().Attempts[i].Trace = append(l.last().Attempts[i].Trace, loss(k))
			}
		}
		return l
	}
	expect(t, traced(flat, 50).read(t, "C18"), Pass)
	r := traced(steep, 50).read(t, "C18")
	expect(t, r, Fail)
	if len(r.Images) != 50 {
		t.Errorf("%d images, want 50", len(r.Images))
	}
	expect(t, traced(steep, 0).read(t, "C18"), Skip)
	// The last ten steps of a loss that rises by 1 in 39 each.
	if got, want := rise([]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), 10./11; math.Abs(got-want) > 1e-6 {
		t.Errorf("rise %g, want %g", got, want)
	}
	if got := rise([]float32{2, 2, 2}); got != 0 {
		t.Errorf("rise of a constant %g, want 0", got)
	}
}

func TestUndefended(t *testing.T) {
	model := newLedger(1000, .1, .3).add(t, "pgd", 10, 20)
	expect(t, model.read(t, "C23", newLedger(1000, .1, .3).add(t, "pgd", 300, 990)), Pass)
	expect(t, model.read(t, "C23", newLedger(1000, .1, .3).add(t, "pgd", 300, 945)), Warn)
	expect(t, model.read(t, "C23", newLedger(1000, .1, .3).add(t, "pgd", 300, 700)), Fail)
	expect(t, model.read(t, "C23", newLedger(1000, .1, .3).add(t, "fgsm", 300, 990)), Skip)
	expect(t, model.read(t, "C23"), Skip)
}

func TestCleanLoss(t *testing.T) {
	base := newLedger(1000, .1)
	ours := newLedger(1000, .1)
	ours.CleanRight = 985
	expect(t, ours.read(t, "C30", base), Pass)
	ours.CleanRight = 970
	expect(t, ours.read(t, "C30", base), Warn)
	expect(t, ours.read(t, "C30"), Skip)
}

func TestWorstCase(t *testing.T) {
	l := newLedger(100, .1).add(t, "pgd", 40).add(t, "square", 20)
	l.last().Attempts[90].Reach = .1
	r := l.read(t, "C27")
	expect(t, r, Pass)
	for _, part := range []string{"59 of 100", "single attack 60", "pgd 20", "square 1"} {
		if !strings.Contains(r.Value, part) {
			t.Errorf("value %q: want %q in it", r.Value, part)
		}
	}
	l.Stopped = "the budget is used up"
	l.last().Attempts[7].Done = false
	r = l.read(t, "C27")
	expect(t, r, Fail)
	if !slices.Equal(r.Images, []int{107}) || !strings.Contains(r.Advice, "budget") {
		t.Errorf("images %v, advice %q: want image 107 and the budget", r.Images, r.Advice)
	}
}

func TestFitting(t *testing.T) {
	expect(t, newLedger(10, .1).add(t, "apgd-t", 4).read(t, "C28"), Pass)
	expect(t, newLedger(10, .1).add(t, "apgd-t(targets=3)", 4).read(t, "C28"), Pass)
	expect(t, newLedger(10, .1).add(t, "apgd-t(targets=2)", 4).read(t, "C28"), Warn)
	expect(t, newLedger(10, .1).add(t, "apgd-t(targets=9)", 4).read(t, "C28"), Warn)
	few := func(k int32, text string) Result {
		l := newLedger(10, .1).add(t, text, 4)
		for i := range l.Labels {
			l.Labels[i] = int32(i) % k
		}
		l.Clean = l.Labels
		return l.read(t, "C28")
	}
	expect(t, few(2, "pgd(loss=dlr)"), Fail)
	expect(t, few(3, "pgd(loss=dlr)"), Pass)
	expect(t, few(3, "apgd-t"), Fail)
}

func TestSample(t *testing.T) {
	r := newLedger(1000, .1).add(t, "pgd", 500).read(t, "C31")
	expect(t, r, Pass)
	if !strings.Contains(r.Value, "500 of 1000 (50.0 %, 95 % interval 46.9–53.1)") {
		t.Errorf("value %q: want Wilson's interval of a half", r.Value)
	}
	expect(t, newLedger(999, .1).add(t, "pgd", 500).read(t, "C31"), Warn)
}

func TestLabels(t *testing.T) {
	expect(t, newLedger(10, .1).add(t, "pgd", 5).add(t, "pgd(target=least)", 5).read(t, "C32"), Pass)
	expect(t, newLedger(10, .1).add(t, "pgd", 5).read(t, "C32"), Warn)
	wrong := newLedger(10, .1).add(t, "apgd-t", 5)
	wrong.Clean[3] = 0
	r := wrong.read(t, "C32")
	expect(t, r, Fail)
	if !slices.Equal(r.Images, []int{103}) {
		t.Errorf("images %v, want 103", r.Images)
	}
}

func TestBroader(t *testing.T) {
	expect(t, newLedger(10, .1).add(t, "pgd", 5).read(t, "C34"), Warn)
	r := newLedger(10, .1).add(t, "spatial", 5).read(t, "C34")
	expect(t, r, Pass)
	if !strings.Contains(r.Value, "5 of 10") {
		t.Errorf("value %q: want 5 of 10", r.Value)
	}
}

// C35, part by part.
func TestComplete(t *testing.T) {
	full := func(gradient string) ledger {
		return newLedger(10, .1).add(t, gradient, 5).add(t, "square", 5).add(t, "hopskipjump", 5)
	}
	for _, gradient := range []string{
		"pgd(steps=100,restarts=5)", "pgd(steps=200,restarts=2,loss=margin)", "apgd(restarts=5)", "apgd(loss=dlr,restarts=2)", "apgd-t",
	} {
		r := full(gradient).read(t, "C35")
		expect(t, r, Pass)
		if !MayClaim([]Result{r}) {
			t.Errorf("%s: a complete battery may claim", gradient)
		}
	}
	for _, gradient := range []string{
		"fgsm", "bim(steps=100)", "pgd(steps=99,restarts=5)", "pgd(steps=100)", "apgd", "apgd-t(steps=50)", "pgd(steps=100,restarts=5,loss=training)",
		"pgd(steps=100,restarts=5,target=1)", "pgd(steps=100,restarts=5,budget=50)", "mifgsm(steps=100)",
	} {
		r := full(gradient).read(t, "C35")
		expect(t, r, Fail)
		if !strings.Contains(r.Value, "PGD or APGD") || strings.Contains(r.Value, "scores") || MayClaim([]Result{r}) {
			t.Errorf("%s: value %q, want the gradient attack alone missing", gradient, r.Value)
		}
	}
	for text, want := range map[string]string{"square": "scores", "hopskipjump": "decisions"} {
		l := full("apgd-t")
		l.Series = slices.DeleteFunc(l.Series, func(s attacks.Series) bool { return s.Name == text })
		if r := l.read(t, "C35"); r.Status != Fail || !strings.Contains(r.Value, want) || !strings.Contains(r.Advice, text) {
			t.Errorf("without %s: %s %q %q, want FAIL that names it", text, r.Status, r.Value, r.Advice)
		}
	}
	// Not on all images.
	l := full("apgd-t")
	l.last().Attempts[3].Done = false
	r := l.read(t, "C35")
	expect(t, r, Fail)
	if !slices.Equal(r.Images, []int{103}) {
		t.Errorf("images %v, want 103", r.Images)
	}
	// In L1 APGD starts 5 times by default.
	l = full("apgd")
	l.Norm = attacks.L1
	expect(t, l.read(t, "C35"), Pass)
	if MayClaim(nil) {
		t.Error("without checks nothing may be claimed")
	}
}

// The analytic model, on which a gradient attack either works or does not.
func TestAnalytic(t *testing.T) {
	expect(t, newLedger(10, .1).add(t, "bim", 5).add(t, "deepfool", 5).add(t, "apgd", 5).read(t, "C25"), Pass)
	expect(t, newLedger(10, .1).add(t, "bim", 5).add(t, "bim(steps=2,alpha=.0001)", 5).read(t, "C25"), Warn)
	r := newLedger(10, .1).add(t, "bim(steps=2,alpha=.0001)", 5).read(t, "C25")
	expect(t, r, Fail)
	if !strings.Contains(r.Advice, "alpha=0.0001") {
		t.Errorf("advice %q: want the attack's name", r.Advice)
	}
	expect(t, newLedger(10, .1).add(t, "square", 5).read(t, "C25"), Skip)
	for _, n := range []attacks.Norm{attacks.L2, attacks.L1} {
		l := newLedger(10, .1)
		l.Norm = n
		expect(t, l.add(t, "fgsm", 5).read(t, "C25"), Pass)
	}
}
