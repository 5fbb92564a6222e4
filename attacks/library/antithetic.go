package library

import (
	"unwarp/attacks"
	"unwarp/attacks/vector"
)

// antitheticGradient estimates the gradient of loss at x from pairs of points on
// opposite sides of x: the mean of (loss(x+δv) - loss(x-δv))/2δ · v over random
// directions v, which draw fills in. It costs 1+2·pairs forward passes; the
// first is for the logits at x, which are returned too.
func antitheticGradient(o *attacks.Oracle, x []float32, pairs int, delta float32, draw func(v []float32), loss func(logits []float32) float64) (gradient, logits []float32) {
	sum := make([]float64, len(x))
	directions := make([][]float32, candidateChunk/2)
	for i := range directions {
		directions[i] = make([]float32, len(x))
	}
	// Candidate 0 is x, candidate 2k-1 is x+δv and candidate 2k x-δv, for pair k.
	direction := func(i int) []float32 { return directions[(i-1)/2%len(directions)] }
	var lossPlus float64
	scoreCandidates(o, 1+2*pairs, func(i int, y []float32) {
		switch {
		case i == 0:
			copy(y, x)
		case i%2 == 1:
			draw(direction(i))
			vector.AXPY(y, x, delta, direction(i))
		default:
			vector.AXPY(y, x, -delta, direction(i))
		}
	}, func(i int, _, z []float32) bool {
		switch l := loss(z); {
		case i == 0:
			logits = z
		case i%2 == 1:
			lossPlus = l
		default:
			f := (lossPlus - l) / (2 * float64(delta) * float64(pairs))
			for j, d := range direction(i) {
				sum[j] += f * float64(d)
			}
		}
		return true
	})
	gradient = make([]float32, len(x))
	for i, s := range sum {
		gradient[i] = float32(s)
	}
	return gradient, logits
}
