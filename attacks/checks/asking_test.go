package checks

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// around is the ordinary network between two functions.
func around(before, after func(*graphs.Scope, tf.Output) tf.Output) attacks.Victim {
	return bare(ordinary().victim(0), before, after)
}

// ask runs checks on a victim, with what edit changes of the input.
func ask(t *testing.T, v attacks.Victim, edit func(*Input), only ...string) map[string]Result {
	t.Helper()
	s := open(t, v)
	in := Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(100), Eps: .12, N: 40}
	if edit != nil {
		edit(&in)
	}
	return examine(t, in, only...)
}

func TestProbabilities(t *testing.T) {
	softmax := around(same, func(s *graphs.Scope, z tf.Output) tf.Output { return op.Softmax(s.Op("softmax"), z) })
	expect(t, ask(t, softmax, nil, "C12")["C12"], Fail)
	sigmoid := around(same, func(s *graphs.Scope, z tf.Output) tf.Output { return op.Sigmoid(s.Op("sigmoid"), z) })
	expect(t, ask(t, sigmoid, nil, "C12")["C12"], Pass) // in [0,1], but of another sum
}

// Images of a batch influence each other where their mean is taken off.
func TestTogether(t *testing.T) {
	centred := around(func(s *graphs.Scope, x tf.Output) tf.Output {
		m := op.Mean(s.Op("mean"), x, op.Const(s.Op("axis"), int32(0)))
		return op.AddV2(s.Op("back"), op.Sub(s.Op("centred"), x, m), op.Const(s.Op("grey"), float32(.43)))
	}, same)
	all := ask(t, centred, nil, "C14", "C29")
	expect(t, all["C14"], Fail)
	expect(t, all["C29"], Fail)
	all = ask(t, ordinary().victim(0), nil, "C14", "C29")
	expect(t, all["C14"], Pass)
	expect(t, all["C29"], Pass)
}

// A mask that blinks: eot tells that its randomness is known.
func TestAveraged(t *testing.T) {
	noisy := Noisy(ordinary().victim(0), .1)
	expect(t, ask(t, noisy, nil, "C13")["C13"], Fail)
	ev := newLedger(10, .1).add(t, "pgd(eot=20)", 5)
	expect(t, ask(t, noisy, func(in *Input) { in.Evaluation = ev.Evaluation }, "C13")["C13"], Warn)
}

func TestVanished(t *testing.T) {
	plain := open(t, ordinary().victim(0))
	against := func(f float32) func(*Input) { // a network whose gradients are f times as large
		s := open(t, Saturated(ordinary().victim(0), f))
		return func(in *Input) { in.Undefended = s.Stage }
	}
	expect(t, ask(t, ordinary().victim(0), func(in *Input) { in.Undefended = plain.Stage }, "C10")["C10"], Pass)
	// Far flatter logits than the undefended model's.
	r := ask(t, Saturated(ordinary().victim(0), 1e-5), against(.1), "C10")["C10"]
	expect(t, r, Warn)
	if !strings.Contains(r.Value, "orders") {
		t.Errorf("value %q: want the orders", r.Value)
	}
	expect(t, ask(t, Saturated(ordinary().victim(0), 1e-18), against(.1), "C10")["C10"], Fail)
	// sqrt has an infinite slope at 0.
	root := around(func(s *graphs.Scope, x tf.Output) tf.Output {
		zero := op.Mul(s.Op("none"), x, op.Const(s.Op("zero"), float32(0)))
		return op.AddV2(s.Op("sum"), x, op.Sqrt(s.Op("root"), zero))
	}, same)
	r = ask(t, root, nil, "C10")["C10"]
	expect(t, r, Fail)
	if !strings.Contains(r.Value, "not finite 40") {
		t.Errorf("value %q: want 40 that are not finite", r.Value)
	}
}

// One of the other losses in the evaluation makes a masked cross-entropy known.
func TestCovered(t *testing.T) {
	v := Saturated(ordinary().victim(0), 1000)
	with := func(text string) func(*Input) {
		ev := newLedger(10, .12).add(t, text, 5)
		return func(in *Input) { in.Evaluation = ev.Evaluation }
	}
	expect(t, ask(t, v, with("pgd(steps=20,alpha=.02)"), "C11")["C11"], Fail)
	expect(t, ask(t, v, with("pgd(steps=20,alpha=.02,loss=margin)"), "C11")["C11"], Warn)
	expect(t, ask(t, v, with("apgd(steps=20)"), "C11")["C11"], Fail)
}

// Attacks whose settings are too weak are found out.
func TestSettings(t *testing.T) {
	with := func(text string) func(*Input) {
		ev := newLedger(10, .12).add(t, text, 5)
		return func(in *Input) { in.Evaluation = ev.Evaluation }
	}
	v := honest().victim(0)
	expect(t, ask(t, v, with("bim(steps=4,alpha=.01)"), "C04")["C04"], Fail)
	expect(t, ask(t, v, with("bim(steps=60,alpha=.03)"), "C04")["C04"], Pass)
	// Where twice the steps break all, there is no loss left to compare.
	r := ask(t, ordinary().victim(0), func(in *Input) { with("bim(steps=4,alpha=.03)")(in); in.Eps = .4 }, "C04")["C04"]
	expect(t, r, Fail)
	if !strings.Contains(r.Value, "on 0 of 0") {
		t.Errorf("value %q: want no images left", r.Value)
	}
	r = ask(t, v, with("bim(steps=10,alpha=.005)"), "C06")["C06"]
	expect(t, r, Fail)
	if !strings.Contains(r.Advice, "alpha=0.01") {
		t.Errorf("advice %q: want the step that did best", r.Advice)
	}
	expect(t, ask(t, v, with("bim(steps=20,alpha=.04)"), "C06")["C06"], Pass)
	expect(t, ask(t, v, with("apgd(steps=20)"), "C06")["C06"], Skip)
	// Starts that cannot leave their corner find little by themselves.
	expect(t, ask(t, ordinary().victim(0), with("pgd(steps=1,alpha=.01,restarts=1)"), "C05")["C05"], Pass)
	expect(t, ask(t, Noisy(ordinary().victim(0), .1), with("pgd(steps=3,alpha=.04)"), "C05")["C05"], Fail)
}

func TestNoise(t *testing.T) {
	few := func(in *Input) { in.N, in.Draws = 10, 10000 }
	expect(t, ask(t, honest().victim(0), few, "C08")["C08"], Pass)
	expect(t, ask(t, honest().victim(0), func(in *Input) { in.N, in.Draws = 10, 10 }, "C08")["C08"], Warn)
	// At an eps at which noise breaks some, a gradient that is zero breaks none.
	expect(t, ask(t, Quantised(ordinary().victim(0), 8), func(in *Input) { in.Eps, in.Draws = .4, 200 }, "C08")["C08"], Fail)
}

func TestUnbounded(t *testing.T) {
	for _, n := range attacks.Threats {
		for _, c := range []struct {
			v    attacks.Victim
			want Status
		}{{ordinary().victim(0), Pass}, {Quantised(ordinary().victim(0), 8), Fail}} {
			s := openIn(t, n, c.v)
			r := examine(t, Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(100), Eps: .3, N: 30}, "C03")["C03"]
			if n == attacks.L1 {
				c.want = Skip
			}
			expect(t, r, c.want)
		}
	}
}

// Where only the mean counts, and a long way off: half of the range does not
// reach it, all of it does. And where the gradient is zero, but a random start
// gets lucky on some.
func TestFarBoundary(t *testing.T) {
	mean := func(bias float32) attacks.Victim {
		v := attacks.Victim{H: side, W: side, C: 1, Classes: 2}
		v.Logits = func(s *graphs.Scope, images tf.Output) tf.Output {
			m := op.Mean(s.Op("mean"), s.Reshape(images, side*side), op.Const(s.Op("axis"), int32(1)), op.MeanKeepDims(true))
			z := op.Sub(s.Op("above"), m, op.Const(s.Op("bias"), bias))
			return op.ConcatV2(s.Op("logits"), []tf.Output{op.Neg(s.Op("below"), z), z}, op.Const(s.Op("last"), int32(1)))
		}
		return v
	}
	low := func(n int) attacks.Set {
		set := patterns(5, n, .05)
		clear(set.Labels) // all are below
		return set
	}
	run := func(v attacks.Victim, set attacks.Set) Result {
		s := open(t, v)
		return examine(t, Input{Judge: s.Stage, Guide: s.Stage, Set: set, Eps: .1, N: set.Len()}, "C03")["C03"]
	}
	expect(t, run(mean(.6), low(30)), Pass)
	r := run(mean(.98), low(30))
	expect(t, r, Fail)
	if len(r.Images) != 0 {
		t.Errorf("images %v: at eps 1 all fall", r.Images)
	}
	r = run(Quantised(mean(.46), 64), low(30))
	expect(t, r, Fail)
	if left := strings.Split(r.Value, ","); len(r.Images) == 0 || left[0] != "left at eps 0.5: 22 of 30 (73.3 %" {
		t.Errorf("images %v, %s: want 22 at eps .5, which chance allows, and some at eps 1", r.Images, r.Value)
	}
}

// Examples that were tampered with.
func TestStored(t *testing.T) {
	s := open(t, ordinary().victim(0), "fgsm", "pgd")
	check := func(edit func(at *attacks.Attempt), want Status) {
		t.Helper()
		ev := s.evaluate(t, 60, attacks.Options{Eps: []float32{.15}, Exhaustive: true, Keep: 60}, "fgsm", "pgd")
		i := slices.IndexFunc(ev.Series[1].Attempts, func(a attacks.Attempt) bool { return a.Image != nil })
		edit(&ev.Series[1].Attempts[i])
		r := examine(t, Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(60), Evaluation: ev, N: 20}, "C15")["C15"]
		expect(t, r, want)
		if want == Fail && !slices.Equal(r.Images, []int{ev.Index[i]}) {
			t.Errorf("images %v, want %d", r.Images, ev.Index[i])
		}
	}
	check(func(*attacks.Attempt) {}, Pass)
	check(func(at *attacks.Attempt) { at.Image[3] = 1 }, Fail) // out of the ball
	check(func(at *attacks.Attempt) { at.Image[0] = float32(math.NaN()) }, Fail)
	check(func(at *attacks.Attempt) { at.Reach = .01 }, Fail)
	check(func(at *attacks.Attempt) { at.Reach, at.Image[0] = 2, -.01 }, Fail) // out of the box alone
	check(func(at *attacks.Attempt) { at.Class = (at.Class + 1) % classes }, Fail)
	check(func(at *attacks.Attempt) { at.Invalid = 3 }, Warn)
}

func TestRounded(t *testing.T) {
	s := open(t, ordinary().victim(0), "fgsm")
	ev := s.evaluate(t, 100, attacks.Options{Eps: []float32{.3}, Keep: 100}, "fgsm")
	in := Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(100), Evaluation: ev, N: 20}
	expect(t, examine(t, in, "C16")["C16"], Pass)
	// The same, drawn back to just beyond the boundary.
	px := side * side
	probe := attacks.NewProbe(s.Stage, 64)
	for i := range ev.Series[0].Attempts {
		at, clean := &ev.Series[0].Attempts[i], s.set.Pixels[i*px:(i+1)*px]
		if at.Image == nil {
			continue
		}
		out, lo, hi := at.Image, float32(0), float32(1)
		for range 20 {
			mid := (lo + hi) / 2
			y := make([]float32, px)
			for k := range y {
				y[k] = clean[k] + mid*(out[k]-clean[k])
			}
			z, err := probe.Logits(y)
			if err != nil {
				t.Fatal(err)
			}
			if top(z[0]) == int(s.set.Labels[i]) {
				lo = mid
			} else {
				hi, at.Image = mid, y
			}
		}
	}
	r := examine(t, in, "C16")["C16"]
	expect(t, r, Warn)
	if len(r.Images) == 0 {
		t.Error("no images are named")
	}
}

func TestSilent(t *testing.T) {
	index := make([]int, 60)
	for i := range index {
		index[i] = 100 + i
	}
	some := func(n int) []bool {
		b := make([]bool, len(index))
		for i := range n {
			b[i] = true
		}
		return b
	}
	v := lost(index, some(30), some(20), some(30))
	if v.status != Pass || !strings.Contains(v.value, "10 of them no longer at the end") {
		t.Errorf("%s %q: want PASS, and 10 that were lost on the way", v.status, v.value)
	}
	if v := lost(index, some(30), some(20), some(20)); v.status != Fail || len(v.images) != 10 {
		t.Errorf("%s %v: want FAIL with 10 images", v.status, v.images)
	}
	if v := lost(index, some(30), some(20), some(29)); v.status != Warn {
		t.Errorf("%s: want WARN where one image is lost", v.status)
	}
	// An attack that overshoots: many err on the way only, all are counted.
	ev := newLedger(10, .12).add(t, "bim(steps=15,alpha=.12)", 5)
	expect(t, ask(t, ordinary().victim(0), func(in *Input) { in.Evaluation = ev.Evaluation }, "C17")["C17"], Pass)
}

// A fine ripple on the logits: the loss jumps from point to point.
func TestUnstable(t *testing.T) {
	ripple := around(func(s *graphs.Scope, x tf.Output) tf.Output {
		fast := op.Sin(s.Op("sin"), op.Mul(s.Op("fast"), x, op.Const(s.Op("frequency"), float32(400))))
		return op.AddV2(s.Op("rippled"), x, graphs.Weighted(s, .15, fast))
	}, same)
	all := ask(t, ripple, nil, "C19", "C20")
	expect(t, all["C19"], Warn)
	expect(t, all["C20"], Warn)
	shown := 0
	all = ask(t, ordinary().victim(0), func(in *Input) {
		in.Surface = func(s Surface) {
			shown++
			var raw bytes.Buffer
			if err := s.PNG(&raw); err != nil {
				t.Error(err)
			}
			if img, err := png.Decode(&raw); err != nil || img.Bounds().Dx() != 8*Grid {
				t.Errorf("picture: %v", err)
			}
			if mid := s.Lead[Grid/2][Grid/2]; mid > 0 {
				t.Errorf("image %d: lead %g in the middle, but it is classified right", s.Image, mid)
			}
		}
	}, "C19", "C20")
	expect(t, all["C19"], Pass)
	expect(t, all["C20"], Pass)
	if shown != few {
		t.Errorf("%d surfaces shown, want %d", shown, few)
	}
}

// A gradient of its own: straight through the identity forward, and the other
// way round backward. Differences and estimates see that it is wrong.
func TestWrongGradient(t *testing.T) {
	turned := around(func(s *graphs.Scope, x tf.Output) tf.Output {
		twice := op.StopGradient(s.Op("stop"), op.Mul(s.Op("twice"), x, op.Const(s.Op("two"), float32(2))))
		return op.Sub(s.Op("turned"), twice, x) // 2x - x, with the gradient of -x
	}, same)
	all := ask(t, turned, nil, "C21", "C22", "C24")
	for _, id := range []string{"C21", "C22", "C24"} {
		expect(t, all[id], Fail)
	}
	all = ask(t, ordinary().victim(0), nil, "C21", "C22", "C24")
	for _, id := range []string{"C21", "C22", "C24"} {
		expect(t, all[id], Pass)
	}
}

// A guide that computes roughly: its gradient is compared with the judge's.
func TestRoughGuide(t *testing.T) {
	judge := open(t, ordinary().victim(0))
	guide := func(rough float32) attacks.Stage {
		return open(t, around(same, func(s *graphs.Scope, z tf.Output) tf.Output {
			// Another function, of which the part that is not the model's is rough.
			wave := op.Sin(s.Op("sin"), op.Mul(s.Op("fast"), z, op.Const(s.Op("frequency"), float32(7))))
			return op.AddV2(s.Op("sum"), z, graphs.Weighted(s, rough, wave))
		})).Stage
	}
	for rough, want := range map[float32]Status{0: Pass, .05: Pass, 2: Fail} {
		r := examine(t, Input{Judge: judge.Stage, Guide: guide(rough), Set: judge.some(40), Eps: .12, N: 20}, "C21")["C21"]
		expect(t, r, want)
		if !strings.Contains(r.Value, "guide") {
			t.Errorf("value %q: want the guide's cosine", r.Value)
		}
	}
}

func TestAdaptive(t *testing.T) {
	s := open(t, ordinary().victim(1), "pgd", "mixed", "codes", "codes(towards=away)")
	read := func(list ...string) Result {
		l := newLedger(10, .1)
		for _, text := range list {
			l = l.add(t, text, 5)
		}
		return examine(t, Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(20), Evaluation: l.Evaluation, N: 10}, "C33")["C33"]
	}
	expect(t, read("pgd", "mixed", "codes", "codes(towards=away)"), Pass)
	expect(t, read("pgd", "mixed", "codes"), Warn)
	r := read("pgd")
	expect(t, r, Fail)
	for _, want := range []string{"mixed", "codes(towards=away)"} {
		if !strings.Contains(r.Advice, want) {
			t.Errorf("advice %q: want %q in it", r.Advice, want)
		}
	}
	plain := newLedger(10, .1).add(t, "pgd", 5)
	half := ordinary().victim(1)
	half.CodeNames = half.CodeNames[:1]
	expect(t, ask(t, half, func(in *Input) { in.Evaluation = plain.Evaluation }, "C33")["C33"], Warn)
	expect(t, ask(t, ordinary().victim(0), func(in *Input) { in.Evaluation = plain.Evaluation }, "C33")["C33"], Skip)
}

// Without a model, and without an evaluation, the rest is skipped with reasons.
func TestSkips(t *testing.T) {
	for id, r := range examine(t, Input{}) {
		if id != "C26" && (r.Status != Skip || r.Value == "") {
			t.Errorf("%s: %s %q, want SKIP with a reason", id, r.Status, r.Value)
		}
	}
	if got := len(list()); got != 35 {
		t.Errorf("%d checks, want 35", got)
	}
	for i, c := range list() {
		if c.title == "" || c.threshold == "" || c.source == "" {
			t.Errorf("%s: want title, threshold and source", c.id)
		}
		if i > 0 && c.id <= list()[i-1].id {
			t.Errorf("%s comes after %s", c.id, list()[i-1].id)
		}
	}
	// A guide that has declared nothing.
	bare, err := build(ordinary().victim(0), attacks.Threat{Norm: attacks.Linf, Lo: 0, Hi: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Net.Close()
	for id, r := range examine(t, Input{Judge: bare, Guide: bare, Set: patterns(3, 30, .12), Eps: .1}, "C04", "C05", "C10", "C11", "C20", "C21", "C22", "C24", "C29") {
		if r.Status != Skip || !strings.Contains(r.Value, "declared") {
			t.Errorf("%s: %s %q, want SKIP that names what was not declared", id, r.Status, r.Value)
		}
	}
	if _, err := Run(t.Context(), Input{Judge: bare, Guide: bare, Set: patterns(3, 30, .12)}, nil); err == nil || !strings.Contains(err.Error(), "eps") {
		t.Errorf("error %v: want one about the missing eps", err)
	}
}

func TestCancelled(t *testing.T) {
	s := open(t, ordinary().victim(0))
	for stop := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		_, err := Run(ctx, Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(60), Eps: .1, N: 20, Draws: 20}, func(p Progress) {
			if p.Done > p.Of {
				t.Errorf("done %d of %d", p.Done, p.Of)
			}
			if n++; n == 1+100*stop {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("stopped after %d messages: %v, want context.Canceled", 1+100*stop, err)
		}
	}
}

// A check that is cut short has no verdict, even the last.
func TestCutShort(t *testing.T) {
	s := open(t, ordinary().victim(0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in := Input{Judge: s.Stage, Guide: s.Stage, Set: s.some(60), Eps: .1, N: 20, Only: []string{"C20"}, Surface: func(Surface) { cancel() }}
	if r, err := Run(ctx, in, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v: want context.Canceled", r, err)
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		lo, hi float64
	}{{0, 10, 0, .2775}, {10, 10, .7225, 1}, {5, 10, .2366, .7634}, {500, 1000, .4691, .5309}, {0, 0, 0, 1}} {
		lo, hi := Wilson(c.k, c.n)
		if math.Abs(lo-c.lo) > 1e-4 || math.Abs(hi-c.hi) > 1e-4 {
			t.Errorf("%d of %d: [%.4f,%.4f], want [%.4f,%.4f]", c.k, c.n, lo, hi, c.lo, c.hi)
		}
	}
	for _, c := range []struct {
		k, n  int
		limit float64
		want  Status
	}{{0, 100, .005, Pass}, {1, 100, .005, Warn}, {2, 100, .005, Fail}, {-3, 100, .005, Pass}, {5, 1000, .005, Pass}, {6, 1000, .005, Warn}} {
		if got := above(c.k, c.n, c.limit); got != c.want {
			t.Errorf("%d of %d above %g: %s, want %s", c.k, c.n, c.limit, got, c.want)
		}
	}
	for _, c := range []struct {
		a, b int
		want Status
	}{{0, 0, Pass}, {3, 3, Pass}, {3, 2, Warn}, {4, 0, Fail}, {30, 10, Fail}, {10, 30, Pass}} {
		if got := beats(c.a, c.b); got != c.want {
			t.Errorf("%d against %d: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}
