package smoothing_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"
	"github.com/wamuir/graft/tensorflow/op"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/certify"
	"unwarp/attacks/certify/smoothing"
	"unwarp/graphs"
)

// parse reads a method.
func parse(text string) (smoothing.Settings, error) {
	m, err := certify.Parse(text)
	if err != nil {
		return smoothing.Settings{}, err
	}
	return *m.(*smoothing.Settings), nil
}

// prover opens v under the method of a text.
func prover(t testing.TB, v attacks.Victim, text string) *smoothing.Prover {
	t.Helper()
	m, err := certify.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var start func(net *graphs.Net) certify.Prover
	net, err := graphs.Build(graphs.Options{Seed: 1, Device: graphs.CPU}, func(b *graphs.Builder) (err error) {
		start, err = m.Declare(b, v, "l2")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return start(net).(*smoothing.Prover)
}

// linear is a classifier of two classes whose margin grows by the weights' norm,
// so that the smoothed classifier is known: class 0 has probability
// Φ(margin/(sigma·norm)), and its radius is |margin|/norm whatever sigma.
func linear(t testing.TB) (l attacktest.Linear, images attacks.Images, margin func(i int) float64) {
	t.Helper()
	l = attacktest.NewLinear(4, 3, 3, 1, 2) // 9 values: no multiple of a group of the generator's
	images = l.Labelled(7, 12, 0, 1)
	var norm float64
	for i := range l.Weights[0] {
		d := float64(l.Weights[0][i]) - float64(l.Weights[1][i])
		norm += d * d
	}
	return l, images, func(i int) float64 {
		z := l.Logits(images.Pixels[9*i : 9*i+9])
		return (z[0] - z[1]) / math.Sqrt(norm)
	}
}

// The bound is below the true probability, by no more than sampling explains;
// the radius is below the distance to the decision boundary.
func TestLinearModelClosedForm(t *testing.T) {
	l, images, margin := linear(t)
	const sigma = .5
	p := prover(t, l.Victim(), "smooth(sigma=.5,n=4000,n0=50)")
	answered := 0
	for i := range images.Labels {
		c, err := p.Certify(context.Background(), images.Pixels[9*i:9*i+9], images.Index[i])
		if err != nil {
			t.Fatal(err)
		}
		m := margin(i)
		if c.Class == 1 {
			m = -m
		}
		truth := .5 * math.Erfc(-m/sigma/math.Sqrt2)
		deviation := math.Sqrt(truth * (1 - truth) / 4000)
		if c.Probability > truth || c.Probability < truth-8*deviation-2e-3 {
			t.Errorf("image %d: bound %v of a probability of %v", i, c.Probability, truth)
		}
		if c.Radius > max(0, m) {
			t.Errorf("image %d: radius %v beyond the boundary at %v", i, c.Radius, m)
		}
		if !c.Abstained {
			answered++
			if truth < .98 && c.Radius < m-.12 {
				t.Errorf("image %d: radius %v, want almost %v", i, c.Radius, m)
			}
		}
	}
	if answered < 6 {
		t.Errorf("want most of 12 images certified, got %d", answered)
	}
}

// Statuses follow class, abstention and radius.
func TestProveStatuses(t *testing.T) {
	l, images, margin := linear(t)
	p := prover(t, l.Victim(), "smooth(sigma=.5,n=1000)")
	results, err := p.Prove(t.Context(), images, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[certify.Status]int{}
	for i, r := range results {
		seen[r.Status]++
		class := 0
		if margin(i) < 0 {
			class = 1
		}
		switch r.Status {
		case certify.Proven:
			if int(images.Labels[i]) != class || r.Radius <= 0 {
				t.Errorf("image %d of label %d: proven with radius %v, but class %d", i, images.Labels[i], r.Radius, class)
			}
		case certify.Misclassified:
			if int(images.Labels[i]) == class || r.Class != class || r.Radius != 0 {
				t.Errorf("image %d of label %d: %+v, but class %d", i, images.Labels[i], r, class)
			}
		case certify.Abstained:
			if math.Abs(margin(i)) > .1 {
				t.Errorf("image %d: abstained at a margin of %v", i, margin(i))
			}
		}
	}
	if seen[certify.Proven] < 4 || seen[certify.Misclassified] < 2 {
		t.Errorf("want images proven and misclassified, got %v", seen)
	}
	far, err := p.Prove(t.Context(), images, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range far {
		if r.Status == certify.Proven || results[i].Status == certify.Proven && (r.Status != certify.Open || r.Radius != results[i].Radius) {
			t.Errorf("image %d at size 100: got %+v, at 0 %+v", i, r, results[i])
		}
	}
	s := smoothing.Summarise(results)
	if s.Right != seen[certify.Proven] || s.Abstained != seen[certify.Abstained] || smoothing.CertifiedAt(far, 0) != s.Right || smoothing.CertifiedAt(far, 100) != 0 {
		t.Errorf("summary %+v of %v", s, seen)
	}
}

// A point on the decision boundary is abstained from, by both; the level is kept
// over many seeds, also where as many samples choose the class as bound it.
func TestAbstention(t *testing.T) {
	even := attacktest.Linear{H: 2, W: 2, C: 1, K: 2, Weights: [][]float32{{1, 1, 1, 1}, {-1, -1, -1, -1}}, Bias: []float32{-2, 2}}
	p := prover(t, even.Victim(), "smooth(sigma=1,n=100,n0=100,alpha=.2)")
	certified, predicted := 0, 0
	const seeds = 600
	for index := range seeds {
		c, err := p.Certify(t.Context(), []float32{.5, .5, .5, .5}, index)
		if err != nil {
			t.Fatal(err)
		}
		q, err := p.Predict(t.Context(), []float32{.5, .5, .5, .5}, index)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Abstained {
			certified++
		}
		if !q.Abstained {
			predicted++
		}
		if c.Abstained != (c.Probability <= .5) || q.Abstained != (q.PValue > .2) {
			t.Errorf("%+v, %+v", c, q)
		}
	}
	// Of 600 at most a share .2 each: 120, and 5 deviations of 9.8.
	if certified > 169 || predicted > 169 || certified < 40 || predicted < 40 {
		t.Errorf("of %d images on the boundary %d were certified and %d predicted: want at most a share of .2, and not far fewer", seeds, certified, predicted)
	}
}

// Predict answers what the closed form says.
func TestPredict(t *testing.T) {
	l, images, margin := linear(t)
	p := prover(t, l.Victim(), "smooth(sigma=.25,n=500)")
	for i := range images.Labels {
		q, err := p.Predict(t.Context(), images.Pixels[9*i:9*i+9], i)
		if err != nil {
			t.Fatal(err)
		}
		if m := margin(i); math.Abs(m) > .1 && (q.Abstained || (q.Class == 0) != (m > 0)) {
			t.Errorf("image %d of margin %v: %+v", i, m, q)
		}
	}
}

// Noise is that of seed and image, whatever the batch; those of an image's two
// estimates, of two images and of two seeds differ.
func TestNoiseIsReproducible(t *testing.T) {
	l, images, _ := linear(t)
	near := 0 // the image whose counts vary most
	_, _, margin := linear(t)
	for i := range images.Labels {
		if math.Abs(margin(i)) < math.Abs(margin(near)) {
			near = i
		}
	}
	x := images.Pixels[9*near : 9*near+9]
	count := func(text string, index int) int {
		c, err := prover(t, l.Victim(), text).Certify(t.Context(), x, index)
		if err != nil {
			t.Fatal(err)
		}
		return c.Count
	}
	base := count("smooth(sigma=.5,n=3000)", 5)
	for _, same := range []string{"smooth(sigma=.5,n=3000,batch=7)", "smooth(sigma=.5,n=3000,batch=3000)", "smooth(sigma=.5,n=3000,n0=7)"} {
		if got := count(same, 5); got != base {
			t.Errorf("%s: %d samples of the class, want %d again", same, got, base)
		}
	}
	others := []int{base, count("smooth(sigma=.5,n=3000)", 6), count("smooth(sigma=.5,n=3000,seed=1)", 5), count("smooth(sigma=.5,n=3000,seed=2)", 5)}
	slices.Sort(others)
	if len(slices.Compact(others)) < 3 {
		t.Errorf("want counts of other images and seeds to differ, got %v", others)
	}
}

// A tie, and a logit that is not a number, are answers of no class.
func TestUndecidedSamples(t *testing.T) {
	for what, bias := range map[string][]float32{"a tie": {1, 1, 0}, "NaN": {2, float32(math.NaN()), 0}, "NaN first": {float32(math.NaN()), 2, 1}} {
		v := attacks.Victim{H: 2, W: 2, C: 1, Classes: 3, Logits: func(s *graphs.Scope, images tf.Output) tf.Output {
			nothing := op.Mul(s.Op("none"), op.Sum(s.Op("sum"), s.Reshape(images, 4), op.Const(s.Op("axis"), int32(1)), op.SumKeepDims(true)), op.Const(s.Op("zero"), float32(0)))
			return op.AddV2(s.Op("logits"), nothing, op.Const(s.Op("b"), bias))
		}}
		c, err := prover(t, v, "smooth(sigma=.5,n=100)").Certify(t.Context(), make([]float32, 4), 0)
		if err != nil {
			t.Fatal(err)
		}
		if c.Count != 0 || !c.Abstained {
			t.Errorf("%s: got %+v, want no class", what, c)
		}
	}
}

func TestInterruption(t *testing.T) {
	l, images, _ := linear(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := prover(t, l.Victim(), "smooth(sigma=.5)").Prove(ctx, images, 0); err != context.Canceled {
		t.Errorf("want the error of the context, got %v", err)
	}
}

func TestRefusedSettings(t *testing.T) {
	for text, part := range map[string]string{
		"smooth":                          "sigma",
		"smooth(sigma=0)":                 "(0,100]",
		"smooth(sigma=.25,alpha=.5)":      "alpha",
		"smooth(sigma=.25,n=9)":           "at least 10",
		"smooth(sigma=.25,n=1e9)":         "n",
		"smooth(sigma=.25,samples=9)":     "samples",
		"smooth(sigma=.25,n0=0)":          "n0",
		"smoothing(sigma=.25)":            "smooth",
		"smooth(sigma=nan)":               "sigma",
		"smooth(sigma=.25,alpha=1e-3000)": "alpha",
	} {
		_, err := parse(text)
		if err == nil || !strings.Contains(err.Error(), part) || len(err.Error()) > 300 {
			t.Errorf("%s: want an error with %q, got %v", text, part, err)
		}
	}
	if s, err := parse("smooth(sigma=.25,n=10,batch=3)"); err != nil || s.String() != "smooth(sigma=0.25,n0=100,n=10,alpha=0.001,seed=0)" {
		t.Errorf("got %v, %v", s, err)
	}
}
