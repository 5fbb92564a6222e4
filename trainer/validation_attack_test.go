package trainer

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

// grey is dots far from black and white: a small attack meets no box.
type grey struct{ dots }

func (g grey) At(i int, dst []uint8) (int, error) {
	label, err := g.dots.At(i, dst)
	for k, v := range dst {
		dst[k] = 100 + v/8
	}
	return label, err
}

// For two classes and a linear model the accuracy under attack is known: an
// image withstands eps in L-inf if its margin exceeds eps·|w|_1, in L2 if it
// exceeds eps·|w|_2, where w is the difference of the two columns.
func TestAttackedAccuracy(t *testing.T) {
	const n = 40
	src := grey{dots{n, 2, littleShape}}
	_, net := declared(t, 4, DefaultConfig(), linearModel(2), littleShape)
	v := values(t, net)
	l := linear{v["classifier/kernel"], v["classifier/bias"]}
	sum, squares := 0., 0.
	for i := range 64 {
		d := float64(l.w[2*i]) - float64(l.w[2*i+1])
		sum, squares = sum+math.Abs(d), squares+d*d
	}
	margins, positive := make([]float64, n), []float64(nil)
	raw := make([]uint8, 64)
	for i := range margins {
		label, err := src.At(i, raw)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float64, 64)
		for k, b := range raw {
			x[k] = float64(float32(b) / 255)
		}
		z := l.logits(x)
		margins[i] = z[label] - z[1-label]
		if margins[i] > 0 {
			positive = append(positive, margins[i])
		}
	}
	slices.Sort(positive)
	middle := (positive[len(positive)/2] + positive[len(positive)/2-1]) / 2
	// In L2 long steps turn the random start into the direction of w.
	for _, row := range []struct {
		text     string
		per      float64 // reach of eps 1
		share    float64 // of the middle margin
		images   int
		withRest bool
	}{
		{"pgd(eps=%g,steps=5,images=0)", sum, 1, n, true}, {"pgd(eps=%g,images=25)", sum, 1, 25, true},
		{"pgd(eps=%g,norm=l2,alpha=2)", math.Sqrt(squares), 1, n, true}, {"pgd(eps=%g)", sum, .01, n, false},
	} {
		eps := float32(row.share * middle / row.per)
		if eps > .35 && row.per == sum {
			t.Fatalf("eps %g reaches the box", eps)
		}
		c := DefaultConfig()
		c.Attacked = mustValidationAttack(t, fmt.Sprintf(row.text, eps))
		p, net := declared(t, 4, c, linearModel(2), littleShape)
		want, lost := 0, 0
		for _, m := range margins[:row.images] {
			if m > float64(eps)*row.per {
				want++
			} else if m > 0 {
				lost++
			}
		}
		if (lost > 0) != row.withRest || want == 0 {
			t.Fatalf("%s: %d misclassified under attack, %d not: this test would check nothing", c.Attacked, lost, want)
		}
		got, err := p.EvaluateAttacked(t.Context(), net, src, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got.Images != row.images || math.Abs(got.Accuracy-float64(want)/float64(row.images)) > 1e-9 || got.Attack != c.Attacked.String() {
			t.Errorf("want %d of %d, got %+v", want, row.images, got)
		}
	}
}

// An image that an attack happens to correct was misclassified all the same. Large
// starts with hardly a step after them do that.
func TestAttackedIsCountedTwice(t *testing.T) {
	const n = 40
	c := DefaultConfig()
	c.Attacked = mustValidationAttack(t, "pgd(eps=1,steps=1,alpha=1e-6)")
	p, net := declared(t, 4, c, linearModel(2), littleShape)
	v := values(t, net)
	l := linear{v["classifier/kernel"], v["classifier/bias"]}
	src := grey{dots{n, 2, littleShape}}
	b := firstBatch(t, src, pipelines.Options{Batch: n})
	a, err := p.newAttacker(net, p.validationAttack.pgd(), p.validationStep, pipelines.Seed(9).Split("attacked"))
	if err != nil {
		t.Fatal(err)
	}
	from := starts(t, a, b, 0, 1, 1e-6)
	both, last := 0, 0
	for i, label := range b.Labels {
		right := func(x []float32) bool {
			z := l.logits(doubles(row(x, i, n)))
			return z[label] > z[1-label]
		}
		if right(from) {
			last++
			if right(b.Images) {
				both++
			}
		}
	}
	if both == last {
		t.Fatal("no start puts an image right: this test would check nothing")
	}
	got, err := p.EvaluateAttacked(t.Context(), net, src, 9)
	if err != nil {
		t.Fatal(err)
	}
	if got.Accuracy != float64(both)/n {
		t.Errorf("want %d of %d, got %+v", both, n, got)
	}
}

// A run with an adversary ends in the same bits however it is interrupted,
// between the replays of a batch too; its best checkpoint is the best under
// attack, and its metrics say how it does there.
func TestAdversarialRun(t *testing.T) {
	for _, c := range []struct{ adversary, at string }{
		{"pgd(eps=.1,steps=2,clean=.3,ramp=6st)", "step 5"},
		{"trades(eps=.1,steps=2,target=clean)", "saved 7 last"},
		{"free(eps=.1,replays=3)", "step 5"},
	} {
		t.Run(c.adversary, func(t *testing.T) {
			config := fullConfig(t)
			config.Duration, config.Average = mustDuration(t, "16st"), 0
			config.Adversary = mustAdversary(t, c.adversary)
			config.Attacked = mustValidationAttack(t, "pgd(eps=.02,steps=2)")
			name := config.Adversary.Method.name()
			if name == "trades" {
				config.Augment = mustAugment(t, "flip|brightness(.1)")
			}
			switch name {
			case "pgd":
				config.Average = .9
			case "free": // an epoch takes 4 batches, 3 steps each
				config.Duration = Epochs(4. / 3)
			}
			dir, straight := t.TempDir(), &recorder{}
			want, sum, err := session(t, t.Context(), config, fullInputs(dir), straight)
			if err != nil {
				t.Fatal(err)
			}
			checkAttacked(t, dir, config, straight, sum)

			ctx, before := cancelling(t, c.at)
			in := fullInputs(t.TempDir())
			if _, _, err := session(t, ctx, config, in, before); !errors.Is(err, ErrInterrupted) {
				t.Fatalf("want ErrInterrupted, got %v", err)
			}
			in.Resume = true
			after := &recorder{}
			got, _, err := session(t, t.Context(), config, in, after)
			if err != nil {
				t.Fatal(err)
			}
			sameValues(t, c.at, got, want)
			graphtest.Equal(t, "losses", append(before.loss, after.loss...), straight.loss)
			for step, e := range after.evals {
				if *e.Attacked != *straight.evals[step].Attacked {
					t.Errorf("step %d: want %+v under attack, got %+v", step, *straight.evals[step].Attacked, *e.Attacked)
				}
			}
			if name == "free" {
				if !slices.Equal(straight.epochs, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2}) { // 4 batches, 3 replays
					t.Errorf("epochs %v", straight.epochs)
				}
				return
			}
			// Another seed of the run draws other starts.
			in = fullInputs(t.TempDir())
			in.Seed++
			if other, _, err := session(t, t.Context(), config, in); err != nil || slices.Equal(other["classifier/kernel"], want["classifier/kernel"]) {
				t.Errorf("another seed: %v, or the same weights", err)
			}
		})
	}
}

func checkAttacked(t *testing.T, dir string, c Config, seen *recorder, sum Summary) {
	t.Helper()
	best, step, loss := -1., 0, 0.
	for _, at := range []int{6, 12, 16} {
		a := seen.evals[at].Attacked
		if a == nil || a.Images != 10 || a.Attack != c.Attacked.String() {
			t.Fatalf("step %d: want an accuracy under attack, got %+v", at, a)
		}
		if l := seen.evals[at].Loss; a.Accuracy > best || a.Accuracy == best && l < loss {
			best, step, loss = a.Accuracy, at, l
		}
	}
	if sum.BestStep != step {
		t.Errorf("want the best step by accuracy under attack, %d, got %d", step, sum.BestStep)
	}
	raw, err := os.ReadFile(filepath.Join(dir, MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), `"attacked":{"attack":"pgd(eps=0.02,steps=2,`); n != 3 {
		t.Errorf("want 3 lines with the accuracy under attack, got %d", n)
	}
	files, _ := filepath.Glob(filepath.Join(dir, EventsDir, "*tfevents*"))
	tags := map[string]int{}
	for _, e := range readEvents(t, files[0]) {
		for _, v := range e.GetSummary().GetValue() {
			tags[v.GetTag()]++
		}
	}
	if tags["validation/attacked_accuracy"] != 3 || (tags["train/divergence"] > 0) != (c.Adversary.Method.name() == "trades") {
		t.Errorf("tags %v", tags)
	}
}

// The best step goes by the accuracy under attack with an adversary, and by
// the clean one without, whatever the validation attack gives.
func TestBestUnderAttack(t *testing.T) {
	p := &TrainGraph{}
	for _, c := range []struct {
		adversary string
		want      []bool
	}{{"pgd(eps=.1)", []bool{true, false, true}}, {"", []bool{true, true, false}}} {
		r := &run{graph: p}
		p.Config.Adversary = mustAdversary(t, c.adversary)
		for i, e := range []Evaluation{
			{Accuracy: .8, Attacked: &Attacked{Accuracy: .5}}, {Accuracy: .9, Attacked: &Attacked{Accuracy: .4}}, {Accuracy: .7, Attacked: &Attacked{Accuracy: .6}},
		} {
			r.state.Step = i + 1
			if got := r.updateBest(e); got != c.want[i] {
				t.Errorf("adversary %q, evaluation %d: want best %v, got %v", c.adversary, i, c.want[i], got)
			}
		}
	}
}

// A model trained in bfloat16 is evaluated and exported in float32.
func TestBfloat16IsJudgedExactly(t *testing.T) {
	if !graphs.HasBfloat16() {
		t.Skip("this processor has no bfloat16")
	}
	c := DefaultConfig()
	c.Attacked = mustValidationAttack(t, "pgd(eps=.02,steps=1)")
	var want, got Evaluation
	for precision, to := range map[graphs.Precision]*Evaluation{graphs.Float32: &want, graphs.Bfloat16: &got} {
		p, net := precise(t, precision, c, littleModel("disentangled"))
		var err error
		if *to, err = p.Evaluate(t.Context(), net, littleDots(30)); err != nil {
			t.Fatal(err)
		}
		if _, err := p.EvaluateAttacked(t.Context(), net, littleDots(30), 1); err != nil {
			t.Error(err)
		}
		if _, err := p.WriteSavedModel(net, filepath.Join(t.TempDir(), "export"), Export{Input: FloatInput}, nil); err != nil {
			t.Error(err)
		}
	}
	if want.Loss != got.Loss || want.Reconstruction != got.Reconstruction {
		t.Errorf("want an evaluation in float32, %+v, got %+v", want, got)
	}
}

// Training in bfloat16 is reproducible bit by bit, and is not float32.
func TestBfloat16Training(t *testing.T) {
	if !graphs.HasBfloat16() {
		t.Skip("this processor has no bfloat16")
	}
	c := DefaultConfig()
	c.Batch, c.Duration, c.Evaluate, c.Checkpoint = 8, mustDuration(t, "6st"), Duration{}, Duration{}
	c.Adversary = mustAdversary(t, "pgd(eps=.1,steps=2)")
	weights := func(precision graphs.Precision) map[string][]float32 {
		p, net := precise(t, precision, c, littleModel("disentangled"))
		if _, err := p.Run(t.Context(), net, Inputs{Train: littleDots(24), Dir: t.TempDir(), Seed: 2}); err != nil {
			t.Fatal(err)
		}
		return values(t, net)
	}
	first := weights(graphs.Bfloat16)
	sameValues(t, "again", weights(graphs.Bfloat16), first)
	if slices.Equal(weights(graphs.Float32)["classifier/kernel"], first["classifier/kernel"]) {
		t.Error("bfloat16 trains to the weights of float32")
	}
}
