package checks

import (
	"math"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/graphs"
)

// everyKind has an attack of each kind that a check looks for.
var everyKind = []string{"fgsm", "pgd", "deepfool", "apgd-t", "square", "hopskipjump", "substitute", "random", "codes", "mixed"}

// notRun is an evaluation whose attacks have made no attempt.
func notRun(t *testing.T, n int) handmadeEvaluation {
	ev := newEvaluation(n, .1, .5)
	for _, text := range everyKind {
		ev = ev.add(t, text, 0, 0)
	}
	for a := range ev.Attacks {
		for i := range n {
			ev.Attacks[a].Results[i] = attacks.ImageResult{Distance: never, ThreatDistance: never}
		}
	}
	return ev
}

// Checks that ran on nothing are skipped with the reason, whatever was to run.
func TestNothingRun(t *testing.T) {
	s := openModel(t, plainNet().victim(0))
	none := notRun(t, 20)
	noneCorrect := notRun(t, 20)
	noneCorrect.CleanCorrect = 0
	for i := range noneCorrect.Clean {
		noneCorrect.Clean[i] = (noneCorrect.Labels[i] + 1) % 4
	}
	wrong := s.firstImages(20) // of which the model classifies none correctly
	wrong.Labels = append([]int32(nil), wrong.Labels...)
	for i := range wrong.Labels {
		wrong.Labels[i] = (wrong.Labels[i] + 1) % classes
	}
	for name, c := range map[string]struct {
		in    Input
		judge string // ids that have something to say all the same
	}{
		"no attempt":          {Input{Evaluation: none.Evaluation, Baseline: none.Evaluation}, "C26 C27 C30 C31"},
		"none correct":        {Input{Evaluation: noneCorrect.Evaluation, Baseline: noneCorrect.Evaluation}, "C26 C30 C31"},
		"no attack":           {Input{Evaluation: &attacks.Evaluation{Radii: []float32{.1}}}, "C26"},
		"no radius":           {Input{Evaluation: &attacks.Evaluation{}}, "C26"},
		"a model, none right": {Input{Evaluation: noneCorrect.Evaluation, Reference: s.Session, Gradient: s.Session, Images: wrong, N: 10}, "C26 C31 C37"},
	} {
		for id, r := range runChecks(t, c.in) {
			if strings.Contains(c.judge, id) {
				continue
			}
			if r.Status != Skip || r.Value == "" {
				t.Errorf("%s: %s %s %q, want SKIP with the reason", name, id, r.Status, r.Value)
			}
		}
	}
}

// Attacks that did not run count for nothing, beside one that did.
func TestOneRun(t *testing.T) {
	ev := notRun(t, 20)
	for i := range ev.Images {
		r := attacks.ImageResult{Done: true, Distance: never, ThreatDistance: never, Tried: "00"}
		if i < 5 {
			r.Distance, r.ThreatDistance, r.Tried = .1, .1, "11"
		}
		ev.Attacks[0].Results[i] = r
	}
	for _, id := range []string{"C01", "C07", "C09", "C18"} {
		expect(t, ev.runCheck(t, id), Skip)
	}
	expect(t, ev.runCheck(t, "C34"), Warn)
	expect(t, ev.runCheck(t, "C35"), Fail)
	if r := ev.runCheck(t, "C32"); !strings.Contains(r.Value, "20 images were attacked") || strings.Contains(r.Value, "apgd-t") {
		t.Errorf("value %q: want the 20 images, and no attack that was not run", r.Value)
	}
}

// A gradient that is NaN, or logits that are beside the image, fail; none passes
// as a number.
func TestNotNumbers(t *testing.T) {
	nan := wrapNet(func(s *graphs.Scope, x tf.Output) tf.Output {
		zero := op.Mul(s.Op("none"), x, op.Const(s.Op("zero"), float32(0)))
		return op.AddV2(s.Op("sum"), x, op.Sqrt(s.Op("root"), zero)) // whose gradient is 0·Inf
	}, identity)
	all := checkModel(t, nan, nil, "C10", "C22", "C24")
	for id, r := range all {
		if r.Status != Fail {
			t.Errorf("%s: %s %s, want FAIL", id, r.Status, r.Value)
		}
	}
}

// Logits that are no numbers on some images are not those of probabilities.
func TestLogitsNotNumbers(t *testing.T) {
	c := &checkContext{Input: Input{}}
	c.classified = append(c.classified, classifiedImage{logits: []float32{1, 2}}, classifiedImage{logits: []float32{float32(math.NaN()), 1}})
	if v, err := judgeProbabilities(c); err != nil || v.status != Fail || !strings.Contains(v.value, "not finite") {
		t.Errorf("%+v, %v: want FAIL", v, err)
	}
}

// Where most gradients are zero the advice is not another precision.
func TestVanishingGradientAdvice(t *testing.T) {
	reference := openModel(t, Quantised(plainNet().victim(0), 8))
	gradient := openModel(t, Quantised(plainNet().victim(0), 8))
	r := runChecks(t, Input{Reference: reference.Session, Gradient: gradient.Session, Images: reference.firstImages(40), Eps: .12, N: 20}, "C21")["C21"]
	expect(t, r, Fail)
	if !strings.Contains(r.Advice, "gradients vanish") || strings.Contains(r.Advice, "float32") {
		t.Errorf("advice %q: want vanishing gradients", r.Advice)
	}
}

// Results differ where one attack alone found something, whichever it is.
func TestBatchSizeDistances(t *testing.T) {
	of := func(d float64) *attacks.Evaluation {
		return &attacks.Evaluation{Attacks: []attacks.AttackResult{{Results: []attacks.ImageResult{{Distance: attacks.Distance(d)}}}}}
	}
	inf := math.Inf(1)
	for _, c := range []struct {
		a, b float64
		want bool
	}{{.1, inf, true}, {inf, .1, true}, {inf, inf, false}, {.1, .1, false}, {.1, .100001, false}, {.1, .11, true}, {math.NaN(), .1, true}} {
		if got := imageDiffers(of(c.a), of(c.b), 0); got != c.want {
			t.Errorf("%g and %g: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// With two classes every attack aims at the other.
func TestTargetsOfTwoClasses(t *testing.T) {
	ev := newEvaluation(10, .1).add(t, "fgsm", 5)
	for i := range ev.Labels {
		ev.Labels[i], ev.Clean[i] = int32(i%2), int32(i%2)
	}
	expect(t, ev.runCheck(t, "C32"), Pass)
	three := newEvaluation(9, .1).add(t, "fgsm", 5)
	for i := range three.Labels {
		three.Labels[i], three.Clean[i] = int32(i%3), int32(i%3)
	}
	if r := three.runCheck(t, "C32"); r.Status != Warn || strings.Contains(r.Advice, "apgd-t") {
		t.Errorf("%s %q: want WARN, without APGD-T, which needs 4", r.Status, r.Advice)
	}
}
