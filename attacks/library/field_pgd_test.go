package library

import (
	"testing"

	"unwarp/attacks"
	"unwarp/attacks/attacktest"
	"unwarp/attacks/engine"
)

// In a smooth field neighbours move together. Of each 3x3 pixels the one in the middle
// says more than the others, which want the other way: signs of gradients that are
// added up follow it, those of each pixel on its own the majority.
func TestFieldPGDMovesNeighbours(t *testing.T) {
	const n = 9
	l := attacktest.Linear{H: n, W: n, C: 1, K: 2, Weights: [][]float32{make([]float32, n*n), make([]float32, n*n)}, Bias: []float32{2, 0}}
	image := make([]float32, n*n)
	for i := range image { // a ramp, so that a move by dx adds .06 dx
		image[i] = .2 + .06*float32(i%n)
		l.Weights[0][i] = .2
		if i%n%3 == 1 && i/n%3 == 1 {
			l.Weights[0][i] = -8
		}
		l.Bias[0] -= l.Weights[0][i] * image[i]
	}
	set := attacks.Images{Pixels: image, Labels: []int32{0}, Index: []int{0}}
	list := attacktest.Parse(t, "field-pgd(restarts=2)", "field-pgd(restarts=2,reach=0)")
	st := attacktest.NewSession(t, l.Victim(), geometric(t, "field(1px,smooth=.02,border=edge)"), list...)
	ev := attacktest.Evaluate(t, st, set, engine.Options{Attacks: list, Eps: []float32{1}, Batch: 8, Exhaustive: true})
	for i, want := range []int{1, 0} {
		if got, _ := ev.SingleRuns(i, 0); got != want {
			t.Errorf("%s: broke %d images, want %d", attacks.Text(list[i]), got, want)
		}
	}
}
