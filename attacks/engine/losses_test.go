package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
	_ "unwarp/attacks/library"
	"unwarp/attacks/vector"
	"unwarp/graphs/graphtest"
)

// On a linear net every loss and its gradient are known in float64; a
// temperature divides logits, and so the weights.
func TestGradientsOfLinearLogits(t *testing.T) {
	const n = 9
	for _, k := range []int{2, 5} {
		l := attacktest.NewLinear(uint64(k), 3, 2, 2, k)
		set := l.Labelled(1, n, 0, 1)
		px := 12
		list := attacktest.Parse(t, "fgsm", "fgsm(loss=training)", "fgsm(loss=margin)", "fgsm(loss=probability-margin)")
		p := engine.NewBatchRunner(attacktest.NewSession(t, l.Victim(), attacktest.UnitBox(attacks.Linf), list...), n)
		for _, loss := range []attacks.Loss{attacks.Classification, attacks.Training, attacks.Margin, attacks.ProbabilityMargin} {
			for _, temperature := range []float32{1, 4} {
				m := l
				if temperature != 1 {
					if loss != attacks.Classification && loss != attacks.ProbabilityMargin {
						continue
					}
					m = cooled(l, temperature)
				}
				rows := make([]attacks.Request, n)
				for i := range rows {
					rows[i] = attacks.Request{Image: attacktest.Row(set.Pixels, i, px), Label: int(set.Labels[i]), Temperature: temperature}
				}
				out, err := p.LossGradients(loss, rows...)
				if err != nil {
					t.Fatal(err)
				}
				for i, a := range out {
					what := fmt.Sprintf("%d classes, %s at temperature %g, image %d", k, loss, temperature, i)
					graphtest.Near(t, what+": loss", []float32{a.Loss}, []float64{m.Loss(loss, rows[i].Image, set.Labels[i])}, 1e-5)
					graphtest.Near(t, what+": gradient", a.Gradient, m.Gradient(loss, rows[i].Image, set.Labels[i]), 1e-5)
					graphtest.Near(t, what+": logits", a.Logits, l.Logits(rows[i].Image), 1e-5)
				}
			}
		}
	}
}

// cooled divides all logits.
func cooled(l attacktest.Linear, temperature float32) attacktest.Linear {
	m := l
	m.Weights, m.Bias = nil, slices.Clone(l.Bias)
	vector.Scale(m.Bias, m.Bias, 1/temperature)
	for _, w := range l.Weights {
		w = slices.Clone(w)
		vector.Scale(w, w, 1/temperature)
		m.Weights = append(m.Weights, w)
	}
	return m
}
