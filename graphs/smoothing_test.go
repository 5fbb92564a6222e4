package graphs_test

import (
	"math"
	"testing"

	"unwarp/graphs"
	. "unwarp/graphs/graphtest"
)

// Label smoothing is the cross-entropy with 1-s at the label and s/K everywhere besides;
// its gradient agrees with finite differences.
func TestSmoothing(t *testing.T) {
	logits := Normal(1, 2, 4, 4)
	loss := graphs.SoftmaxCrossEntropy{Temperature: 2, Smoothing: .3}
	want := make([]float64, 4)
	for i := range 4 {
		p := softmax(logits.Data[4*i:4*i+4], 2)
		for k, q := range p {
			target := .3 / 4
			if k == int(someLabels[i]) {
				target += .7
			}
			want[i] -= target * math.Log(q)
		}
	}
	Near(t, "smoothed", Run(t, classified(loss.PerImage), []Array{logits})[0].Data, want, 1e-6)
	Gradient(t, classified(loss.PerImage), []Array{logits})
}
