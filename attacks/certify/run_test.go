package certify_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"unwarp/attacks"
	"unwarp/attacks/certify"
)

// Images of the line at distance d from the edge are proven below d, and each is
// asked no more than is needed: not at sizes above one at which it was left open,
// nor below one at which the first stage proved it, nor where it is misclassified.
func TestRunIsMonotone(t *testing.T) {
	fast := &fake{name: "fast", loose: 2}
	slow := &fake{name: "slow", loose: 1.01, stages: []certify.Prover{fast}, batch: 3}
	// Distances to the edge: .45, .25, .15, .05, and one beyond it.
	c := prove(t, slow, lineImages(.05, .25, .35, .45, .7), nil)
	for i, want := range []float32{.3, .2, .1, 0, 0} {
		if got := c.Images[i].Proven; got != want {
			t.Errorf("image %d: proven %g, want %g", i, got, want)
		}
	}
	if c.Images[4].Correct || !c.Images[3].Correct {
		t.Errorf("want the last image misclassified alone, got %+v", c.Images)
	}
	// fast proves .45 up to .225: it is asked about .3 and then .2.
	want := [][2]float64{{10, .3}, {11, .3}, {12, .3}, {13, .3}, {10, .2}, {11, .2}, {12, .2}, {13, .2}, {11, .1}, {12, .1}, {13, .1}}
	if !sameAttempts(fast.asked, want) {
		t.Errorf("the first stage was asked %v, want %v", fast.asked, want)
	}
	want = [][2]float64{{12, .1}, {13, .1}, {11, .2}, {12, .2}, {10, .3}, {11, .3}}
	if !sameAttempts(slow.asked, want) {
		t.Errorf("the last stage was asked %v, want %v", slow.asked, want)
	}
	for size, want := range map[float32]certify.Count{
		.05: {Size: .05, Proven: 3, Open: 1, Misclassified: 1}, .2: {Size: .2, Proven: 2, Open: 2, Misclassified: 1}, .3: {Size: .3, Proven: 1, Open: 3, Misclassified: 1},
	} {
		if got := c.CountAt(size, nil); got != want {
			t.Errorf("at %g: got %+v, want %+v", size, got, want)
		}
	}
}

func sameAttempts(a, b [][2]float64) bool {
	return slices.EqualFunc(a, b, func(x, y [2]float64) bool { return x[0] == y[0] && near(x[1], y[1]) })
}

// Without the slow stage the fast ones are asked alone, and what they prove is
// taken over.
func TestFast(t *testing.T) {
	fast := &fake{name: "fast", loose: 2}
	slow := &fake{name: "slow", loose: 1.01, stages: []certify.Prover{fast}}
	images := lineImages(.05, .25)
	first := prove(t, slow, images, func(o *certify.Options) { o.Fast = true })
	if len(slow.asked) > 0 || first.Images[0].Proven != .2 {
		t.Errorf("slow was asked %v, proven %g", slow.asked, first.Images[0].Proven)
	}
	asked := len(fast.asked)
	second := prove(t, slow, images, func(o *certify.Options) { o.Known = first })
	if len(fast.asked) != asked || second.Images[0].Proven != .3 || second.Images[1].Proven != .2 {
		t.Errorf("fast was asked again %v; proven %+v", fast.asked[asked:], second.Images)
	}
	// Nothing is left that was not tried.
	asked = len(slow.asked)
	third := prove(t, slow, images, func(o *certify.Options) { o.Known = second })
	if len(slow.asked) != asked || third.Images[1].Proven != .2 {
		t.Errorf("slow was asked again %v", slow.asked[asked:])
	}
}

// An example from elsewhere makes its image broken: it is not asked about at that
// size or a larger one.
func TestKnownExamples(t *testing.T) {
	p := &fake{name: "slow", loose: 1.01}
	c := prove(t, p, lineImages(.25), func(o *certify.Options) { o.Examples = []attacks.Distance{.15} })
	if want := [][2]float64{{10, .1}}; !sameAttempts(p.asked, want) {
		t.Errorf("asked %v, want %v", p.asked, want)
	}
	ev := &attacks.Evaluation{Norm: attacks.Linf, Images: 1, Attacks: []attacks.AttackResult{{Results: []attacks.ImageResult{{Done: true, ThreatDistance: .15}}}}}
	for size, want := range map[float32]certify.Status{.1: certify.Proven, .15: certify.Broken, .2: certify.Broken} {
		if got := c.StatusAt(0, size, ev); got != want {
			t.Errorf("at %g: %s, want %s", size, got, want)
		}
	}
	if got := c.StatusAt(0, .15, nil); got != certify.Open {
		t.Errorf("without the example: %s", got)
	}
	// The same example is none against another model, nor in another norm.
	ev.Norm = attacks.L2
	if got := c.StatusAt(0, .15, ev); got != certify.Open {
		t.Errorf("in another norm: %s", got)
	}
}

// A proof and an example of one image contradict each other where the example lies
// within what is proven.
func TestContradictions(t *testing.T) {
	c := prove(t, &fake{name: "wrong", loose: .1}, lineImages(.25, .05), nil)
	ev := &attacks.Evaluation{Norm: attacks.Linf, Images: 2, Attacks: []attacks.AttackResult{{Results: []attacks.ImageResult{
		{Done: true, ThreatDistance: .26}, {Done: true, ThreatDistance: .46}}}}}
	if got := c.Contradictions(ev); !slices.Equal(got, []int{0}) {
		t.Errorf("got %v, want the first image", got)
	}
	if got := c.Contradictions(nil); got != nil {
		t.Errorf("without examples: %v", got)
	}
}

// Examples of the method are verified by the model itself; one that does not hold
// leaves its image open.
func TestExamplesAreVerified(t *testing.T) {
	honest := prove(t, &fake{name: "f", loose: 1.01, breaks: true}, lineImages(.25), nil)
	if p := honest.Images[0]; !near(float64(p.Broken), .3) || p.Class != 1 || honest.Refuted != 0 || p.Proven != .2 {
		t.Errorf("got %+v", p)
	}
	lying := prove(t, &fake{name: "f", loose: 1.01, lies: true}, lineImages(.25), nil)
	if p := lying.Images[0]; p.Broken != attacks.NoDistance || lying.Refuted != 1 || lying.StatusAt(0, .3, nil) != certify.Open || p.Attempts[2].Note == "" {
		t.Errorf("got %+v, refuted %d", p, lying.Refuted)
	}
}

// Where only images of values k/L count, an example counts as the nearest of these that
// lies within the ball and is misclassified; without one the image stays open.
func TestExamplesOnALattice(t *testing.T) {
	for name, c := range map[string]struct {
		lattice int
		clean   float32
		size    float32
		broken  float64 // 0: open
	}{
		"any values":            {0, .4, .14, .14},
		"the nearest":           {20, .4, .16, .15},
		"the nearest is a tie":  {10, .4, .14, .1},
		"the nearest is beyond": {20, .4, .14, .1}, // .55; the next is .5
		"none is misclassified": {5, .4, .14, 0},   // .6 is beyond, .4 the image itself
	} {
		got := prove(t, &fake{name: "f", loose: 1.01, breaks: true}, lineImages(c.clean), func(o *certify.Options) {
			o.Sizes, o.Lattice = []float32{c.size}, c.lattice
		})
		p := got.Images[0]
		if c.broken == 0 && p.Broken != attacks.NoDistance || c.broken > 0 && !near(float64(p.Broken), c.broken) || got.Lattice != c.lattice {
			t.Errorf("%s: want an example at %g, got %g, on a lattice of %d", name, c.broken, float64(p.Broken), got.Lattice)
		}
	}
}

// Proofs hold on a lattice too, examples of any values do not: they are looked for anew.
func TestLatticeTakesOver(t *testing.T) {
	any := prove(t, &fake{name: "f", loose: 1.01, breaks: true}, lineImages(.1, .4), func(o *certify.Options) { o.Sizes = []float32{.14} })
	if any.StatusAt(0, .14, nil) != certify.Proven || any.StatusAt(1, .14, nil) != certify.Broken {
		t.Fatalf("got %+v", any.Images)
	}
	p := &fake{name: "f", loose: 1.01, breaks: true}
	got := prove(t, p, lineImages(.1, .4), func(o *certify.Options) { o.Sizes, o.Lattice, o.Known = []float32{.14}, 5, any })
	if got.StatusAt(0, .14, nil) != certify.Proven || got.StatusAt(1, .14, nil) != certify.Open || len(p.asked) != 1 {
		t.Errorf("got %+v, asked %v", got.Images, p.asked)
	}
}

// A run that failed goes on with its journal to the same certificate, and asks
// nothing twice.
func TestResume(t *testing.T) {
	images := lineImages(.05, .25, .35, .45, .7, .02)
	fresh := func() *fake {
		return &fake{name: "slow", loose: 1.01, stages: []certify.Prover{&fake{name: "fast", loose: 2, batch: 2}}, batch: 2, breaks: true}
	}
	whole := prove(t, fresh(), images, nil)
	path := filepath.Join(t.TempDir(), "journal")
	o := certify.Options{Threat: "linf", Sizes: []float32{.1, .2, .3}, Logits: line}
	asked := 0
	for round := 0; ; round++ {
		j, err := certify.OpenJournal(path, "this")
		if err != nil {
			t.Fatal(err)
		}
		p := fresh()
		first := p.stages[0].(*fake)
		stop := func(call int) error {
			if call >= 3 {
				return errPlanned
			}
			return nil
		}
		p.fails, first.fails = stop, stop
		c, err := certify.Run(t.Context(), p, images, o, j, nil)
		j.Close()
		asked += len(p.asked) + len(first.asked)
		if err == nil {
			if round < 2 || c.Resumed == 0 || !slices.EqualFunc(c.Images, whole.Images, func(a, b certify.ImageProof) bool {
				return a.Proven == b.Proven && a.Broken == b.Broken && len(a.Attempts) == len(b.Attempts)
			}) {
				t.Errorf("round %d: %+v\nwant %+v", round, c.Images, whole.Images)
			}
			break
		}
		if !strings.Contains(err.Error(), "planned") || round > 20 {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	attempts := 0
	for _, p := range whole.Images {
		attempts += len(p.Attempts)
	}
	if asked != attempts {
		t.Errorf("asked %d times, want each of %d attempts once", asked, attempts)
	}
}

// A result that this run cannot have had ends it; an example in the journal is
// verified again.
func TestForgedJournal(t *testing.T) {
	images := lineImages(.25, .7)
	var path string
	run := func(image int, change func(r *certify.Result)) (*certify.Certificate, error) {
		path = filepath.Join(t.TempDir(), "journal")
		j, err := certify.OpenJournal(path, "this")
		if err != nil {
			t.Fatal(err)
		}
		lower := .2
		r := certify.Result{Status: certify.Proven, Lower: &lower}
		change(&r)
		if err := j.Forge(image, .1, "f", r); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if j, err = certify.OpenJournal(path, "this"); err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		return certify.Run(t.Context(), &fake{name: "f", loose: 1.01}, images, certify.Options{Threat: "linf", Sizes: []float32{.1}, Logits: line}, j, nil)
	}
	minus := -.1
	for name, c := range map[string]struct {
		image  int
		change func(r *certify.Result)
	}{
		"image":         {2, func(*certify.Result) {}},
		"misclassified": {1, func(*certify.Result) {}},
		"status":        {0, func(r *certify.Result) { r.Status = "surely" }},
		"margin":        {0, func(r *certify.Result) { r.Lower = &minus }},
		"no example":    {0, func(r *certify.Result) { r.Status = certify.Broken }},
		"domains":       {0, func(r *certify.Result) { r.Domains = -1 }},
	} {
		if _, err := run(c.image, c.change); err == nil || !strings.Contains(err.Error(), "line 2: want") || !strings.Contains(err.Error(), "--restart") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	c, err := run(0, func(r *certify.Result) { r.Status, r.Example = certify.Broken, []float32{.3} })
	if err != nil || c.Refuted != 1 || c.Images[0].Proven != .1 {
		t.Errorf("an example that does not hold: %v, %+v", err, c)
	}
	// It is taken back: the journal is read again, with the result that was found instead.
	j, err := certify.OpenJournal(path, "this")
	if err != nil || j.Len() != 1 {
		t.Fatalf("after an example that did not hold: %v, %d results", err, j.Len())
	}
	j.Close()
	if _, err := certify.OpenJournal(filepath.Join(t.TempDir(), "none", "journal"), "this"); err == nil {
		t.Error("want an error for a folder that there is not")
	}
}

// A budget ends a run with what is known; Ctrl-C with an error.
func TestBudget(t *testing.T) {
	p := &fake{name: "slow", loose: 1.01}
	p.fails = func(int) error { time.Sleep(15 * time.Millisecond); return nil }
	c := prove(t, p, lineImages(.05, .06, .07, .08, .09, .1, .11, .12), func(o *certify.Options) { o.Time = 40 * time.Millisecond })
	if !strings.Contains(c.Stopped, "budget of 40ms") || len(p.asked) == 0 || len(p.asked) > 8 {
		t.Errorf("stopped %q after %d", c.Stopped, len(p.asked))
	}
	none := prove(t, p, lineImages(.05, .6), func(o *certify.Options) { o.Time = 1 })
	if n := none.CountAt(.1, nil); none.Stopped == "" || n.Open != 1 || n.Misclassified != 1 {
		t.Errorf("no time at all: stopped %q, %+v", none.Stopped, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.fails = func(int) error { cancel(); return nil }
	if _, err := certify.Run(ctx, p, lineImages(.05, .06), certify.Options{Threat: "linf", Sizes: []float32{.1}, Logits: line}, nil, nil); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// Bisection finds the radius of each image to a hundredth.
func TestRadii(t *testing.T) {
	p := &fake{name: "slow", loose: 1, batch: 10}
	c := prove(t, p, lineImages(.05, .25, .45, .499, .6, .00001), func(o *certify.Options) { o.Radius, o.Sizes = true, []float32{.1} })
	for i, want := range []float64{.45, .25, .05, .001, 0, .5} {
		if got := float64(c.Images[i].Proven); got > want+1e-6 || got < want*.989-1e-5 {
			t.Errorf("image %d: radius %g, want %g", i, got, want)
		}
	}
	if n := len(p.asked); n > 90 {
		t.Errorf("asked %d times", n)
	}
}

// Shards ask about their own images alone; put together they are the whole.
func TestShards(t *testing.T) {
	images := lineImages(.05, .25, .35, .45, .7, .02, .3)
	whole := prove(t, &fake{name: "slow", loose: 1.01}, images, nil)
	var parts []*certify.Certificate
	for k := 1; k <= 3; k++ {
		p := &fake{name: "slow", loose: 1.01}
		shard := attacks.Shard{K: k, N: 3}
		parts = append(parts, prove(t, p, images, func(o *certify.Options) { o.Shard = shard }))
		for _, a := range p.asked {
			if !slices.Contains(shard.Images(images.Labels), int(a[0])-10) {
				t.Errorf("shard %s was asked about image %g", shard, a[0])
			}
		}
	}
	c, err := certify.Merge(parts...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Images {
		if c.Images[i].Proven != whole.Images[i].Proven || len(c.Images[i].Attempts) != len(whole.Images[i].Attempts) {
			t.Errorf("image %d: %+v, want %+v", i, c.Images[i], whole.Images[i])
		}
	}
	other := *parts[1]
	other.Model = "another"
	if _, err := certify.Merge(parts[0], &other); err == nil || !strings.Contains(err.Error(), "same model") {
		t.Errorf("another model: %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for want, change := range map[string]func(o *certify.Options){
		"at least one size": func(o *certify.Options) { o.Sizes = nil },
		"above 0":           func(o *certify.Options) { o.Sizes = []float32{.1, 0} },
		"logits":            func(o *certify.Options) { o.Logits = nil },
		"known of each":     func(o *certify.Options) { o.Examples = []attacks.Distance{1, 2} },
	} {
		o := certify.Options{Threat: "linf", Sizes: []float32{.1}, Logits: line}
		change(&o)
		if _, err := certify.Run(t.Context(), &fake{name: "f"}, lineImages(.1), o, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for _, text := range []string{"alpha", "branch-and-bound(seconds=0)", "ibp(steps=3)", "crown(rows=1)", "crown(slopes=steep)"} {
		if _, err := certify.Parse(text); err == nil || !strings.Contains(err.Error(), "method") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// An example that lies outside the ball, as those at the border of the larger ball
// that is proven, is pulled back and counts.
func TestExamplesArePulledBack(t *testing.T) {
	for _, over := range []float32{1e-7, .01} {
		c := prove(t, &fake{name: "fake", loose: 1, breaks: true, over: over}, lineImages(.25), nil)
		if p := c.Images[0]; c.Refuted != 0 || c.StatusAt(0, .3, nil) != certify.Broken || float64(p.Broken) > .3+1e-6 {
			t.Errorf("over %g: got %+v, refuted %d", over, p, c.Refuted)
		}
	}
}

// No radius is searched beyond the largest size, and sizes of which only whole numbers
// differ are asked as such.
func TestRadiiWithinTheThreat(t *testing.T) {
	p := &fake{name: "f", loose: 1}
	c := prove(t, p, lineImages(.05, .25), func(o *certify.Options) { o.Radius, o.Largest = true, .4 })
	if got := c.Images[0].Proven; got != .4 {
		t.Errorf("want the largest size .4 proven of the image .45 away, got %g", got)
	}
	if got := c.Images[1].Proven; !(got > .245 && got < .25) {
		t.Errorf("want nearly .25, got %g", got)
	}
	for _, a := range p.asked {
		if a[1] > float64(float32(.4)) {
			t.Errorf("image %g was asked about at %g", a[0], a[1])
		}
	}

	// These are proven below 4.5, 2.5 and .5.
	p = &fake{name: "f", loose: .1}
	c = prove(t, p, lineImages(.05, .25, .45), func(o *certify.Options) { o.Sizes, o.Radius, o.Largest, o.Whole = []float32{1}, true, 10, true })
	for i, want := range []float32{4, 2, 0} {
		if got := c.Images[i].Proven; got != want {
			t.Errorf("image %d: want %g, got %g", i, want, got)
		}
	}
	for _, a := range p.asked {
		if a[1] != float64(int(a[1])) {
			t.Errorf("image %g was asked about at %g", a[0], a[1])
		}
	}
}

// A certificate names the methods whose proofs it took over.
func TestEarlierMethods(t *testing.T) {
	images := lineImages(.05, .25)
	tight := prove(t, &fake{name: "tight", loose: 1.01}, images, nil)
	loose := prove(t, &fake{name: "loose", loose: 5}, images, func(o *certify.Options) { o.Known = tight })
	if !slices.Equal(loose.Earlier, []string{"tight"}) || loose.Method != "loose" || loose.Images[0].Method != "tight" {
		t.Errorf("got %q after %q, image 0 by %q", loose.Method, loose.Earlier, loose.Images[0].Method)
	}
	again := prove(t, &fake{name: "tight", loose: 1.01}, images, func(o *certify.Options) { o.Known = loose })
	if !slices.Equal(again.Earlier, []string{"loose"}) {
		t.Errorf("want the other method alone, got %q", again.Earlier)
	}
}
