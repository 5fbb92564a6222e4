package attacks

import (
	"fmt"
	"testing"

	"unwarp/graphs/graphtest"
)

// On a linear net every loss and its gradient are known in float64; a
// temperature divides logits, and so the weights.
func TestSlopesOnLinearLogits(t *testing.T) {
	const n = 9
	for _, k := range []int{2, 5} {
		l := newLinear(uint64(k), 3, 2, 2, k)
		set := l.labelled(1, n, 0, 1)
		px := 12
		list := parse(t, "fgsm", "fgsm(loss=training)", "fgsm(loss=margin)")
		p := newPlayer(newStage(t, l.victim(), box(Linf), list...), n)
		for _, loss := range []Loss{Classification, Training, Margin} {
			for _, temperature := range []float32{1, 4} {
				m := l
				if temperature != 1 {
					if loss != Classification {
						continue
					}
					m = l.cooled(temperature)
				}
				rows := make([]Question, n)
				for i := range rows {
					rows[i] = Question{Image: image(set.Pixels, i, px), Label: int(set.Labels[i]), Temperature: temperature}
				}
				out, err := p.run(loss, rows)
				if err != nil {
					t.Fatal(err)
				}
				for i, a := range out {
					what := fmt.Sprintf("%d classes, %s at temperature %g, image %d", k, loss, temperature, i)
					graphtest.Near(t, what+": loss", []float32{a.loss}, []float64{m.loss(loss, rows[i].Image, set.Labels[i])}, 1e-5)
					graphtest.Near(t, what+": gradient", a.gradient, m.gradient(loss, rows[i].Image, set.Labels[i]), 1e-5)
					graphtest.Near(t, what+": logits", a.logits, l.logits(rows[i].Image), 1e-5)
				}
			}
		}
	}
}

// cooled divides all logits.
func (l linear) cooled(temperature float32) linear {
	m := l
	m.weights, m.bias = nil, clone(l.bias)
	scale(m.bias, m.bias, 1/temperature)
	for _, w := range l.weights {
		w = clone(w)
		scale(w, w, 1/temperature)
		m.weights = append(m.weights, w)
	}
	return m
}
