package trainer

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"unwarp/graphs"
	"unwarp/pipelines"
)

// For a linear model both bounds are exact: an image is proven where its margin over
// every class exceeds what eps can change. Only the first images are counted where
// the text says so, and averaged weights where there are any.
func TestVerifiedAccuracy(t *testing.T) {
	const n = 40
	src := grey{dots{n, 3, littleShape}}
	_, net := declared(t, 4, DefaultConfig(), linearModel(3), littleShape)
	v := values(t, net)
	l := linear{v["classifier/kernel"], v["classifier/bias"]}
	var reach []float64 // of each image: the eps up to which it is proven; negative: misclassified
	raw := make([]uint8, 64)
	for i := range n {
		y, err := src.At(i, raw)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float64, 64)
		for k, b := range raw {
			x[k] = float64(float32(b) / 255)
		}
		z, least := l.logits(x), math.Inf(1)
		for k := range z {
			if k == y {
				continue
			}
			sum := 0.
			for i := range x {
				sum += math.Abs(float64(l.w[3*i+y]) - float64(l.w[3*i+k]))
			}
			least = math.Min(least, (z[y]-z[k])/sum)
		}
		reach = append(reach, least)
	}
	positive := slices.DeleteFunc(slices.Clone(reach), func(r float64) bool { return r <= 0 })
	slices.Sort(positive)
	eps, gap := float32(0), 0. // in the widest gap: bounds are a little wider than exact
	for i := 1; i < len(positive); i++ {
		if d := positive[i] - positive[i-1]; d > gap && i < len(positive)-1 {
			eps, gap = float32(positive[i]+positive[i-1])/2, d
		}
	}
	for _, text := range []string{"ibp(eps=%g)", "crown-ibp(eps=%g)", "ibp(eps=%g,images=25)", "ibp(eps=0)"} {
		if text != "ibp(eps=0)" {
			text = fmt.Sprintf(text, eps)
		}
		c := DefaultConfig()
		c.Verified, c.Average = mustVerification(t, text), .9
		p, net := declared(t, 4, c, linearModel(3), littleShape)
		images, want := n, 0
		if p.verification.Images > 0 {
			images = p.verification.Images
		}
		for _, r := range reach[:images] {
			if r > float64(p.verification.Eps) {
				want++
			}
		}
		got, err := p.EvaluateVerified(t.Context(), net, src)
		if err != nil {
			t.Fatal(err)
		}
		if got.Images != images || math.Abs(got.Accuracy-float64(want)/float64(images)) > 1e-9 || want == 0 || want == images {
			t.Errorf("%s: want %d of %d, got %+v", text, want, images, got)
		}
	}
}

// Where intervals leave an image open, CROWN may prove it: never fewer, here more.
// What is proven no attack breaks.
func TestVerifiedByCROWN(t *testing.T) {
	src := dots{60, 3, littleShape}
	count := func(text string) (float64, *TrainGraph, *graphs.Net) {
		c := DefaultConfig()
		c.Verified = mustVerification(t, text)
		p, net := declared(t, 6, c, graphs.Disentangled{Encoder: deep{}, Classes: 3}, littleShape)
		v, err := p.EvaluateVerified(t.Context(), net, src)
		if err != nil {
			t.Fatal(err)
		}
		return v.Accuracy, p, net
	}
	ibp, _, _ := count("ibp(eps=.01)")
	crown, p, net := count("crown-ibp(eps=.01)")
	if !(crown > ibp && ibp > 0) {
		t.Fatalf("verified %g by IBP, %g by CROWN-IBP", ibp, crown)
	}
	w := twinOf(t, net)
	b := firstBatch(t, src, pipelines.Options{Batch: 60})
	proven := 0
	for i, y := range b.Labels {
		ball, ok := ballOf(doubles(row(b.Images, i, 60)), .01), true
		for k := range 3 {
			ok = ok && (k == int(y) || math.Max(w.crown(ball, int(y), k), w.ibp(ball, int(y), k)) > 0)
		}
		if ok {
			proven++
		}
	}
	if got := math.Round(crown * 60); got != float64(proven) {
		t.Errorf("want %d proven as in plain Go, got %g", proven, got)
	}
	if p.verification.Method != "crown-ibp" {
		t.Error(p.verification)
	}
}
