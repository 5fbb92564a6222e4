package bounds_test

import (
	"fmt"
	"testing"

	"unwarp/graphs/bounds"
	. "unwarp/graphs/graphtest"
)

// Slopes of neurons' bounds, one set for each neuron, make margins tighter, and
// never cross a margin at a point of the ball.
func TestNeuronSlopesRaiseBounds(t *testing.T) {
	for i, recipe := range [][]string{{"residual", "pool", "conv", "relu", "conv", "relu"}} {
		t.Run(fmt.Sprint(recipe), func(t *testing.T) {
			n := newRandomNet(uint64(i)+21, recipe...)
			images := Uniform(uint64(i)+71, 0, 1, 2, 6, 6, 2)
			var labels []int32
			for j := range 2 {
				all := n.twin.run(float64s(images.Data[72*j : 72*j+72]))
				labels = append(labels, largest(all[len(all)-1]))
			}
			q := bounds.Query{Images: images.Data, Labels: labels, Eps: []float32{.08}, Every: true}
			plain := certify(t, n.write, []int64{6, 6, 2}, bounds.Settings{Steps: 10, Rows: 16}).verify(q)
			raised := certify(t, n.write, []int64{6, 6, 2}, bounds.Settings{Steps: 10, Rows: 16, NeuronSteps: 10}).verify(q)
			gain := 0.
			for j, y := range labels {
				lo, hi := box(images.Data[72*j:72*j+72], .08)
				for k, least := range n.sampled(lo, hi, int(y)) {
					a, b := plain[j].Lower[k], raised[j].Lower[k]
					gain += float64(b - a)
					if float64(b) > least && k != int(y) {
						t.Errorf("image %d, class %d: bound %v above a margin of %v", j, k, b, least)
					}
					if b < a-.05*(1+max(a, -a)) {
						t.Errorf("image %d, class %d: %v, without %v", j, k, b, a)
					}
				}
			}
			if !(gain > .01) {
				t.Errorf("want tighter bounds, gained %v in all", gain)
			}
			t.Log("gain", gain, plain[0].Lower, raised[0].Lower)
		})
	}
}
