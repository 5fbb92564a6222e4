package attacks

// antithetic estimates the gradient of loss at x from pairs of points on
// opposite sides of it: the mean of (loss(x+δv) - loss(x-δv))/2δ · v. The v
// come from draw, which fills a vector. With the pairs x itself is asked about,
// whose logits are returned too.
func (c *Case) antithetic(x []float32, pairs int, delta float32, draw func(v []float32), loss func(logits []float32) float64) (gradient, logits []float32) {
	sum := make([]float64, len(x))
	v := make([][]float32, handful/2)
	for i := range v {
		v[i] = make([]float32, len(x))
	}
	var ahead float64
	c.sweep(1+2*pairs, func(i int, y []float32) {
		if i == 0 {
			copy(y, x)
			return
		}
		pair, back := v[(i-1)/2%len(v)], i%2 == 0
		step := delta
		if back {
			step = -delta
		} else {
			draw(pair)
		}
		axpy(y, x, step, pair)
	}, func(i int, _, z []float32) bool {
		switch l := loss(z); {
		case i == 0:
			logits = z
		case i%2 == 1:
			ahead = l
		default:
			f := (ahead - l) / (2 * float64(delta) * float64(pairs))
			for j, d := range v[(i-1)/2%len(v)] {
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
