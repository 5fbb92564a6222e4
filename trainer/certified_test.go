package trainer

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/graphs"
	"unwarp/graphs/graphtest"
	"unwarp/pipelines"
)

func mustCertified(t testing.TB, text string) Certified {
	t.Helper()
	c, err := ParseCertified(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustVerification(t testing.TB, text string) Verification {
	t.Helper()
	v, err := ParseVerification(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// certifiedConfig trains by the method of a text, and verifies nothing.
func certifiedConfig(t testing.TB, text string) Config {
	c := DefaultConfig()
	c.Certified, c.Verified = mustCertified(t, text), Verification{Off: true}
	return c
}

func deepModel() graphs.Disentangled { return graphs.Disentangled{Encoder: deep{}, Classes: 3} }

// deepBatch are n images with labels, far from what a new net has learnt.
func deepBatch(n int) stepBatch {
	b := pipelines.Batch{N: n, Images: graphtest.Uniform(3, 0, 1, int64(n), 3, 2, 1).Data}
	for i := range n {
		b.Labels, b.Index = append(b.Labels, int32(i%3)), append(b.Index, i)
	}
	return stepBatch{Batch: b}
}

// wanted is the loss of a method on rows around centers, in plain Go.
func (n twin) wanted(p boundParams, rows, centers []float32, labels []int32, crown bool) (worst, classification float64, balls []bracket, verified int) {
	count := len(labels)
	for i, y := range labels {
		ball := ballOf(doubles(row(centers, i, count)), float64(p.eps))
		z, proven := make([]float64, 3), true
		for k := range z {
			if k == int(y) {
				continue
			}
			m := n.ibp(ball, int(y), k)
			if crown {
				m = float64(p.beta)*n.crown(ball, int(y), k) + (1-float64(p.beta))*m
			}
			z[k], proven = -m, proven && m > 0
		}
		if proven {
			verified++
		}
		worst += entropy64(z, int(y)) / float64(count)
		classification += entropy64(n.logits(doubles(row(rows, i, count))), int(y)) / float64(count)
		balls = append(balls, ball)
	}
	return worst, classification, balls, verified
}

// The losses of all methods agree with a plain Go twin: IBP and CROWN-IBP around
// the images, MTL-IBP around the clean images of an attacked pass, SABR in a
// small box around the attacked ones, with regularisers and the L1 term.
func TestCertifiedLosses(t *testing.T) {
	const n = 12
	regularised := ",tightness=.7,balance=.3,tolerance=.8"
	for _, row := range []struct {
		text  string
		p     boundParams
		crown bool
	}{
		{"ibp(eps=.1)", boundParams{eps: .04, kappa: .3}, false},
		{"ibp(eps=.1,kappa=0,kappa_start=0)", boundParams{eps: .01}, false},
		{"ibp(eps=.1,init=ibp" + regularised + ")", boundParams{eps: .2, kappa: .6, pull: .25}, false},
		{"crown-ibp(eps=.1)", boundParams{eps: .05, kappa: .25, beta: .75}, true},
		{"crown-ibp(eps=.1)", boundParams{eps: .05, kappa: .25}, false}, // beta 0: one row by CROWN
		{"mtl-ibp(eps=.1,alpha=.4)", boundParams{eps: .08, kappa: .6}, false},
		{"sabr(eps=.1,lambda=.4)", boundParams{eps: .032}, false},
	} {
		c := certifiedConfig(t, row.text)
		c.Objective.L1 = .01
		p, net := declared(t, 5, c, deepModel(), deepShape)
		in := deepBatch(n)
		centers := in.Images
		if a, err := p.newAdversary(net, 3); err != nil {
			t.Fatal(err)
		} else if a != nil {
			if in, err = a.stepBatch(in, 0, .08, .08); err != nil {
				t.Fatal(err)
			}
			if slices.Equal(in.Images, centers) || !slices.Equal(in.originals, centers) {
				t.Fatalf("%s: want attacked images, and the clean ones as originals", row.text)
			}
		}
		if strings.HasPrefix(row.text, "sabr") {
			centers = in.Images
		}
		w := twinOf(t, net)
		worst, classification, balls, verified := w.wanted(row.p, in.Images, centers, in.Labels, row.crown)
		size := 0.
		for path, v := range values(t, net) {
			if strings.HasSuffix(path, "kernel") && !strings.HasPrefix(path, "adam") {
				for _, x := range v {
					size += math.Abs(float64(x))
				}
			}
		}
		kappa := float64(row.p.kappa)
		want := []float64{kappa*classification + (1-kappa)*worst + .01*size, classification, worst, float64(verified) / n, size, 0, 0, float64(row.p.eps)}
		if strings.Contains(row.text, "tightness") {
			tight, balance := w.regularisers(balls, .8)
			want[5], want[6] = .25*.7*tight, .25*.3*balance
			want[0] += want[5] + want[6]
			if tight == 0 || balance == 0 {
				t.Fatalf("%s: regularisers %g and %g: this would check nothing", row.text, tight, balance)
			}
		}
		l := stepped(t, p, net, in, stepParams{rate: .01, bound: row.p})
		got := []float32{l.Total, l.Classification, l.WorstCase, l.Verified, l.WeightSize, l.Tightness, l.Balance, l.Radius}
		graphtest.Near(t, row.text, got, want, 2e-5)
	}
}

// Gradients of the certified losses, with regularisers, agree with finite
// differences.
func TestCertifiedGradients(t *testing.T) {
	for _, text := range []string{"ibp(eps=.1,tightness=.7,balance=.3,tolerance=1)", "crown-ibp(eps=.1)"} {
		set := mustCertified(t, text).settings()
		graphtest.Gradient(t, graphtest.Unary(func(s *graphs.Scope, x tf.Output) tf.Output {
			scalar := func(name string, v any) graphs.Input { return graphs.Input{Value: op.Const(s.Op(name), v)} }
			l := boundLoss{certifiedSettings: set, in: boundInputs{
				eps: scalar("eps", float32(.1)), kappa: scalar("kappa", float32(.3)), beta: scalar("beta", float32(.6)),
				pull: scalar("pull", float32(.5)), crownRows: scalar("rows", int32(2)),
			}}
			f := deepModel().Apply(s, x)
			o, in := DefaultConfig().Objective, targets{labels: op.Const(s.Op("labels"), []int32{0, 2, 1})}
			terms := l.join(s.In("join"), o, o.batchTerms(s.In("objective"), f, in), f, x, x, in)
			return s.Reshape(terms.Total)
		}), []graphtest.Array{graphtest.Uniform(3, .2, .8, 3, 3, 2, 1)}, graphtest.Step(3e-4), graphtest.Within(3e-2))
	}
}

// Every method with its defaults, written out.
func TestCertifiedText(t *testing.T) {
	const rest = "warmup=1ep,ramp=30%,shape=linear,init=model,tightness=0,balance=0,tolerance=0.5)"
	for text, want := range map[string]string{
		"":                               "",
		"ibp(eps=.4)":                    "ibp(eps=0.4,kappa=0.5,kappa_start=1,norm=linf," + rest,
		"crown-ibp( eps = .4 )":          "crown-ibp(eps=0.4,kappa=0,kappa_start=1,beta=0,beta_start=1,norm=linf," + rest,
		"mtl-ibp(eps=.2)":                "mtl-ibp(eps=0.2,alpha=0.5,steps=1,step=0.2,reach=1," + rest,
		"sabr(eps=.4,lambda=.5,steps=5)": "sabr(eps=0.4,lambda=0.5,steps=5,step=0.1," + rest,
		"ibp(eps=2,warmup=0ep,ramp=500st,shape=smooth,init=ibp,tightness=.5)": "ibp(eps=2,kappa=0.5,kappa_start=1,norm=linf,warmup=0st,ramp=500st,shape=smooth,init=ibp,tightness=0.5,balance=0,tolerance=0.5)",
	} {
		c := mustCertified(t, text)
		if c.String() != want || c.Off() != (want == "") {
			t.Errorf("%q: want %q, got %q", text, want, c)
		}
		var d Certified
		raw, err := c.MarshalText()
		if err == nil {
			err = d.UnmarshalText(raw)
		}
		if err != nil || !reflect.DeepEqual(c, d) {
			t.Errorf("%q: read back %+v, %v", raw, d, err)
		}
	}
	for text, want := range map[string]string{
		"auto": "auto", "": "auto", "off": "off", "ibp(eps=.3)": "ibp(eps=0.3,norm=linf,images=0)", "crown-ibp(eps=1,norm=l2,images=9)": "crown-ibp(eps=1,norm=l2,images=9)",
	} {
		if v := mustVerification(t, text); v.String() != want {
			t.Errorf("%q: want %q, got %q", text, want, v)
		}
	}
}

func TestCertifiedIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"ibp": "eps: want a value", "ipb(eps=.1)": `did you mean "ibp"`, "ibp(eps=.1,kapa=1)": `did you mean "kappa"`, "ibp(eps=0)": "eps: want", "sabr(eps=.1,lambda=1)": "lambda: want",
		"ibp(eps=.1,warmup=0st,ramp=0st,balance=1)": "tightness, balance: want a warmup or a ramp", "ibp(eps=.1,ramp=2)": "with its unit", "ibp(eps=.1,norm=l1,tightness=1)": "want norm=linf", "mtl-ibp(eps=.1,alpha=0)": "alpha: want",
	} {
		if _, err := ParseCertified(text); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%q: want an error with %q, got %v", text, want, err)
		}
	}
	for text, want := range map[string]string{"alpha-crown(eps=.1)": "want auto, off, ibp(...) or crown-ibp(...)", "ibp": "eps: want a value", "ibp(eps=.1,steps=2)": "unknown key"} {
		if _, err := ParseVerification(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want an error with %q, got %v", text, want, err)
		}
	}
	for want, change := range map[string]func(c *Config){
		"train.adversary":                 func(c *Config) { c.Adversary = mustAdversary(t, "pgd(eps=.1)") },
		"train.teacher":                   func(c *Config) { c.Teacher = "x" },
		"train.objective.temperature":     func(c *Config) { c.Objective.Temperature = 2 },
		"train.objective.input_gradient":  func(c *Config) { c.Objective.InputGradient = 1 },
		"want a value as ParseCertified":  func(c *Config) { c.Certified.Method.(*IBP).Warmup = Duration{0, "ep"} },
		"train.verified: want a value as": func(c *Config) { c.Verified = Verification{Off: true, Images: 3} },
	} {
		c := certifiedConfig(t, "ibp(eps=.1)")
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// A model whose images are normalised by their own moments, and ops without
// bounds, are refused by name.
func TestUnboundedModels(t *testing.T) {
	m := deepModel()
	m.Normalise.By = graphs.ByImage
	c := certifiedConfig(t, "ibp(eps=.1)")
	if err := c.CheckModel(m); err == nil || !strings.Contains(err.Error(), "model.normalise none or set, got image") {
		t.Errorf("normalise image: got %v", err)
	}
	for _, set := range []func(c *Config){func(*Config) {}, func(c *Config) { c.Certified, c.Verified = Certified{}, mustVerification(t, "ibp(eps=.1)") }} {
		c := c
		set(&c)
		_, err := graphs.Build(graphs.Options{}, func(b *graphs.Builder) error {
			_, err := Declare(b, c, graphs.Disentangled{Encoder: soft{}, Classes: 3}, deepShape)
			return err
		})
		var u UnboundedError
		if !errors.As(err, &u) || !strings.Contains(err.Error(), "Softmax") || len(err.Error()) > 300 {
			t.Errorf("want an UnboundedError that names Softmax, got %v", err)
		}
	}
}

// TestCertifiedEps: what the last step bounds, in closed form of a linear ramp.
func TestCertifiedEps(t *testing.T) {
	for text, want := range map[string]float32{"": 0, "ibp(eps=.8,warmup=1ep,ramp=2ep)": .8, "ibp(eps=.8,warmup=2ep,ramp=8ep)": .4, "ibp(eps=.8,warmup=7ep)": 0} {
		c := DefaultConfig()
		c.Batch, c.Certified = 8, mustCertified(t, text)
		if err := c.Duration.UnmarshalText([]byte("6ep")); err != nil {
			t.Fatal(err)
		}
		if last, full := c.CertifiedEps(35); math.Abs(float64(last-want)) > 1e-6 || text != "" && full != .8 || text == "" && full != 0 {
			t.Errorf("%s: want %g, got %g of %g", text, want, last, full)
		}
	}
}

// soft is an encoder with an op that has no bounds.
type soft struct{}

func (soft) Encode(s *graphs.Scope, images tf.Output) tf.Output {
	return op.Softmax(s.Op("softmax"), s.Flatten(images))
}

// Schedules count in steps whatever their unit: warmup at 0, then a ramp.
func TestCertifiedSchedules(t *testing.T) {
	const perEpoch, total = 4, 40
	at := func(text string) func(step int) (boundParams, float32, float32) {
		return mustCertified(t, text).settings().schedule(8, perEpoch, total)
	}
	for _, text := range []string{"ibp(eps=.8,warmup=1ep,ramp=2ep,kappa=.5)", "ibp(eps=.8,warmup=4st,ramp=8st,kappa=.5)", "ibp(eps=.8,warmup=10%,ramp=64ex,kappa=.5)"} {
		for step, want := range map[int]boundParams{
			0: {0, 1, 0, 1}, 3: {0, 1, 0, 1}, 4: {.1, .9375, 0, .875}, 7: {.4, .75, 0, .5}, 11: {.8, .5, 0, 0}, 39: {.8, .5, 0, 0},
		} {
			if p, eps, _ := at(text)(step); !nearParams(p, want) || eps != 0 {
				t.Errorf("%s: step %d: want %+v, got %+v and an attack of %g", text, step, want, p, eps)
			}
		}
	}
	if p, _, _ := at("crown-ibp(eps=.8,warmup=0st,ramp=2ep,beta=.2,beta_start=1)")(3); !nearParams(p, boundParams{.4, .5, .6, .5}) {
		t.Errorf("crown-ibp: got %+v", p)
	}
	if p, eps, alpha := at("mtl-ibp(eps=.8,alpha=.3,step=1.6,reach=2,warmup=0st,ramp=2ep)")(3); !nearParams(p, boundParams{.4, .7, 0, .5}) || eps != .8 || alpha != .8 {
		t.Errorf("mtl-ibp: got %+v, %g, %g", p, eps, alpha)
	}
	if p, eps, _ := at("sabr(eps=.8,lambda=.25,warmup=0st,ramp=2ep)")(3); !nearParams(p, boundParams{.1, 0, 0, .5}) || math.Abs(float64(eps)-.3) > 1e-6 {
		t.Errorf("sabr: got %+v, %g", p, eps)
	}
	if p, _, _ := at("ibp(eps=.8,warmup=1ep,ramp=2ep,tightness=1)")(0); p.eps != leastEps {
		t.Errorf("regularisers want intervals: got %+v", p)
	}
	// The smooth ramp meets the line with its slope, and both ends.
	for _, x := range []float64{0, .25, 1} {
		const h = 1e-6
		before, after := (smoothShare(x)-smoothShare(x-h))/h, (smoothShare(x+h)-smoothShare(x))/h
		if x == .25 && math.Abs(before-after) > 1e-3 {
			t.Errorf("slopes at the middle: %g and %g", before, after)
		}
	}
	if smoothShare(0) != 0 || math.Abs(smoothShare(1)-1) > 1e-12 || math.Abs(smoothShare(.125)/smoothShare(.25)-1./16) > 1e-12 {
		t.Errorf("smooth ramp: %g, %g, %g", smoothShare(0), smoothShare(1), smoothShare(.125))
	}
}

func nearParams(a, b boundParams) bool {
	for _, d := range []float32{a.eps - b.eps, a.kappa - b.kappa, a.beta - b.beta, a.pull - b.pull} {
		if math.Abs(float64(d)) > 1e-6 {
			return false
		}
	}
	return true
}

// Weights that Shi et al. 2021 begin with: the deviation is sqrt(2π)/fan_in, in
// encoder and classifier alone.
func TestIBPInitialWeights(t *testing.T) {
	m := littleModel("disentangled", func(m *graphs.Disentangled) { m.Encoder = deep{}; m.Appearance, m.Geometry = 4, 3 })
	_, net := declared(t, 3, certifiedConfig(t, "ibp(eps=.1,init=ibp)"), m, littleShape)
	_, plain := declared(t, 3, certifiedConfig(t, "ibp(eps=.1)"), m, littleShape)
	v, p := values(t, net), values(t, plain)
	squares := 0.
	for _, x := range v["encoder/a/kernel"] { // [64,9]
		squares += float64(x) * float64(x) / (64 * 9)
	}
	if want := math.Sqrt(2*math.Pi) / 64; math.Abs(math.Sqrt(squares)/want-1) > .1 {
		t.Errorf("want a deviation of %g, got %g", want, math.Sqrt(squares))
	}
	for path := range v {
		changed := !slices.Equal(v[path], p[path])
		if want := path == "encoder/a/kernel" || path == "encoder/b/kernel" || path == "classifier/kernel"; changed != want {
			t.Errorf("%s: changed %v, want %v", path, changed, want)
		}
	}
}

// A run that is interrupted in the middle of a ramp and resumed ends with the same
// weights as one that is not: with batch norm and averages, and where CROWN's
// share ends between.
func TestCertifiedRunIsResumed(t *testing.T) {
	for _, row := range []struct{ text, verified string }{
		{"crown-ibp(eps=.1,warmup=2st,ramp=4st,init=ibp,tightness=.5,balance=.5)", "ibp(eps=.01)"},
		{"mtl-ibp(eps=.1,warmup=2st,ramp=6st,steps=2)", "crown-ibp(eps=.01)"},
	} {
		c := fullConfig(t)
		c.Duration, c.Augment = mustDuration(t, "9st"), mustAugment(t, "flip")
		c.Certified, c.Verified = mustCertified(t, row.text), mustVerification(t, row.verified)
		m := littleModel("base", func(m *graphs.Disentangled) { m.Encoder = little{units: 12, norm: true} })
		train := func(ctx context.Context, in Inputs, obs ...Observer) (map[string][]float32, Summary, error) {
			p, net := declared(t, 7, c, m, littleShape)
			s, err := p.Run(ctx, net, in, obs...)
			return values(t, net), s, err
		}
		want, summary, err := train(t.Context(), fullInputs(t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		if v := summary.Validation.Verified; v == nil || v.Images != 10 {
			t.Errorf("%s: want 10 images verified, got %+v", row.text, v)
		}
		in := fullInputs(t.TempDir())
		ctx, seen := cancelling(t, "step 4")
		if _, _, err := train(ctx, in, seen); err != ErrInterrupted {
			t.Fatal(err)
		}
		in.Resume = true
		got, _, err := train(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		sameValues(t, row.text, got, want)
		checkCertifiedLog(t, c.Verified, in.Dir)
	}
}

// In the disentangled form with deformed views the loss of the classifier is that
// of the method, and reconstruction and code terms stay as in eq. 8.
func TestCertifiedDisentangled(t *testing.T) {
	c := certifiedConfig(t, "ibp(eps=.1)")
	c.Augment = mustAugment(t, "deform(stretch=1..2,shift=1..2,step=1)")
	c.Objective.Lambda, c.Objective.Gamma = .3, .7
	p, net := declared(t, 7, c, littleModel("disentangled"), littleShape)
	in := stepBatch{Batch: firstBatch(t, littleDots(12), pipelines.Options{Batch: 6, Augment: c.Augment, Seed: 4})}
	l := stepped(t, p, net, in, stepParams{rate: .01, bound: boundParams{eps: .02, kappa: .25}})
	want := .25*float64(l.Classification) + .75*float64(l.WorstCase) + .3*float64(l.Reconstruction) + .7*float64(l.CodeChange)
	graphtest.Near(t, "loss", []float32{l.Total}, []float64{want}, 1e-4)
	if !(l.WorstCase > l.Classification && l.Reconstruction > 0 && l.CodeChange > 0) {
		t.Errorf("want a worst case above the cross-entropy, and terms of eq. 8, got %+v", l)
	}
	p, net = declared(t, 7, c, littleModel("disentangled"), littleShape)
	l = stepped(t, p, net, in, stepParams{rate: .01, bound: boundParams{kappa: .25}})
	graphtest.Near(t, "worst case at eps 0", []float32{l.WorstCase}, []float64{float64(l.Classification)}, 1e-4)
}

// With random numbers in the pass, which differ from row to row, CROWN bounds all
// rows whatever its share.
func TestCROWNWithDropout(t *testing.T) {
	m := deepModel()
	m.Head = graphs.LinearHead{Dropout: .4}
	p, net := declared(t, 5, certifiedConfig(t, "crown-ibp(eps=.1)"), m, deepShape)
	for _, beta := range []float32{.5, 0} {
		l := stepped(t, p, net, deepBatch(6), stepParams{rate: .01, bound: boundParams{eps: .05, beta: beta}})
		if !finite(float64(l.WorstCase)) || !(l.WorstCase > 0) {
			t.Errorf("beta %g: worst case %g", beta, l.WorstCase)
		}
	}
}

// checkCertifiedLog wants the schedule, the losses and the verified accuracy in
// metrics.jsonl and in TensorBoard's events.
func checkCertifiedLog(t *testing.T, v Verification, dir string) {
	t.Helper()
	lines, err := os.ReadFile(filepath.Join(dir, MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"worst_case":`, `"certified_eps":0.1,`, `"verified":{"method":"` + string(v.Method) + `","eps":0.01,"norm":"linf","images":10,`} {
		if !strings.Contains(string(lines), want) {
			t.Errorf("%s: want %s in %s, got %s", v, want, MetricsFile, lines)
		}
	}
	events, err := filepath.Glob(filepath.Join(dir, EventsDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, path := range events {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found = found || strings.Contains(string(raw), "validation/verified_accuracy")
	}
	if !found {
		t.Errorf("%s: no verified accuracy in TensorBoard's events", v)
	}
}

// With certified training the verified accuracy chooses the best checkpoint.
func TestVerifiedAccuracyChoosesBest(t *testing.T) {
	r := &run{graph: &TrainGraph{Config: certifiedConfig(t, "ibp(eps=.1)")}}
	for i, e := range []Evaluation{{Accuracy: .9, Verified: &Verified{Accuracy: .2}}, {Accuracy: .95, Verified: &Verified{Accuracy: .1}}, {Accuracy: .5, Verified: &Verified{Accuracy: .4}}} {
		r.state.Step++
		if got := r.updateBest(e); got != (i != 1) {
			t.Errorf("evaluation %d: best is %v", i, got)
		}
	}
}
