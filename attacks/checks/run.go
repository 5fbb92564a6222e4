package checks

import (
	"context"
	"fmt"
	"math"
	"slices"

	"unwarp/attacks"
)

// Input is what the checks look at.
type Input struct {
	Judge attacks.Stage // the victim in float32; without an arena only the evaluation is read
	Guide attacks.Stage // the same model, which answers gradients; its arena must have declared [Attacks]
	Set   attacks.Set   // the images that were evaluated

	Evaluation *attacks.Evaluation // may be nil: then only the victim is asked
	Baseline   *attacks.Evaluation // the same attacks on an undefended model, or nil
	Undefended attacks.Stage       // that model, or without an arena

	N       int     // images to ask the victim about; 0: 100
	Eps     float32 // radius of the checks; 0: that of the evaluation at which nearest to half of the images stand
	Batch   int     // rows computed at once; 0: 64
	Draws   int     // of noise per image; 0: 10,000
	Seed    uint64
	Only    []string      // ids of the checks to run; nil: all
	Surface func(Surface) // is shown the loss surfaces of C20; may be nil
}

// Progress is where a run of checks stands.
type Progress struct {
	Done, Of int
	Doing    string
}

// declaration makes an arena declare the losses that the checks follow.
type declaration struct{ attacks.Common }

func (declaration) Needs(v attacks.Victim) []attacks.Loss {
	l := []attacks.Loss{attacks.Classification, attacks.Margin, attacks.Linear}
	if v.Classes >= 3 {
		l = append(l, attacks.DLR)
	}
	return l
}

func (declaration) Attack(*attacks.Case) {}

// Attacks are to be declared in the arena of the guide, together with those of
// the evaluation.
func Attacks() []attacks.Attack { return []attacks.Attack{&declaration{attacks.Common{EOT: 1}}} }

// exam is one run of the checks.
type exam struct {
	Input
	ctx          context.Context
	ev           *attacks.Evaluation
	set          attacks.Set // some of the images that are classified right
	logits       [][]float32 // of set
	pool         [][]float32 // of all images looked at
	trial        *attacks.Evaluation
	absent       map[string]string // attacks of the trial that were not run, and why
	judge, guide *attacks.Probe
	v            attacks.Victim
	threat       attacks.Threat
	wobble       float64 // by how much the victim's answers differ from pass to pass
	changed      []int   // places of images whose class does
	tell         func(Progress)
	done, of     int
}

// Run makes the checks, in the order of their ids; one that does not apply is
// skipped, with the reason as its value. tell may be nil. On cancellation Run
// returns ctx.Err().
func Run(ctx context.Context, in Input, tell func(Progress)) ([]Result, error) {
	x := &exam{Input: in, ctx: ctx, ev: in.Evaluation, tell: tell, absent: map[string]string{}}
	chosen := list()
	if in.Only != nil {
		chosen = slices.DeleteFunc(chosen, func(c check) bool { return !slices.Contains(in.Only, c.id) })
	}
	if in.Judge.Arena != nil {
		if err := x.open(); err != nil {
			return nil, err
		}
		if err := x.run(chosen); err != nil {
			return nil, err
		}
	}
	var out []Result
	for _, c := range chosen {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x.say(c.id + " " + c.title)
		v, err := x.ask(c)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil { // of the check, which should not take the others with it
			v = verdict{status: Warn, value: "the check failed: " + err.Error(), advice: "repeat it; what it looks for is unknown"}
		}
		out = append(out, Result{c.id, c.title, v.status, v.value, c.threshold, v.images, v.advice, c.source})
		x.done++
	}
	x.say("")
	return out, nil
}

// open chooses images and fills in what the input leaves open.
func (x *exam) open() error {
	a := x.Judge.Arena
	x.v, x.threat = a.Victim, a.Threat
	x.N, x.Batch, x.Draws = orDefault(x.N, 100), orDefault(x.Batch, 64), orDefault(x.Draws, 10000)
	if x.Eps == 0 {
		if x.ev == nil {
			return fmt.Errorf("checks: want eps, the radius of the checks, where there is no evaluation to take it from")
		}
		x.Eps = telling(x.ev)
	}
	if err := x.threat.Admits([]float32{x.Eps}); err != nil {
		return fmt.Errorf("checks: %w", err)
	}
	x.judge, x.guide = attacks.NewProbe(x.Judge, x.Batch), attacks.NewProbe(x.Guide, x.Batch)
	if err := x.choose(); err != nil {
		return err
	}
	if x.set.Len() == 0 {
		return nil
	}
	return x.repeat()
}

func orDefault(v, d int) int {
	if v <= 0 {
		return d
	}
	return v
}

// telling is the radius at which attacks have the most to show: that with
// nearest to half of the images left.
func telling(ev *attacks.Evaluation) float32 {
	best, off := ev.Radii[0], math.Inf(1)
	for _, eps := range ev.Radii {
		if d := math.Abs(share(ev.Left(eps), ev.CleanRight) - .5); d < off {
			best, off = eps, d
		}
	}
	return best
}

// choose takes N images that are classified right, spread over the set, which
// may be sorted by class.
func (x *exam) choose() error {
	n, px := x.Set.Len(), x.v.H*x.v.W*x.v.C
	if n == 0 || len(x.Set.Pixels) != n*px {
		return fmt.Errorf("checks: want at least one image of %dx%dx%d, got %d with %d values", x.v.H, x.v.W, x.v.C, n, len(x.Set.Pixels))
	}
	order := spread(n)
	for len(order) > 0 && x.set.Len() < x.N {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		some := order[:min(len(order), x.N)]
		order = order[len(some):]
		images := make([][]float32, len(some))
		for k, i := range some {
			images[k] = x.Set.Pixels[i*px : (i+1)*px]
		}
		logits, err := x.judge.Logits(images...)
		if err != nil {
			return err
		}
		for k, i := range some {
			x.pool = append(x.pool, logits[k])
			if top(logits[k]) == int(x.Set.Labels[i]) && x.set.Len() < x.N {
				x.set.Pixels = append(x.set.Pixels, images[k]...)
				x.set.Labels = append(x.set.Labels, x.Set.Labels[i])
				x.set.Index = append(x.set.Index, x.Set.Index[i])
				x.logits = append(x.logits, logits[k])
			}
		}
	}
	return nil
}

// spread orders 0..n-1 so that each beginning is spread evenly: steps of about
// the golden section of n, coprime to n.
func spread(n int) []int {
	step := max(1, int(.618*float64(n)))
	for gcd(step, n) != 1 {
		step++
	}
	order := make([]int, n)
	for k := range order {
		order[k] = k * step % n
	}
	return order
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// ask skips a check that lacks what it needs.
func (x *exam) ask(c check) (verdict, error) {
	switch {
	case c.needs&evaluation != 0 && x.ev == nil:
		return skip("there is no evaluation to read")
	case c.needs&baseline != 0 && x.Baseline == nil:
		return skip("there is no evaluation of an undefended model to compare with")
	case c.needs&victim != 0 && x.Judge.Arena == nil:
		return skip("there is no model to ask")
	case c.needs&victim != 0 && x.set.Len() == 0:
		return skip("the model classifies no image right")
	}
	return c.judge(x)
}

func (x *exam) say(doing string) {
	if x.tell != nil {
		x.tell(Progress{x.done, x.of, doing})
	}
}

// image i of the exam.
func (x *exam) image(i int) []float32 {
	px := len(x.set.Pixels) / x.set.Len()
	return x.set.Pixels[i*px : (i+1)*px : (i+1)*px]
}

// first are the first images of the exam, at most n.
func (x *exam) first(n int) [][]float32 {
	out := make([][]float32, min(n, x.set.Len()))
	for i := range out {
		out[i] = x.image(i)
	}
	return out
}
