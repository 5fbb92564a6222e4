package trainer

import (
	"math"
	"slices"
	"testing"

	tf "github.com/wamuir/graft/tensorflow"

	"unwarp/graphs"
)

// The worst mistakes are those of the largest probability of a wrong class: found
// here image by image, in float64.
func TestWorstMistakes(t *testing.T) {
	p, net := declared(t, 3, DefaultConfig(), littleModel("disentangled"), littleShape)
	src := littleDots(300) // more than are evaluated at once
	var want []Mistake
	raw := make([]uint8, littleShape.Len())
	for i := range src.Len() {
		label, err := src.At(i, raw)
		if err != nil {
			t.Fatal(err)
		}
		b, err := graphs.NewBuffer(tf.Float, p.imageDims(1)...)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range raw {
			b.Float32()[k] = float32(v) / 255
		}
		logits := fetchAll(t, net, graphs.Feeds{p.Images.Feed: b.Tensor}, p.Inference.Logits)[0].Data
		class, sum := slices.Index(logits, slices.Max(logits)), 0.
		for _, x := range logits {
			sum += math.Exp(float64(x))
		}
		if class != label {
			want = append(want, Mistake{Index: i, Label: label, Class: class, Probability: float32(math.Exp(float64(logits[class])) / sum), OfLabel: float32(math.Exp(float64(logits[label])) / sum), Image: slices.Clone(b.Float32())})
		}
	}
	slices.SortFunc(want, func(a, b Mistake) int { return int(1e6 * (b.Probability - a.Probability)) })
	e, got, err := p.EvaluateWithMistakes(t.Context(), net, src, 20)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 30 || len(got) != 20 || e.Images-len(want) != int(math.Round(e.Accuracy*300)) {
		t.Fatalf("%d mistakes, %d of them found, accuracy %g", len(want), len(got), e.Accuracy)
	}
	near := func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-5 }
	for i, m := range got {
		at := slices.IndexFunc(want, func(w Mistake) bool { return w.Index == m.Index })
		if at < 0 || !near(m.Probability, want[i].Probability) || !near(m.Probability, want[at].Probability) || !near(m.OfLabel, want[at].OfLabel) || m.Class != want[at].Class || m.Label != want[at].Label || !slices.Equal(m.Image, want[at].Image) {
			t.Errorf("mistake %d: want probability %g, got %d of class %d with %g", i, want[i].Probability, m.Index, m.Class, m.Probability)
		}
	}
	if _, none, err := p.EvaluateWithMistakes(t.Context(), net, src, 0); err != nil || len(none) > 0 {
		t.Errorf("want none, got %d, %v", len(none), err)
	}
}
